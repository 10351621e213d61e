package server

import (
	"slices"
	"strings"
)

// The options of pypnm serve at 1.6.4 (pypnm/cli.py, _build_parser). Python's argparse takes an abbreviation that fits
// no other.
var (
	pypnmValued = strings.Fields(`host port cert key mute-tags log-level workers limit-max-requests reload-dir reload-include
		reload-exclude background-log-file background-pidfile`)
	pypnmFlags = strings.Fields(`host-all ssl mute-tags-hard no-access-log reload run-background help`)
)

// scanPyPNM reads the words after serve. What argparse would refuse stays as it is, for pypnm to refuse it.
func scanPyPNM(words []string) clickArgs {
	var args clickArgs
	for len(words) > 0 {
		arg := nextPyPNMArg(words)
		args = append(args, arg)
		words = words[len(arg.words):]
	}
	return args
}

func nextPyPNMArg(words []string) clickArg {
	written, value, hasValue := strings.Cut(words[0], "=")
	option := pypnmOption(written)
	valued := slices.Contains(pypnmValued, option)
	switch {
	case option == "" || valued && !hasValue && (len(words) < 2 || looksLikeOption(words[1])):
	case valued && hasValue:
		return clickArg{option: option, value: value, words: words[:1]}
	case valued:
		return clickArg{option: option, value: words[1], words: words[:2]}
	case !hasValue:
		return clickArg{option: option, value: "true", words: words[:1]}
	}
	return clickArg{words: words[:1]}
}

// pypnmOption is the option that a word names, "" for none and for more than one.
func pypnmOption(written string) string {
	name, long := strings.CutPrefix(written, "--")
	switch {
	case written == "-h":
		return "help"
	case !long || name == "":
		return ""
	}
	var fits []string
	for _, option := range slices.Concat(pypnmValued, pypnmFlags) {
		if option == name {
			return option
		}
		if strings.HasPrefix(option, name) {
			fits = append(fits, option)
		}
	}
	if len(fits) != 1 {
		return ""
	}
	return fits[0]
}
