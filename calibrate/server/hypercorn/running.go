package hypercorn

import (
	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// Running tells what a command line says of the workers. Whether there is a parent above them is seen in the tree.
func (Server) Running(r *known.Running, master linux.Process) (known.Server, error) {
	if r.Threads > 1 {
		return nil, calibrate.Usage("leave --threads out", "%s named, but a worker of hypercorn is one event loop", say.Plural(r.Threads, "thread"))
	}
	p := cli.SeeThrough(master.Args)
	settings := layered(syntax.Scan(p.Args()).Layer(""), nil)
	r.Target.ServerVersion = r.PackageVersion("hypercorn", p)
	settings.tell(&r.Target)
	for _, trap := range known.TrapsAt(Server{}.Traps(), r.Target.ServerVersion) {
		if settings.meets(trap.Code) {
			r.Warn(trap.Code, trap.Try, "hypercorn: %s", trap.Text)
		}
	}
	return Server{alone: !r.HasSpawned(master)}, nil
}
