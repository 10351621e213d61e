package cli

import (
	"slices"
	"strings"
)

// Arg is one option with its value, or one word that is none.
type Arg struct {
	Name    string   // of the setting; "" for a word that is no option, and for what the program would refuse
	Written string   // the option as the user wrote it, for messages
	Value   string   // "true" for a flag, "false" for one that is turned off
	Words   []string // that it takes up; of several options in one word the last has it

	takes Takes
	given bool // it has a value
}

// Args are the words after a program, in their order.
type Args []Arg

// Scan reads the words after a program. What the program would refuse is left as it is, for the program to refuse it.
func (o Options) Scan(words []string) Args {
	var args Args
	for len(words) > 0 {
		if words[0] == "--" || o.CommandEnds && !dashed(words[0]) {
			for i := range words {
				args = append(args, Arg{Words: words[i : i+1]})
			}
			break
		}
		found := o.next(words)
		args = append(args, found...)
		words = words[len(found[len(found)-1].Words):]
	}
	return args
}

// next reads one word, and the value behind it.
func (o Options) next(words []string) Args {
	long, isLong := strings.CutPrefix(words[0], "--")
	var found Args
	switch {
	case isLong && long != "":
		found = o.nextLong(long, words)
	case !isLong && dashed(words[0]):
		found = o.nextShort(words)
	}
	if found == nil {
		return Args{{Words: words[:1]}}
	}
	return found
}

// nextLong reads --name, --name=value, --name value.
func (o Options) nextLong(word string, words []string) Args {
	name, value, attached := strings.Cut(word, "=")
	option, off, known := o.long(name)
	arg := Arg{Name: option.Name, Written: "--" + name, Value: value, Words: words[:1], takes: option.Takes, given: attached}
	switch {
	case !known || attached && option.Takes == Nothing:
		return nil
	case off:
		arg.Value = "false"
		return Args{arg}
	}
	return o.take(arg, words)
}

// nextShort reads -w 4, -w4, -D, and several in one word.
func (o Options) nextShort(words []string) Args {
	var all Args
	for rest := words[0][1:]; rest != ""; {
		option, known := o.short(rest[0])
		if !known {
			return nil
		}
		arg := Arg{Name: option.Name, Written: "-" + rest[:1], takes: option.Takes}
		if rest = rest[1:]; option.Takes == Nothing && rest != "" {
			arg.Value = "true"
			all = append(all, arg)
			continue
		}
		arg.Value, arg.given, arg.Words = rest, rest != "", words[:1]
		if o.ShortEquals {
			arg.Value = strings.TrimPrefix(rest, "=")
		}
		last := o.take(arg, words)
		if last[0].Name == "" {
			return last
		}
		return append(all, last...)
	}
	return all
}

// take completes an option: with its value if that isn't in the same word. One that lacks it is left to the program, which
// refuses it.
func (o Options) take(arg Arg, words []string) Args {
	switch {
	case arg.takes == Nothing:
		arg.Value = "true"
	case arg.given || arg.takes == Attached:
	case len(words) > 1 && o.isValue(words[1], arg.takes):
		arg.Value, arg.Words, arg.given = words[1], words[:2], true
	case arg.takes == AValue:
		return Args{{Written: arg.Written, Words: words[:1]}}
	}
	return Args{arg}
}

func (o Options) isValue(word string, takes Takes) bool {
	switch {
	case o.ShyValues:
		return word != "--" && !o.looksLikeOption(word)
	case takes == AtMost:
		return !dashed(word)
	}
	return true
}

// looksLikeOption: argparse takes a word with a blank in it, and a negative number, for a value, unless it begins with an
// option that there is (Lib/argparse.py, _parse_optional).
func (o Options) looksLikeOption(word string) bool {
	switch {
	case !dashed(word):
		return false
	case strings.Contains(word, " "), strings.Trim(word[1:], "0123456789.") == "":
		return o.next([]string{word, ""})[0].Name != ""
	}
	return true
}

// Operands are the words that are no options.
func (args Args) Operands() []string {
	var words []string
	for _, arg := range args {
		if arg.Operand() {
			words = append(words, arg.Words[0])
		}
	}
	return words
}

// Operand says whether it is a word that is no option.
func (a Arg) Operand() bool {
	return a.Name == "" && !dashed(a.Words[0])
}

// dashed says whether a word may be an option: - alone is a file's name.
func dashed(word string) bool { return len(word) > 1 && word[0] == '-' }

// Command are the first word that is no option, and all that follows it.
func (args Args) Command() []string {
	at := slices.IndexFunc(args, Arg.Operand)
	if at < 0 {
		return nil
	}
	return args[at:].Without()
}

// Without writes the words again, leaving out some settings.
func (args Args) Without(settings ...string) []string {
	return args.Except(func(arg Arg) bool { return arg.Name != "" && slices.Contains(settings, arg.Name) })
}

// Except writes the words again, leaving out some arguments.
func (args Args) Except(gone func(Arg) bool) []string {
	var w writer
	begin := 0 // of the arguments that share a word
	for i, arg := range args {
		if arg.Words == nil {
			continue
		}
		shared := args[begin : i+1]
		begin = i + 1
		if !slices.ContainsFunc(shared, gone) {
			w.write(arg, arg.Words)
			continue
		}
		for _, one := range shared {
			if gone(one) {
				w.gap = true
			} else {
				w.write(one, one.alone())
			}
		}
	}
	w.writeHeld()
	return w.words
}

// writer holds back an option without a value that it may or must have, if what came behind it is gone, until a word comes
// that is no value: with -w left out of --proxy-protocol -w 4 app:app, the app would become one.
type writer struct {
	words, held []string
	gap         bool // something is gone since held
}

func (w *writer) write(arg Arg, words []string) {
	if lacks := arg.Name == "" && arg.Written != ""; lacks || arg.takes == AtMost && !arg.given {
		w.held, w.gap = append(w.held, words...), false
		return
	}
	if !w.gap || arg.Written != "" || words[0] == "--" {
		w.writeHeld()
	}
	w.words = append(w.words, words...)
}

func (w *writer) writeHeld() { w.words, w.held = append(w.words, w.held...), nil }

// alone are the words of an option that shared one with others. A value that looks like an option is one only in a word of its own.
func (a Arg) alone() []string {
	switch {
	case !a.given:
		return []string{a.Written}
	case a.takes == Attached, dashed(a.Value):
		return []string{a.Written + a.Value}
	}
	return []string{a.Written, a.Value}
}
