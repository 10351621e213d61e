package server

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// lookForServer finds a server that is known among the processes of a command that isn't: a script or an app of its own may
// start any. It is watched and explained as that server from then on. What the command says of it stays as it is.
func (a *App) lookForServer() {
	if _, unknown := a.launch.server.(anycommand.Server); !unknown || a.found != nil {
		return
	}
	adapter, master := serverIn(a.watch.Processes(a.guardian.PID))
	if adapter == nil {
		return
	}
	target := known.NewRunning(a.proc, master.Identity(), a.watch, a.launch.Spec.Threads)
	if attachable, ok := adapter.(known.Attachable); ok {
		if seen, err := attachable.Running(target, master); err == nil {
			adapter = seen
		}
	}
	a.watch.Know(adapter)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.found = adapter
	if a.info.Threads == 0 {
		a.info.Threads = target.Target.Threads
	}
	a.info.ConcurrencyLimit, a.info.ConcurrencyFlag, a.info.Preload = target.Target.ConcurrencyLimit, target.Target.ConcurrencyFlag, target.Target.Preload
	if !slices.ContainsFunc(a.warnings, func(w calibrate.Warning) bool { return w.Code == anycommand.ShellWrapper }) { // which has said so
		a.warnings = append(a.warnings, serverFound(adapter.Name(), master))
	}
}

// serverFound says which server that is, and its own command, as its processes show it. That command is not all of it: MLflow's
// server gives Uvicorn its variables, and runs 1.2 GB of consumers beside it.
func serverFound(name string, master linux.Process) calibrate.Warning {
	try := "give " + name + "'s own command, whose address, workers and recycling calibrate sets" +
		", with the variables that this one gives it; what else this one runs isn't counted then"
	if p := cli.SeeThrough(master.Args); p.Index < len(p.Argv) && len(p.Argv) > 1 {
		words := p.Argv[p.Index:]
		if p.Module {
			words = p.Argv
		}
		try += ": calibrate run -- " + cli.Quoted(calibrate.Redact(words))
	}
	return calibrate.Warning{
		Code: "server-found", Try: try,
		Text: "the command starts " + name + ", whose workers, threads and limit of requests are as the command has them",
	}
}

// server is the adapter that knows what runs.
func (a *App) server() known.Server {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.found != nil {
		return a.found
	}
	return a.launch.server
}
