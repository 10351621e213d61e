package server

import (
	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// running tells what a command line says of the workers. Whether there is a parent above them is seen in the tree.
func (hypercorn) running(r *Running, master linux.Process) (server, error) {
	if r.threads > 1 {
		return nil, calibrate.Usage("leave --threads out", "%d threads were named, but a worker of hypercorn is one event loop", r.threads)
	}
	p := cli.SeeThrough(master.Args)
	settings := hypercornSettingsOf(hypercornOptions.Scan(p.Args()).Layer(""), nil)
	r.info.ServerVersion = r.packageVersion("hypercorn", p)
	settings.tell(&r.info)
	for _, trap := range trapsAt(hypercorn{}.traps(), r.info.ServerVersion) {
		if settings.meets(trap.Code) {
			r.warn(trap.Code, trap.Try, "hypercorn: %s", trap.Text)
		}
	}
	return hypercorn{alone: !r.hasSpawned(master)}, nil
}
