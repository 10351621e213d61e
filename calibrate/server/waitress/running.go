package waitress

import (
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// Running tells what a command line says of the threads.
func (s Server) Running(r *known.Running, master linux.Process) (known.Server, error) {
	p := cli.SeeThrough(master.Args)
	r.Target.ServerVersion = r.PackageVersion("waitress", p)
	settingsOf(syntax.Scan(p.Args())).tell(&r.Target, r.Threads)
	for _, trap := range known.TrapsAt(s.Traps(), r.Target.ServerVersion) {
		r.Warn(trap.Code, trap.Try, "waitress: %s", trap.Text)
	}
	return s, nil
}
