package server

import (
	"os"
	"slices"
	"strings"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// running tells what a master's command line says of its workers. A configuration file is a program, and isn't run:
// where there is one, or may be one, only what stands above it in Gunicorn's order is known.
func (g gunicorn) running(r *Running, master linux.Process) (server, error) {
	p := cli.SeeThrough(master.Args)
	environ, seen := r.environ()
	fromEnv, err := gunicornCmdArgs(slices.Concat(environ, p.Set))
	given := gunicornSettingsOf(gunicornOptions.Scan(p.Args()).Layer(""), fromEnv)

	given.tell(&r.info, r.threads)
	r.info.ServerVersion = r.packageVersion("gunicorn", p)

	whole := seen && err == nil && !strings.HasPrefix(master.Title(), masterTitle) && !mayHaveConfig(r, given)
	if !whole && r.threads == 0 && !given.Has("threads") && r.info.HasThreads {
		r.info.Threads, r.info.HasThreads = 0, false
		r.warn("threads-unknown", "give them: --threads N",
			"how many threads a worker has isn't known: gunicorn's command line doesn't say, and its configuration isn't executed "+
				"(the kernel counts up to %d in a worker now, its main thread and the app's own among them)", r.mostThreads(r.below(master)))
	}
	return g, nil
}

// mayHaveConfig is true also where that can't be seen. The file is looked for where the server was started (app/base.py,
// load_config).
func mayHaveConfig(r *Running, given gunicornSettings) bool {
	_, err := os.Stat(r.file("cwd", "gunicorn.conf.py"))
	return given.Has("config") || !os.IsNotExist(err)
}
