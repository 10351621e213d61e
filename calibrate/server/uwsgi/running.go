package uwsgi

import (
	"strings"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// Running tells what is written down of a running uWSGI's workers. What can't be seen is not known: how many threads they
// have, and whether the app was loaded before they were forked.
func (u Server) Running(r *known.Running, master linux.Process) (known.Server, error) {
	p := cli.SeeThrough(master.Args)
	r.Target.ServerVersion = r.PackageVersion("uwsgi", p)
	seen := writtenBy(r, p.Args())
	c := configOf(seen.lines)
	c.tell(&r.Target)
	r.Target.HasJitter, r.Target.CanScale = false, false
	// Titles stand where the command line and the variables were. Where it has changed its folder, names mean other files.
	whole := seen.whole && !strings.HasPrefix(master.Title(), "uWSGI ") && !(seen.relative && (c.Has("chdir") || c.Has("chdir2")))
	r.Target.Preload = whole && r.Target.Preload
	switch {
	case r.Threads > 0:
		r.Target.Threads, r.Target.HasThreads = r.Threads, true
	case !whole && !c.Has("threads") && r.Target.HasThreads:
		r.Target.Threads, r.Target.HasThreads = 0, false
		r.Warn("threads-unknown", "give them: --threads N",
			"how many threads a worker has isn't known: uwsgi's command line doesn't say, and not all of its files can be read as they were at its start")
	}
	return u, nil
}
