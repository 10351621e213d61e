package target

import (
	"slices"
	"strings"
)

// The options of Uvicorn 0.17 to 0.54 (main.py). All are needed, because the value of one may look like another. They
// can't be abbreviated, and none has a short form.
var (
	uvicornValued = strings.Fields(`host port uds fd reload-dir reload-include reload-exclude reload-delay workers loop
		http ws ws-max-size ws-max-queue ws-ping-interval ws-ping-timeout ws-per-message-deflate lifespan interface
		env-file log-config log-level forwarded-allow-ips root-path limit-concurrency backlog limit-max-requests
		limit-max-requests-jitter timeout-keep-alive timeout-graceful-shutdown timeout-worker-healthcheck ssl-keyfile
		ssl-certfile ssl-keyfile-password ssl-version ssl-cert-reqs ssl-ca-certs ssl-ciphers header app-dir
		h11-max-incomplete-event-size`)
	uvicornFlags = strings.Fields(`reload http2 access-log no-access-log use-colors no-use-colors proxy-headers
		no-proxy-headers server-header no-server-header date-header no-date-header factory reset-contextvars version help`)
)

// uvicornArg is one option with its value, or one word that is neither.
type uvicornArg struct {
	option string   // without its --; "" for the app and for what we don't know
	value  string   // "true" for a flag
	words  []string // that it takes up
}

type uvicornArgs []uvicornArg

// clickOptions are the options of a program that reads them by click, without their --.
type clickOptions struct{ valued, flags []string }

func scanUvicorn(words []string) uvicornArgs {
	return clickOptions{uvicornValued, uvicornFlags}.scan(words)
}

// scan reads the words after the program as click would (click/parser.py, _process_opts).
func (options clickOptions) scan(words []string) uvicornArgs {
	var args uvicornArgs
	for len(words) > 0 && words[0] != "--" {
		arg := options.next(words)
		args = append(args, arg)
		words = words[len(arg.words):]
	}
	if len(words) > 0 {
		args = append(args, uvicornArg{words: words})
	}
	return args
}

// next leaves what click would refuse as it is, for the program to refuse it.
func (options clickOptions) next(words []string) uvicornArg {
	name, value, hasValue := strings.Cut(words[0], "=")
	option, isOption := strings.CutPrefix(name, "--")
	switch {
	case !isOption:
	case slices.Contains(options.flags, option) && !hasValue:
		return uvicornArg{option: option, value: "true", words: words[:1]}
	case slices.Contains(options.valued, option) && hasValue:
		return uvicornArg{option: option, value: value, words: words[:1]}
	case slices.Contains(options.valued, option) && len(words) > 1: // also where the next word looks like an option
		return uvicornArg{option: option, value: words[1], words: words[:2]}
	}
	return uvicornArg{words: words[:1]}
}

// without writes the arguments again, leaving out some options.
func (args uvicornArgs) without(options ...string) []string {
	var words []string
	for _, arg := range args {
		if arg.option == "" || !slices.Contains(options, arg.option) {
			words = append(words, arg.words...)
		}
	}
	return words
}
