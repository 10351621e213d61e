package uvicorn

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// Running tells what a command line says of the workers. Whether there is a parent above them is seen in the tree.
// What --env-file names isn't read: the only variable that it sets in time is the number of workers.
func (Server) Running(r *known.Running, master linux.Process) (known.Server, error) {
	if r.Threads > 1 {
		return nil, calibrate.Usage("leave --threads out; --limit-concurrency bounds the requests that a worker takes at once",
			"%s named, but a worker of uvicorn is one event loop", say.Plural(r.Threads, "thread"))
	}
	u := Server{Supervised: r.HasSpawned(master)}
	p := cli.SeeThrough(master.Args)
	environ, seen := r.Environ()
	settings := settingsOf(syntax.Scan(p.Args()), slices.Concat(environ, p.Set))
	r.Target.ServerVersion = r.PackageVersion("uvicorn", p)
	settings.tell(&r.Target)
	if _, from := settings.Text("limit-concurrency"), settings.From("limit-concurrency"); from == "" && !seen {
		r.Warn("limit-unknown", "run calibrate as the server's user, or as root",
			"whether UVICORN_LIMIT_CONCURRENCY bounds the requests of a worker isn't known: the server's environment may not be read")
	}
	for _, trap := range known.TrapsAt(Server{}.Traps(), r.Target.ServerVersion) {
		if trap.Code != known.LimitEndsServer || !u.Supervised {
			r.Warn(trap.Code, trap.Try, "%s", trap.Text)
		}
	}
	return u, nil
}
