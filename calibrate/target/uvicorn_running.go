package target

import "slices"

// running tells what a command line says of the workers. Whether there is a parent above them is seen in the tree.
func (uvicorn) running(r *Running, master process) {
	supervised := slices.ContainsFunc(r.watch.processes(r.root.pid), func(p process) bool {
		return p.parent == master.pid && spawned.MatchString(p.title())
	})
	r.watch.server = uvicorn{supervised: supervised}
	p := seeThrough(master.args)
	environ, _ := r.environ()
	settings := uvicornSettings{args: scanUvicorn(p.args()), env: slices.Concat(environ, p.set)}
	l := &Launch{spec: Spec{Workers: 1}}
	l.info.ServerVersion = r.packageVersion("uvicorn", p)
	settings.describe(l)
	r.info.ServerVersion, r.info.CanRecycle = l.info.ServerVersion, l.info.CanRecycle
	r.info.ConcurrencyFlag, r.info.ConcurrencyLimit = l.info.ConcurrencyFlag, l.info.ConcurrencyLimit
}
