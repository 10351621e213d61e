package server

import (
	"regexp"

	"workermem/calibrate"
)

// programs are servers that people run, and that are measured as any command is.
func (anyCommand) programs() []product { return commandPrograms }

var commandPrograms = []product{
	{
		name: "unicorn", ask: []string{"--version"}, says: regexp.MustCompile(`(?m)^unicorn v(\S+)\n`),
		command: "-- %s -l {host}:{port} config.ru",
		traps:   []trap{{Warning: noLimit("unicorn-worker-killer, or a memory limit of the supervisor")}}, // 6.0
	},
	{
		name: "php-fpm", files: "php-fpm*", ask: []string{"-v"}, says: regexp.MustCompile(`(?m)^PHP (\S+) \(fpm`),
		traps: []trap{{Warning: calibrate.Warning{ // PHP 8.2
			Code: "fastcgi",
			Text: "it speaks FastCGI, not HTTP: calibrate measures it together with the web server before it",
			Try: "calibrate run --threads 1 --env PORT={port} --env PHP_WORKERS={workers} -- ./start-both.sh, " +
				"with pm = static and pm.max_children = ${PHP_WORKERS} in the pool's configuration",
		}}},
	},
	{
		name: "node", ask: []string{"--version"}, says: regexp.MustCompile(`(?m)^v(\S+)\n`),
		command: "--env PORT={port} -- %s server.js",
		traps:   []trap{{Warning: noLimit("the app's own cluster code, or a memory limit of the supervisor")}},
	},
	{
		name: "waitress-serve", dist: "waitress", // it has no --version
		command: "-- %s --host={host} --port={port} --threads={threads} app:app",
		traps:   []trap{{Warning: noLimit("a memory limit of the supervisor")}}, // 3.0: one process
	},
}
