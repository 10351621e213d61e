package server

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// running tells what a command line says of the workers. Whether there is a parent above them is seen in the tree.
// What --env-file names isn't read: the only variable that it sets in time is the number of workers.
func (uvicorn) running(r *Running, master linux.Process) (server, error) {
	if r.threads > 1 {
		return nil, calibrate.Usage("leave --threads out; --limit-concurrency bounds the requests that a worker takes at once",
			"%d threads were named, but a worker of uvicorn is one event loop", r.threads)
	}
	u := uvicorn{supervised: r.hasSpawned(master)}
	p := cli.SeeThrough(master.Args)
	environ, seen := r.environ()
	settings := uvicornSettingsOf(uvicornOptions.Scan(p.Args()), slices.Concat(environ, p.Set))
	r.info.ServerVersion = r.packageVersion("uvicorn", p)
	settings.tell(&r.info)
	if _, from := settings.Text("limit-concurrency"), settings.From("limit-concurrency"); from == "" && !seen {
		r.warn("limit-unknown", "run calibrate as the server's user, or as root",
			"whether UVICORN_LIMIT_CONCURRENCY bounds the requests of a worker isn't known: the server's environment may not be read")
	}
	for _, trap := range trapsAt(uvicorn{}.traps(), r.info.ServerVersion) {
		if trap.Code != EndsServer || !u.supervised {
			r.warn(trap.Code, trap.Try, "%s", trap.Text)
		}
	}
	return u, nil
}
