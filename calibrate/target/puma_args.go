package target

import (
	"slices"
	"strings"
)

// The options of Puma 4.3 to 7 (cli.rb, setup_options) that take a value. Which they are must be known, because the
// value of one may look like another. --fork-worker takes its value only after an equals sign.
var pumaValued = strings.Fields(`bind bind-to-activated-sockets config control-url control-token dir environment include
	port pidfile extra-runtime-dependencies restart-cmd state threads workers tag redirect-stdout redirect-stderr
	idle-timeout require`)

var pumaFlags = strings.Fields(`no-config debug daemon fork-worker preload prune-bundler quiet log-requests silent early-hints
	redirect-append no-redirect-append silence-single-worker-warning tcp-mode version help`)

var pumaShort = map[byte]string{
	'b': "bind", 'C': "config", 'd': "daemon", 'e': "environment", 'f': "fork-worker", 'I': "include", 'p': "port", 'q': "quiet",
	'v': "log-requests", 'R': "restart-cmd", 's': "silent", 'S': "state", 't': "threads", 'V': "version", 'w': "workers", 'h': "help",
}

// pumaArg is one option with its value, or one word that is neither.
type pumaArg struct {
	option string // without its --; "" for the rackup file and for what we don't know
	value  string
	words  []string // that it takes up
}

type pumaArgs []pumaArg

// scanPuma reads the words after the program as Ruby's OptionParser would: options may follow the rackup file.
func scanPuma(words []string) pumaArgs {
	var args pumaArgs
	for len(words) > 0 && words[0] != "--" {
		arg := nextPumaArg(words)
		args = append(args, arg)
		words = words[len(arg.words):]
	}
	if len(words) > 0 {
		args = append(args, pumaArg{words: words})
	}
	return args
}

// nextPumaArg leaves what Puma would refuse as it is, for Puma to refuse it.
func nextPumaArg(words []string) pumaArg {
	option, value, attached := cutPumaOption(words[0])
	switch {
	case option == "" || attached || !slices.Contains(pumaValued, option):
		return pumaArg{option: option, value: value, words: words[:1]}
	case len(words) == 1, option == "bind-to-activated-sockets" && strings.HasPrefix(words[1], "-"):
		return pumaArg{option: option, words: words[:1]}
	}
	return pumaArg{option: option, value: words[1], words: words[:2]} // also where the next word looks like an option
}

// cutPumaOption splits -w3, --workers=3 and --work=3, which all are --workers 3.
func cutPumaOption(word string) (option, value string, attached bool) {
	if long, isLong := strings.CutPrefix(word, "--"); isLong {
		name, value, attached := strings.Cut(long, "=")
		return wholePumaOption(name), value, attached
	}
	if len(word) < 2 || word[0] != '-' {
		return "", "", false
	}
	return pumaShort[word[1]], word[2:], len(word) > 2
}

// wholePumaOption is the only option that begins with a name, "" where there is none or more than one.
func wholePumaOption(name string) string {
	var found []string
	for _, option := range slices.Concat(pumaValued, pumaFlags) {
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

func (args pumaArgs) has(option string) bool {
	return slices.ContainsFunc(args, func(a pumaArg) bool { return a.option == option })
}

// values are those of one option, in their order.
func (args pumaArgs) values(option string) []string {
	var all []string
	for _, arg := range args {
		if arg.option == option {
			all = append(all, arg.value)
		}
	}
	return all
}

// last is the value that counts where an option is repeated, "" where there is none.
func (args pumaArgs) last(option string) string {
	return strings.Join(lastLines(args.values(option), 1), "")
}

// without writes the arguments again, leaving out some options.
func (args pumaArgs) without(options ...string) []string {
	var words []string
	for _, arg := range args {
		if arg.option == "" || !slices.Contains(options, arg.option) {
			words = append(words, arg.words...)
		}
	}
	return words
}
