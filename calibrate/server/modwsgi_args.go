package server

import (
	"slices"
	"strings"
)

// apacheArg is one option of httpd with its value, or one word that is none.
type apacheArg struct {
	option byte   // 0 for a word, such as the start of apachectl start
	value  string // of an option that takes one; the word itself for a word
}

type apacheArgs []apacheArg

// Options of httpd 2.4 (server/main.c, AP_SERVER_BASEARGS), by whether they take a value.
const (
	apacheValued = "DCcdfeEk"
	apacheFlags  = "vVlLtTSMhX?"
)

// scanApache reads the words as apr_getopt does: -DX, -D X, and clusters of flags.
func scanApache(words []string) apacheArgs {
	var args apacheArgs
	for i := 0; i < len(words); i++ {
		word := words[i]
		if len(word) < 2 || word[0] != '-' {
			args = append(args, apacheArg{value: word})
			continue
		}
		for at := 1; at < len(word); at++ {
			option := word[at]
			if strings.IndexByte(apacheValued, option) < 0 {
				args = append(args, apacheArg{option: option})
				continue
			}
			value := word[at+1:]
			if value == "" && i+1 < len(words) {
				i++
				value = words[i]
			}
			args = append(args, apacheArg{option, value})
			break
		}
	}
	return args
}

// values are those of one option, in order.
func (args apacheArgs) values(option byte) []string {
	var values []string
	for _, arg := range args {
		if arg.option == option {
			values = append(values, arg.value)
		}
	}
	return values
}

// last is the value that counts of an option, "" for none.
func (args apacheArgs) last(option byte) string {
	values := args.values(option)
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// without writes the options again, leaving out some and the words that are none.
func (args apacheArgs) without(options string) []string {
	var words []string
	for _, arg := range args {
		switch {
		case arg.option == 0 || strings.IndexByte(options, arg.option) >= 0:
		case strings.IndexByte(apacheValued, arg.option) >= 0:
			words = append(words, "-"+string(arg.option), arg.value)
		default:
			words = append(words, "-"+string(arg.option))
		}
	}
	return words
}

// command is what apachectl, or -k, is told to do; "start" where nothing is said.
func (args apacheArgs) command() string {
	told := slices.Concat(args.values(0), args.values('k'))
	if len(told) == 0 {
		return "start"
	}
	return told[0]
}
