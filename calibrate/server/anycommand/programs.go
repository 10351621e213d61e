package anycommand

import (
	"regexp"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Programs are servers that people run, and that are measured as any command is.
func (Server) Programs() []known.Product { return commandPrograms }

var commandPrograms = []known.Product{
	{
		Name: "unicorn", Ask: []string{"--version"}, Says: regexp.MustCompile(`(?m)^unicorn v(\S+)\n`),
		Command: "-- %s -l {host}:{port} config.ru",
		Traps:   []known.Trap{known.NoLimit("unicorn-worker-killer, or a memory limit of the supervisor")}, // 6.0
	},
	{
		Name: "php-fpm", Files: "php-fpm*", Ask: []string{"-v"}, Says: regexp.MustCompile(`(?m)^PHP (\S+) \(fpm`),
		Traps: []known.Trap{{Warning: calibrate.Warning{ // PHP 8.2
			Code: "fastcgi",
			Text: "it speaks FastCGI, not HTTP: calibrate measures it together with the web server before it",
			Try: "calibrate run --threads 1 --env PORT={port} --env PHP_WORKERS={workers} -- ./start-both.sh, " +
				"with pm = static and pm.max_children = ${PHP_WORKERS} in the pool's configuration",
		}}},
	},
	{
		Name: "node", Ask: []string{"--version"}, Says: regexp.MustCompile(`(?m)^v(\S+)\n`),
		Command: "--env PORT={port} -- %s server.js",
		Traps:   []known.Trap{known.NoLimit("the app's own cluster code, or a memory limit of the supervisor")},
	},
}
