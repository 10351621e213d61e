package target

import (
	"slices"
	"strings"
)

// clickArg is one option with its value, or one word that is neither.
type clickArg struct {
	option string   // without its --; "" for the app and for what we don't know
	value  string   // "true" for a flag
	words  []string // that it takes up
}

type clickArgs []clickArg

// clickOptions are the options of a program that reads them by click, without their --.
type clickOptions struct{ valued, flags []string }

// scan reads the words after the program as click would (click/parser.py, _process_opts).
func (options clickOptions) scan(words []string) clickArgs {
	var args clickArgs
	for len(words) > 0 && words[0] != "--" {
		arg := options.next(words)
		args = append(args, arg)
		words = words[len(arg.words):]
	}
	if len(words) > 0 {
		args = append(args, clickArg{words: words})
	}
	return args
}

// next leaves what click would refuse as it is, for the program to refuse it.
func (options clickOptions) next(words []string) clickArg {
	name, value, hasValue := strings.Cut(words[0], "=")
	option, isOption := strings.CutPrefix(name, "--")
	switch {
	case !isOption:
	case slices.Contains(options.flags, option) && !hasValue:
		return clickArg{option: option, value: "true", words: words[:1]}
	case slices.Contains(options.valued, option) && hasValue:
		return clickArg{option: option, value: value, words: words[:1]}
	case slices.Contains(options.valued, option) && len(words) > 1: // also where the next word looks like an option
		return clickArg{option: option, value: words[1], words: words[:2]}
	}
	return clickArg{words: words[:1]}
}

// without writes the arguments again, leaving out some options.
func (args clickArgs) without(options ...string) []string {
	var words []string
	for _, arg := range args {
		if arg.option == "" || !slices.Contains(options, arg.option) {
			words = append(words, arg.words...)
		}
	}
	return words
}
