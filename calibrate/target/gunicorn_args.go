package target

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

// gunicornOption is one setting that the command line knows.
type gunicornOption struct {
	setting string // its name in a configuration file
	long    []string
	short   byte
	arity   arity
}

// argparseOptions are the options of a program that reads them by Python's argparse.
type argparseOptions []gunicornOption

// gunicornOptions are all of Gunicorn 20 to 27 (config.py). All are needed, because an abbreviation counts only where
// it fits no other option, and because the value of an option may look like another one.
var gunicornOptions = buildOptions(`
config=-c,--config bind=-b,--bind backlog=--backlog workers=-w,--workers worker_class=-k,--worker-class
threads=--threads worker_connections=--worker-connections max_requests=--max-requests
max_requests_jitter=--max-requests-jitter timeout=-t,--timeout graceful_timeout=--graceful-timeout
keepalive=--keep-alive limit_request_line=--limit-request-line limit_request_fields=--limit-request-fields
limit_request_field_size=--limit-request-field_size reload=--reload! reload_engine=--reload-engine
reload_extra_files=--reload-extra-file spew=--spew! check_config=--check-config! print_config=--print-config!
preload_app=--preload! sendfile=--no-sendfile! reuse_port=--reuse-port! chdir=--chdir daemon=-D,--daemon!
raw_env=-e,--env pidfile=-p,--pid worker_tmp_dir=--worker-tmp-dir user=-u,--user group=-g,--group umask=-m,--umask
initgroups=--initgroups! forwarded_allow_ips=--forwarded-allow-ips accesslog=--access-logfile
disable_redirect_access_to_syslog=--disable-redirect-access-to-syslog! access_log_format=--access-logformat
errorlog=--error-logfile,--log-file loglevel=--log-level capture_output=--capture-output! logger_class=--logger-class
logconfig=--log-config logconfig_json=--log-config-json syslog_addr=--log-syslog-to syslog=--log-syslog!
syslog_prefix=--log-syslog-prefix syslog_facility=--log-syslog-facility
enable_stdio_inheritance=-R,--enable-stdio-inheritance! statsd_host=--statsd-host dogstatsd_tags=--dogstatsd-tags
statsd_prefix=--statsd-prefix enable_backlog_metric=--enable-backlog-metric! proc_name=-n,--name
pythonpath=--pythonpath paste=--paste,--paster proxy_protocol=--proxy-protocol? proxy_allow_ips=--proxy-allow-from
protocol=--protocol uwsgi_allow_ips=--uwsgi-allow-from keyfile=--keyfile certfile=--certfile
ssl_version=--ssl-version cert_reqs=--cert-reqs ca_certs=--ca-certs suppress_ragged_eofs=--suppress-ragged-eofs!
do_handshake_on_connect=--do-handshake-on-connect! ciphers=--ciphers http_protocols=--http-protocols
http2_cleartext=--http2-cleartext http2_max_concurrent_streams=--http2-max-concurrent-streams
http2_initial_window_size=--http2-initial-window-size http2_max_frame_size=--http2-max-frame-size
http2_max_header_list_size=--http2-max-header-list-size raw_paste_global_conf=--paste-global
permit_obsolete_folding=--permit-obsolete-folding! strip_header_spaces=--strip-header-spaces!
permit_unconventional_http_method=--permit-unconventional-http-method!
permit_unconventional_http_version=--permit-unconventional-http-version! casefold_http_method=--casefold-http-method!
forwarder_headers=--forwarder-headers header_map=--header-map asgi_loop=--asgi-loop asgi_lifespan=--asgi-lifespan
asgi_disconnect_grace_period=--asgi-disconnect-grace-period websocket_max_message_size=--websocket-max-message-size
http_parser=--http-parser root_path=--root-path dirty_apps=--dirty-app dirty_workers=--dirty-workers
dirty_timeout=--dirty-timeout dirty_threads=--dirty-threads dirty_graceful_timeout=--dirty-graceful-timeout
control_socket=--control-socket control_socket_mode=--control-socket-mode control_socket_disable=--no-control-socket!
help=-h,--help! version=-v,--version!
`)

