package server

import (
	"slices"
	"strings"
)

// rubyOptions are those of a program that reads them with Ruby's OptionParser, or with Thor. Which of them take a value
// must be known, because the value of one may look like another.
type rubyOptions struct {
	valued, flags []string
	optional      []string // of the valued, those whose next word is their value only where it is no option
	joined        []string // of the flags, those that may have a value in the same word
	short         map[byte]string
}

// rubyArg is one option with its value, or one word that is neither.
type rubyArg struct {
	option string // without its --; "" for a file and for what we don't know
	value  string
	words  []string // that it takes up
}

type rubyArgs []rubyArg

// scan reads the words after the program: options may follow what is none.
func (o rubyOptions) scan(words []string) rubyArgs {
	var args rubyArgs
	for len(words) > 0 && words[0] != "--" {
		words = o.split(words)
		arg := o.next(words)
		args = append(args, arg)
		words = words[len(arg.words):]
	}
	if len(words) > 0 {
		args = append(args, rubyArg{words: words})
	}
	return args
}

// split takes the first of several short flags in one word off: -qw4 is -q -w4.
func (o rubyOptions) split(words []string) []string {
	word := words[0]
	if len(word) < 3 || word[0] != '-' || word[1] == '-' {
		return words
	}
	if option := o.short[word[1]]; !slices.Contains(o.flags, option) || slices.Contains(o.joined, option) {
		return words
	}
	return slices.Concat([]string{word[:2], "-" + word[2:]}, words[1:])
}

// next leaves what the program would refuse as it is, for the program to refuse it.
func (o rubyOptions) next(words []string) rubyArg {
	option, value, attached := o.cut(words[0])
	switch {
	case option == "" || attached || !slices.Contains(o.valued, option):
		return rubyArg{option: option, value: value, words: words[:1]}
	case len(words) == 1, slices.Contains(o.optional, option) && strings.HasPrefix(words[1], "-"):
		return rubyArg{option: option, words: words[:1]}
	}
	return rubyArg{option: option, value: words[1], words: words[:2]} // also where the next word looks like an option
}

// cut splits -w3, --workers=3 and --work=3, which all are --workers 3.
func (o rubyOptions) cut(word string) (option, value string, attached bool) {
	if long, isLong := strings.CutPrefix(word, "--"); isLong {
		name, value, attached := strings.Cut(long, "=")
		return o.whole(name), value, attached
	}
	if len(word) < 2 || word[0] != '-' {
		return "", "", false
	}
	return o.short[word[1]], word[2:], len(word) > 2
}

// whole is the only option that begins with a name, in whatever case, "" where there is none or more than one.
func (o rubyOptions) whole(name string) string {
	var found []string
	name = strings.ToLower(name)
	for _, option := range slices.Concat(o.valued, o.flags) {
		if option == name {
			return option
		}
		if strings.HasPrefix(option, name) {
			found = append(found, option)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

func (args rubyArgs) has(option string) bool {
	return slices.ContainsFunc(args, func(a rubyArg) bool { return a.option == option })
}

// values are those of one option, in their order.
func (args rubyArgs) values(option string) []string {
	var all []string
	for _, arg := range args {
		if arg.option == option {
			all = append(all, arg.value)
		}
	}
	return all
}

// last is the value that counts where an option is repeated, "" where there is none.
func (args rubyArgs) last(option string) string {
	return strings.Join(lastLines(args.values(option), 1), "")
}

// operand is the last word that is no option, "" where there is none.
func (args rubyArgs) operand() string {
	for _, arg := range slices.Backward(args) {
		if arg.option == "" && !strings.HasPrefix(arg.words[0], "-") {
			return arg.words[0]
		}
	}
	return ""
}

// without writes the arguments again, leaving out some options.
func (args rubyArgs) without(options ...string) []string {
	var words []string
	for _, arg := range args {
		if arg.option == "" || !slices.Contains(options, arg.option) {
			words = append(words, arg.words...)
		}
	}
	return words
}
