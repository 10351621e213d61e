package server

import (
	"cmp"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
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

// clickSettings is what a command would run with: the command line, then its variables.
type clickSettings struct {
	args     clickArgs
	env      []string
	variable func(option string) string // of an option's name (click's auto_envvar_prefix); nil for none
}

// text is a setting, and how to name to the user where it comes from; "" for none. An empty variable counts for nothing
// (click/core.py, resolve_envvar_value).
func (s clickSettings) text(option string) (value, from string) {
	for _, arg := range slices.Backward(s.args) {
		switch arg.option {
		case option:
			return arg.value, "--" + option
		case "no-" + option:
			return "false", "--no-" + option
		}
	}
	if s.variable == nil {
		return "", ""
	}
	name := s.variable(option)
	if value := cli.Getenv(s.env, name); value != "" {
		return value, name
	}
	return "", ""
}

// number is 0 where there is none.
func (s clickSettings) number(option string) (n int, from string) {
	value, from := s.text(option)
	return pythonInt(value), from
}

// on reads a flag, of which a variable may hold any word that click takes for yes (click/types.py, BoolParamType).
func (s clickSettings) on(option string) (on bool, from string) {
	value, from := s.text(option)
	return clickTrue(value), from
}

func clickTrue(text string) bool {
	return slices.Contains([]string{"1", "true", "t", "yes", "y", "on"}, strings.ToLower(strings.TrimSpace(text)))
}

func clickFalse(text string) bool {
	return slices.Contains([]string{"", "0", "false", "f", "no", "n", "off"}, strings.ToLower(strings.TrimSpace(text)))
}

// address is where the command would listen, "" where it doesn't say. A Unix socket wins over host and port.
func (s clickSettings) address() string {
	if path, _ := s.text("uds"); path != "" {
		return "the Unix socket " + path
	}
	host, _ := s.text("host")
	port, _ := s.text("port")
	if host == "" && port == "" {
		return ""
	}
	return net.JoinHostPort(cmp.Or(host, loopback), cmp.Or(port, "8000"))
}

// refuseCommon says which settings can't be measured with any such server: those that only print, and those for TLS.
func (s clickSettings) refuseCommon(server string, tls ...string) error {
	for _, option := range []string{"version", "help"} {
		if on, from := s.on(option); on {
			return calibrate.Usage("take "+from+" out", "the command only prints, it serves nothing")
		}
	}
	for _, option := range tls {
		if _, from := s.text(option); from != "" {
			return calibrate.Usage("take it out for the measurement", "%s makes %s serve TLS, and calibrate measures plain HTTP", from, server)
		}
	}
	return nil
}

// numbers says whether the numbers that calibrate reads or replaces are numbers: the server would not start where one
// isn't, and calibrate would where it has taken that one out.
func (s clickSettings) numbers(server string, options ...string) error {
	for _, option := range options {
		if value, from := s.text(option); from != "" && !isNumber(value) {
			return notANumber(server, from, value)
		}
	}
	return nil
}

// positive says whether numbers are 1 or more, of a server that does not start with less.
func (s clickSettings) positive(server string, options ...string) error {
	for _, option := range options {
		if value, from := s.text(option); from != "" && pythonInt(value) < 1 && len(cli.Placeholders(value)) == 0 {
			return calibrate.Usage("give 1 or more, or leave it out: "+server+" does not start with it", "%s %s is less than 1", from, value)
		}
	}
	return nil
}

// flags says whether the variables of flags that calibrate turns off are true or false: the server would not start with
// another word. What is blank is false to some versions of click.
func (s clickSettings) flags(server string, options ...string) error {
	for _, option := range options {
		if value, from := s.text(option); !clickTrue(value) && !clickFalse(value) && len(cli.Placeholders(value)) == 0 {
			return calibrate.Usage("give true or false, or leave it out: "+server+" does not start with it", "%s %q is neither true nor false", from, value)
		}
	}
	return nil
}

// pythonInt reads as Python's int does: 1_000 is a number too. It is 0 for what isn't one, such as {workers}.
func pythonInt(text string) int {
	n, _ := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(text), "_", ""))
	return n
}

// pythonNumber is what Python's int takes, but for digits of other scripts.
var pythonNumber = regexp.MustCompile(`^\s*[+-]?\d+(_\d+)*\s*$`)

// isNumber is true also for a placeholder, which will be one.
func isNumber(text string) bool {
	return pythonNumber.MatchString(text) || len(cli.Placeholders(text)) > 0
}

func notANumber(server, from, value string) error {
	return calibrate.Usage("give a whole number, or leave it out: "+server+" does not start with it", "%s %q is not a number", from, value)
}