// buildOptions reads a table such as the one above: SETTING=OPTION[,OPTION], with ! for a flag and ? for an optional value.
func buildOptions(table string) argparseOptions {
	var options argparseOptions
	for _, entry := range strings.Fields(table) {
		setting, names, _ := strings.Cut(entry, "=")
		o := gunicornOption{setting: setting, arity: valued}
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

// gunicornArg is one option with its value, or one word that is neither.
type gunicornArg struct {
	setting string // "" for the app and for what we don't know
	written string // as the user wrote the option, for messages
	value   string // "True" for a flag
	arity   arity
	words   []string // that it takes up
}

type gunicornArgs []gunicornArg

func scanGunicorn(words []string) gunicornArgs { return gunicornOptions.scan(words) }

// scan reads the words after the program as Python's argparse would (Lib/argparse.py, _parse_known_args).
func (options argparseOptions) scan(words []string) gunicornArgs {
	var args gunicornArgs
	for len(words) > 0 {
		if words[0] == "--" {
			for i := range words {
				args = append(args, gunicornArg{words: words[i : i+1]})
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
func (options argparseOptions) scanOption(words []string) gunicornArgs {
	word := words[0]
	plain := gunicornArgs{{words: words[:1]}}
	switch {
	case !looksLikeOption(word):
		return plain
	case strings.HasPrefix(word, "--"):
		name, value, hasValue := strings.Cut(word, "=")
		o, ok := options.long(name)
		if !ok {
			return plain
		}
		return gunicornArgs{o.take(name, value, hasValue, words)}
	}
	return options.cluster(words)
}

// looksLikeOption: argparse takes a word with a blank in it, and a negative number, for a value.
func looksLikeOption(word string) bool {
	return len(word) > 1 && word[0] == '-' && !strings.Contains(word, " ") && strings.Trim(word[1:], "0123456789.") != ""
}

func (options argparseOptions) long(name string) (gunicornOption, bool) {
	var fits []gunicornOption
	for _, o := range options {
		if slices.Contains(o.long, name) {
			return o, true
		}
		if slices.ContainsFunc(o.long, func(long string) bool { return strings.HasPrefix(long, name) }) {
			fits = append(fits, o)
		}
	}
	if len(fits) != 1 {
		return gunicornOption{}, false
	}
	return fits[0], true
}

// take completes an option with its value, from the word itself or from the next one.
func (o gunicornOption) take(name, value string, hasValue bool, words []string) gunicornArg {
	arg := gunicornArg{setting: o.setting, written: name, value: value, arity: o.arity, words: words[:1]}
	switch {
	case o.arity == flag:
		arg.value = "True"
	case !hasValue && len(words) > 1 && words[1] != "--" && !looksLikeOption(words[1]):
		arg.value, arg.words = words[1], words[:2]
	}
	return arg
}

// cluster reads -w4, -w 4, -w=4, -D and clusters of them.
func (options argparseOptions) cluster(words []string) gunicornArgs {
	word := words[0]
	var args gunicornArgs
	for i := 1; i < len(word); i++ {
		o, ok := options.short(word[i])
		if !ok {
			return gunicornArgs{{words: words[:1]}}
		}
		rest := word[i+1:]
		if o.arity == flag {
			args = append(args, gunicornArg{setting: o.setting, written: "-" + word[i:i+1], value: "True", arity: flag})
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

func (options argparseOptions) short(letter byte) (gunicornOption, bool) {
	for _, o := range options {
		if o.short == letter {
			return o, true
		}
	}
	return gunicornOption{}, false
}

// app is the first word that is no option, "" for none: MODULE:NAME.
func (args gunicornArgs) app() string {
	for _, arg := range args {
		if arg.setting == "" && len(arg.words) > 0 && !strings.HasPrefix(arg.words[0], "-") {
			return arg.words[0]
		}
	}
	return ""
}

// without writes the arguments again, leaving out some settings.
func (args gunicornArgs) without(settings ...string) []string {
	var words []string
	for i := 0; i < len(args); {
		n := 1 // the arguments that share args[i]'s word
		for i+n-1 < len(args)-1 && args[i+n-1].words == nil {
			n++
		}
		group := args[i : i+n]
		i += n
		if !slices.ContainsFunc(group, func(a gunicornArg) bool { return a.setting != "" && slices.Contains(settings, a.setting) }) {
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
func (a gunicornArg) rewritten() []string {
	if a.arity == flag {
		return []string{a.written}
	}
	return []string{a.written, a.value}
}
