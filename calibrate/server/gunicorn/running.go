package gunicorn

import (
	"os"
	"slices"
	"strings"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"

	"workermem/calibrate/say"
)

// Running tells what a master's command line says of its workers. A configuration file is a program, and isn't run:
// if there is one, or may be one, only what stands above it in Gunicorn's order is known.
func (g Server) Running(r *known.Running, master linux.Process) (known.Server, error) {
	p := cli.SeeThrough(master.Args)
	environ, seen := r.Environ()
	fromEnv, err := cmdArgs(slices.Concat(environ, p.Set))
	given := settingsOf(syntax.Scan(p.Args()).Layer(""), fromEnv)

	given.tell(&r.Target, r.Threads)
	r.Target.ServerVersion = r.PackageVersion("gunicorn", p)

	whole := seen && err == nil && !strings.HasPrefix(master.Title(), MasterTitle) && !mayHaveConfig(r, given)
	if !whole && r.Threads == 0 && !given.Has("threads") && r.Target.HasThreads {
		r.Target.Threads, r.Target.HasThreads = 0, false
		r.Warn("threads-unknown", "give them: --threads N",
			"how many threads a worker has isn't known: gunicorn's command line doesn't say, and its configuration isn't executed "+
				"(the kernel counts up to %s in a worker now, its main thread and the app's own among them)", say.Count(r.MostThreads(r.Below(master), "")))
	}
	return g, nil
}

// mayHaveConfig is true also if that can't be seen. The file is looked for where the server was started (app/base.py,
// load_config).
func mayHaveConfig(r *known.Running, given settings) bool {
	_, err := os.Stat(r.ProcFile("cwd", "gunicorn.conf.py"))
	return given.Has("config") || !os.IsNotExist(err)
}
