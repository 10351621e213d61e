package server

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/group"
	"workermem/calibrate/server/known"
)

func (a *App) ending() known.Ending {
	r := a.guardian.Ending()
	if r == nil {
		return known.Ending{}
	}
	return known.Ending{Over: true, Code: r.Code, Signal: r.Signal}
}

func (a *App) log() known.Log { return logEnd(a.launch.Spec.Log, a.logFrom) }

func (a *App) Name() string {
	if name := a.server().Name(); name != (anycommand.Server{}).Name() {
		return name
	}
	return "the app"
}

// notStarted is the failure of an exec.
func notStarted(l *Launch, err error) error {
	var stayed group.NotEntered
	if errors.As(err, &stayed) {
		return limitFailure(l.Spec.MemoryLimit, err)
	}
	var errno syscall.Errno
	isErrno := errors.As(err, &errno)
	if short := shortOf(errno); short != "" || !isErrno {
		return toolShort(l.Spec.Log, short, err)
	}
	f := calibrate.Usage("check that it is a program for this machine, and that its first line names an interpreter that exists",
		"%s can't be executed", l.Argv[0])
	f.Why, f.Err = errno.Error(), errno
	return f
}

// limitFailure is why an app that was to have a memory limit isn't started without it.
func limitFailure(limit int64, err error) error {
	return &calibrate.Failure{
		Kind: calibrate.KindTool, Phase: calibrate.PhaseBoot, Err: err,
		What: "a memory limit of " + say.MB(limit) + " can't be set on the app",
		Why:  err.Error(),
		Try:  "run calibrate as root, or as a user of a systemd machine: systemd-run --user --scope calibrate ...",
	}
}

// portTaken says whether a boot failed because somebody had taken the port.
func (l *Launch) portTaken(err error) bool {
	var f *calibrate.Failure
	if errors.Is(err, errForeign) {
		return true
	}
	if !errors.As(err, &f) || f.Phase != calibrate.PhaseBoot || f.Kind != calibrate.KindApp {
		return false
	}
	return saysPortTaken(f.Log) || l.server.Booting(f.Log).PortTaken
}

// saysPortTaken looks for the kernel's own words (EADDRINUSE), which most servers pass on.
func saysPortTaken(log known.Log) bool { return log.Says("ddress already in use", "EADDRINUSE") != "" }

// bootFailure says why there was no first answer.
func (a *App) bootFailure(cause error, last answer) *calibrate.Failure {
	a.lookForServer()
	f := &calibrate.Failure{Kind: calibrate.KindApp, Phase: calibrate.PhaseBoot, Log: a.log().End()}
	limit := a.launch.Spec.BootDeadline
	timeout := a.server().Booting(a.log()).Timeout
	var unreadable refusalError
	switch {
	case errors.As(cause, &unreadable):
		return a.refused(calibrate.Refusal(unreadable))
	case errors.Is(cause, errBootDeadline) && last.begun:
		return a.refused(calibrate.Refusal{Kind: calibrate.RefusalEndless, Method: http.MethodGet, Path: bare(a.launch.Spec.Path)})
	case errors.Is(cause, errEnded):
		a.explainEnd(f, "before it answered")
	case errors.Is(cause, errCrashLoop):
		f.What = a.Name() + " starts its worker over and over"
		a.explainWorkers(f)
	case errors.Is(cause, errNotLoaded):
		f.What = a.Name() + " answers every request with an error: it can't load the app"
		a.explainWorkers(f)
	case errors.Is(cause, errNoWorker):
		f.What = "every worker of " + a.Name() + " ended before it answered"
		a.explainWorkers(f)
	case errors.Is(cause, errWorkerTimeout) && a.Backlog() > 0:
		f.What = a.Name() + " ended its own worker before it had booted"
		f.Why, f.Try = "the app takes longer to import than "+timeout+" allows", "a longer "+timeout+", also in production"
	case errors.Is(cause, errWorkerTimeout):
		f.What = "GET " + bare(a.launch.Spec.Path) + " was never answered, and " + a.Name() + " ended its worker for it"
		f.Why, f.Try = "the request takes longer than "+timeout+" allows", "another --path"
	case last.Status >= 500:
		f.What = fmt.Sprintf("the app answered %d to GET %s until the deadline of %s", last.Status, bare(a.launch.Spec.Path), limit)
		f.Why, f.Try = a.log().Exception(), "see its log; what it needs to work may be missing here (a database, a variable)"
		a.explainSilence(f)
	case len(a.proc.Listeners(a.address.Port)) > 0:
		f.What = fmt.Sprintf("the app listens at %s, but never answered GET %s in %s", a.address, bare(a.launch.Spec.Path), limit)
		f.Try = "another --path, or a longer --boot-deadline if it is only slow"
		a.explainSilence(f)
		a.explainTry(f, last.err)
	default:
		f.What = fmt.Sprintf("nothing listened at %s for %s", a.address, limit)
		f.Try = "a longer --boot-deadline if it is only slow"
		if f.Why = a.listensElsewhere(); f.Why != "" {
			f.Try = "write {port} where the app takes its port from, or give --url"
		} else if f.Why = a.log().Exception(); f.Why != "" {
			f.Try = "run the command by hand and see; a longer --boot-deadline if it is only slow"
		}
	}
	return f
}

