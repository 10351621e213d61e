package server

import (
	"slices"
	"strings"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// running tells what a command line says of the workers. The rest of a configuration is in files, which another user's
// server reads when it starts and nobody else: where threads may be in one, they aren't known.
func (u uwsgi) running(r *Running, master linux.Process) (server, error) {
	p := cli.SeeThrough(master.Args)
	r.info.ServerVersion = r.packageVersion("uwsgi", p)
	c := uwsgiConfigOf(uwsgiOptions.Scan(p.Args()))
	c.tell(&r.info)
	r.info.HasJitter, r.info.CanScale = false, false
	_, seen := r.environ()
	whole := seen && !strings.HasPrefix(master.Title(), "uWSGI ") && !slices.ContainsFunc(p.Args(), isUWSGIFile)
	switch {
	case r.threads > 0:
		r.info.Threads, r.info.HasThreads = r.threads, true
	case !whole && !c.Has("threads") && r.info.HasThreads:
		r.info.Threads, r.info.HasThreads = 0, false
		r.warn("threads-unknown", "give them: --threads N",
			"how many threads a worker has isn't known: uwsgi's command line doesn't say, and its files aren't read")
	}
	return u, nil
}

// uwsgiOptions are the options that say how a worker takes requests.
var uwsgiOptions = cli.Getopt.Options("thread,threads async gevent asyncio lazy! lazy-apps!")

// isUWSGIFile is for the name of a file that has settings.
func isUWSGIFile(word string) bool {
	return slices.ContainsFunc([]string{".ini", ".xml", ".yaml", ".yml", ".json", ".js"}, func(ending string) bool { return strings.HasSuffix(word, ending) })
}
