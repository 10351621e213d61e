package uwsgi

import (
	"slices"
	"strings"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// Running tells what a command line says of the workers. The rest of a configuration is in files, which another user's
// server reads when it starts and nobody else: where threads may be in one, they aren't known.
func (u Server) Running(r *known.Running, master linux.Process) (known.Server, error) {
	p := cli.SeeThrough(master.Args)
	r.Target.ServerVersion = r.PackageVersion("uwsgi", p)
	c := configOf(options.Scan(p.Args()))
	c.tell(&r.Target)
	r.Target.HasJitter, r.Target.CanScale = false, false
	_, seen := r.Environ()
	whole := seen && !strings.HasPrefix(master.Title(), "uWSGI ") && !slices.ContainsFunc(p.Args(), isFile)
	switch {
	case r.Threads > 0:
		r.Target.Threads, r.Target.HasThreads = r.Threads, true
	case !whole && !c.Has("threads") && r.Target.HasThreads:
		r.Target.Threads, r.Target.HasThreads = 0, false
		r.Warn("threads-unknown", "give them: --threads N",
			"how many threads a worker has isn't known: uwsgi's command line doesn't say, and its files aren't read")
	}
	return u, nil
}

// options are the options that say how a worker takes requests.
var options = cli.Getopt.Options("thread,threads async gevent asyncio lazy! lazy-apps!")

// isFile is for the name of a file that has settings.
func isFile(word string) bool {
	return slices.ContainsFunc([]string{".ini", ".xml", ".yaml", ".yml", ".json", ".js"}, func(ending string) bool { return strings.HasSuffix(word, ending) })
}