// explainSilence lets a server that lives say why it has no good answer, if nothing else does.
func (a *App) explainSilence(f *calibrate.Failure) {
	if why, try := a.server().Explain(known.Ending{}, a.log()); f.Why == "" && why != "" {
		f.Why, f.Try = why, try
	}
}

// explainWorkers looks for the reason why workers end while they boot, of a server that lives on.
func (a *App) explainWorkers(f *calibrate.Failure) {
	log := a.log()
	if f.Why, f.Try = a.server().Explain(known.Ending{}, log); f.Why == "" {
		f.Why, f.Try = log.Exception(), "run the app's import by hand; look for sys.exit in it"
	}
	a.explainRefusal(f)
}

// explainEnd completes a failure with what is known of the main process's end.
func (a *App) explainEnd(f *calibrate.Failure, when string) {
	end, last := a.ending(), a.guardian.Ending()
	f.Why, f.Try = a.server().Explain(end, a.log())
	switch {
	case last == nil:
		killed := known.GuardKilled(a.Name(), when)
		f.Kind, f.What, f.Why, f.Try = killed.Kind, killed.What, "", killed.Try
		return
	case end.ExitedWith(0) && last.Left > 0 && f.Why == "":
		f.What = a.Name() + " went into the background"
		f.Why = fmt.Sprintf("its main process ended and left %s running", say.Plural(last.Left, "process"))
		f.Try = "run it in the foreground"
		return
	}
	f.What = fmt.Sprintf("%s %s %s", a.Name(), end, when)
	if f.Why == "" {
		f.Why = explainAny(end, a.log())
	}
	if f.Try == "" {
		f.Try = "run the command by hand and see"
	}
	a.explainRefusal(f)
}

// explainAny is for every server: conventions of shells and kernels, and Python's last word.
func explainAny(end known.Ending, log known.Log) string {
	switch {
	case end.ExitedWith(127):
		return "a command was not found"
	case end.ExitedWith(126):
		return "a command can't be executed"
	case saysPortTaken(log):
		why, _ := known.PortInUse()
		return why
	case end.Signal == syscall.SIGKILL:
		return "somebody killed it; the kernel counts no out-of-memory kill here"
	case end.Signal == syscall.SIGSEGV:
		return "it crashed in native code"
	}
	return log.Exception()
}

// explainRefusal is for what the kernel refused the app: memory, a thread, or a file.
func (a *App) explainRefusal(f *calibrate.Failure) {
	if refused := a.log().Says(threadRefused...); refused != "" {
		f.Why = known.WithDetail("the kernel refused it another thread, for which its address space or the number of tasks is too small", refused)
		f.Try = "fewer threads; or smaller stacks (ulimit -s 512), a higher ulimit -v (LimitAS=) or ulimit -u (TasksMax=, pids.max), also in production"
	}
	a.explainFiles(f)
	a.explainOOM(f)
}

