package server

import (
	"slices"
	"strings"
)

// arity is how many words an option takes.
type arity int8

const (
	flag     arity = iota // none
	valued                // one
	optional              // one, unless the next word is an option (argparse's nargs="?")
)

// argparseOption is one setting that the command line knows.
type argparseOption struct {
	setting string // its name in a configuration file
	long    []string
	short   byte
	arity   arity
}

// argparseOptions are the options of a program that reads them by Python's argparse.
type argparseOptions []argparseOption

// buildOptions reads a table such as that of Gunicorn: SETTING=OPTION[,OPTION], with ! for a flag and ? for an optional value.
func buildOptions(table string) argparseOptions {
	var options argparseOptions
	for _, entry := range strings.Fields(table) {
		setting, names, _ := strings.Cut(entry, "=")
		o := argparseOption{setting: setting, arity: valued}
		switch {
		case strings.HasSuffix(names, "!"):
			o.arity = flag
		case strings.HasSuffix(names, "?"):
			o.arity = optional
		}
		for _, name := range strings.Split(strings.TrimRight(names, "!?"), ",") {
			if strings.HasPrefix(name, "--") {
				o.long = append(o.long, name)
			} else {
				o.short = name[1]
			}
		}
		options = append(options, o)
	}
	return options
}

// argparseArg is one option with its value, or one word that is neither.
type argparseArg struct {
	setting string // "" for the app and for what we don't know
	written string // as the user wrote the option, for messages
	value   string // "True" for a flag
	arity   arity
	words   []string // that it takes up
}

type argparseArgs []argparseArg

// scan reads the words after the program as Python's argparse would (Lib/argparse.py, _parse_known_args).
func (options argparseOptions) scan(words []string) argparseArgs {
	var args argparseArgs
	for len(words) > 0 {
		if words[0] == "--" {
			for i := range words {
				args = append(args, argparseArg{words: words[i : i+1]})
			}
			break
		}
		found := options.scanOption(words)
		args = append(args, found...)
		words = words[len(found[len(found)-1].words):] // the last one has the words of all
	}
	return args
}

// scanOption reads one word, and the value after it if it takes one. A word such as -DRw4 is several options: the
// first has the word, the others have none.
func (options argparseOptions) scanOption(words []string) argparseArgs {
	word := words[0]
	plain := argparseArgs{{words: words[:1]}}
	switch {
	case !looksLikeOption(word):
		return plain
	case strings.HasPrefix(word, "--"):
		name, value, hasValue := strings.Cut(word, "=")
		o, ok := options.long(name)
		if !ok {
			return plain
		}
		return argparseArgs{o.take(name, value, hasValue, words)}
	}
	return options.cluster(words)
}

// looksLikeOption: argparse takes a word with a blank in it, and a negative number, for a value.
func looksLikeOption(word string) bool {
	return len(word) > 1 && word[0] == '-' && !strings.Contains(word, " ") && strings.Trim(word[1:], "0123456789.") != ""
}

func (options argparseOptions) long(name string) (argparseOption, bool) {
	var fits []argparseOption
	for _, o := range options {
		if slices.Contains(o.long, name) {
			return o, true
		}
		if slices.ContainsFunc(o.long, func(long string) bool { return strings.HasPrefix(long, name) }) {
			fits = append(fits, o)
		}
	}
	if len(fits) != 1 {
		return argparseOption{}, false
	}
	return fits[0], true
}

// take completes an option with its value, from the word itself or from the next one.
func (o argparseOption) take(name, value string, hasValue bool, words []string) argparseArg {
	arg := argparseArg{setting: o.setting, written: name, value: value, arity: o.arity, words: words[:1]}
	switch {
	case o.arity == flag:
		arg.value = "True"
	case !hasValue && len(words) > 1 && words[1] != "--" && !looksLikeOption(words[1]):
		arg.value, arg.words = words[1], words[:2]
	}
	return arg
}

// cluster reads -w4, -w 4, -w=4, -D and clusters of them.
func (options argparseOptions) cluster(words []string) argparseArgs {
	word := words[0]
	var args argparseArgs
	for i := 1; i < len(word); i++ {
		o, ok := options.short(word[i])
		if !ok {
			return argparseArgs{{words: words[:1]}}
		}
		rest := word[i+1:]
		if o.arity == flag {
			args = append(args, argparseArg{setting: o.setting, written: "-" + word[i:i+1], value: "True", arity: flag})
			continue
		}
		args = append(args, o.take("-"+word[i:i+1], strings.TrimPrefix(rest, "="), rest != "", words))
		break
	}
	// The last has the words of all; what is left of a cluster when some of it goes is written anew.
	if last := &args[len(args)-1]; last.words == nil {
		last.words = words[:1]
	}
	return args
}

func (options argparseOptions) short(letter byte) (argparseOption, bool) {
	for _, o := range options {
		if o.short == letter {
			return o, true
		}
	}
	return argparseOption{}, false
}

// app is the first word that is no option, "" for none: MODULE:NAME.
func (args argparseArgs) app() string {
	for _, arg := range args {
		if arg.setting == "" && len(arg.words) > 0 && !strings.HasPrefix(arg.words[0], "-") {
			return arg.words[0]
		}
	}
	return ""
}

// without writes the arguments again, leaving out some settings.
func (args argparseArgs) without(settings ...string) []string {
	var words []string
	for i := 0; i < len(args); {
		n := 1 // the arguments that share args[i]'s word
		for i+n-1 < len(args)-1 && args[i+n-1].words == nil {
			n++
		}
		group := args[i : i+n]
		i += n
		if !slices.ContainsFunc(group, func(a argparseArg) bool { return a.setting != "" && slices.Contains(settings, a.setting) }) {
			words = append(words, group[n-1].words...)
			continue
		}
		for _, arg := range group {
			if !slices.Contains(settings, arg.setting) {
				words = append(words, arg.rewritten()...)
			}
		}
	}
	return words
}

// rewritten is one option of a cluster, on its own.
func (a argparseArg) rewritten() []string {
	if a.arity == flag {
		return []string{a.written}
	}
	return []string{a.written, a.value}
}
