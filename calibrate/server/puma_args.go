package server

import "strings"

// pumaCommand are the options of Puma 4.3 to 7 (cli.rb, setup_options). --fork-worker takes its value only after an equals
// sign, and -f only in the same word.
var pumaCommand = rubyOptions{
	valued: strings.Fields(`bind bind-to-activated-sockets config control-url control-token dir environment include port pidfile
		extra-runtime-dependencies restart-cmd state threads workers tag redirect-stdout redirect-stderr idle-timeout require`),
	optional: []string{"bind-to-activated-sockets"},
	joined:   []string{"fork-worker"},
	flags: strings.Fields(`no-config debug daemon fork-worker preload prune-bundler quiet log-requests silent early-hints
		redirect-append no-redirect-append silence-single-worker-warning tcp-mode version help`),
	short: map[byte]string{
		'b': "bind", 'C': "config", 'd': "daemon", 'e': "environment", 'f': "fork-worker", 'I': "include", 'p': "port", 'q': "quiet",
		'v': "log-requests", 'R': "restart-cmd", 's': "silent", 'S': "state", 't': "threads", 'V': "version", 'w': "workers", 'h': "help",
	},
}

// railsServer are the options of rails server (railties 6.1, server_command.rb).
var railsServer = rubyOptions{
	valued: strings.Fields("port binding config using pid environment"),
	flags:  strings.Fields("daemon dev-caching no-dev-caching early-hints no-early-hints log-to-stdout no-log-to-stdout help"),
	short:  map[byte]string{'p': "port", 'b': "binding", 'c': "config", 'u': "using", 'P': "pid", 'e': "environment", 'd': "daemon", 'C': "dev-caching", 'h': "help"},
}

// rackupCommand are the options of rackup (rack 2.2, server.rb).
var rackupCommand = rubyOptions{
	valued: strings.Fields("eval include require builder server host port option env pid heap profile profile-mode"),
	flags:  strings.Fields("debug warn quiet daemonize help version"),
	short: map[byte]string{'e': "eval", 'I': "include", 'r': "require", 'b': "builder", 's': "server", 'o': "host", 'p': "port",
		'O': "option", 'E': "env", 'P': "pid", 'd': "debug", 'w': "warn", 'q': "quiet", 'D': "daemonize", 'h': "help", '?': "help"},
}