// threadRefused is how programs say that (pthread_create(3), EAGAIN): Python, Apache, mod_wsgi, Java, Ruby.
var threadRefused = []string{"can't start new thread", "unable to create worker thread", "Couldn't create worker thread",
	"unable to create native thread", "can't create Thread: "}

// explainFiles looks for an app that may open no more files: it says so, or it has as many open as it may.
func (a *App) explainFiles(f *calibrate.Failure) {
	full := a.outOfFiles()
	if full == 0 && a.log().Says("oo many open files", "EMFILE") == "" {
		return
	}
	f.OutOfFiles = true
	f.Why = "the app may open no more files, sockets included"
	if full > 0 {
		f.Why += ": it has all of " + say.Count(full) + " open"
	}
	f.Try = "allow it more (ulimit -n 65536 before calibrate, LimitNOFILE= in production); if it never closes them, that is a leak to mend: ls -l /proc/PID/fd"
}

// outOfFiles is the limit of a process of the app that has as many files open as it may, but for one or two that come and go.
func (a *App) outOfFiles() int {
	for _, pid := range a.Tree() {
		if open, most, err := a.proc.OpenFiles(pid); err == nil && most > 0 && open >= most-2 {
			return most
		}
	}
	return 0
}

// explainOOM overrules other reasons if the kernel's own counter proves that memory was the reason.
func (a *App) explainOOM(f *calibrate.Failure) {
	kills := a.oom.Since()
	if kills == 0 {
		return
	}
	f.Kind, f.OutOfMemory = calibrate.KindApp, true
	f.Why = fmt.Sprintf("the kernel ended %s for memory (oom_kill in %s)", say.Plural(int(kills), "process"), a.oom.File)
	f.Try = "give it more memory, or less load: --concurrency 1"
	if limit := a.launch.Spec.MemoryLimit; limit > 0 {
		f.Why += ", under the limit of " + say.MB(limit) + " that was set on it"
	}
}

// listensElsewhere names the ports that the app does listen on.
func (a *App) listensElsewhere() string {
	tree := a.Tree()
	var ports []string
	for _, l := range a.proc.ListenersOf("self") {
		for _, pid := range tree {
			if held, _ := a.proc.Holds(pid, []string{l.Inode}); held {
				ports = append(ports, strconv.Itoa(l.Port))
				break
			}
		}
	}
	if len(ports) == 0 {
		return ""
	}
	return "it listens on port " + strings.Join(ports, ", ") + " instead"
}

// Failure says what became of an app that misbehaved in a phase after boot.
func (a *App) Failure(phase string) *calibrate.Failure {
	log := a.log()
	f := &calibrate.Failure{Kind: calibrate.KindApp, Phase: phase, Log: log.End()}
	select {
	case <-a.guardian.Exited():
		a.explainEnd(f, "in the middle of the run")
		return f
	default:
	}
	workers := a.watch.Workers(a.guardian.PID)
	switch replaced := a.watch.Replacements(); {
	case len(workers) == 0:
		f.What = "no worker of " + a.Name() + " lives"
	case replaced > 0:
		f.Kind = calibrate.KindInconclusive
		f.What = fmt.Sprintf("the worker was replaced %s", say.Times(replaced))
	case a.Backlog() > 0:
		f.What = a.Name() + " lets requests wait"
		f.Why = say.Plural(a.Backlog(), "connection") + " in the accept queue"
	default:
		f.What = a.Name() + " misbehaved"
	}
	a.explainLiving(f, log)
	return f
}

// explainLiving looks for the reason of a trouble that the server itself survived.
func (a *App) explainLiving(f *calibrate.Failure, log known.Log) {
	why, try := a.server().Explain(known.Ending{}, log)
	if why == "" {
		why = log.Exception()
	}
	if why != "" {
		f.Why, f.Try = why, try
	}
	a.explainRefusal(f)
	if f.Try == "" {
		f.Try = "see the end of the app's log"
	}
}
