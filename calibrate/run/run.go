package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/say"
)

// Run measures the app of the rig as the plan says. head holds what is known beforehand: id, tool, host.
//
// It always returns the result as far as it was measured, analysed and saved. The error, if any, is a *Failure:
// why the run ended early. A run that was measured to its end but allows no verdict is not an error: see Result.Outcome.
func Run(ctx context.Context, p calibrate.Plan, rig calibrate.Rig, head calibrate.Result) (calibrate.Result, error) {
	r := newRun(p, rig, head, calibrate.ModeRun)
	if err := rig.Journal.Save(r.result); err != nil {
		return r.result, journalFailure(err)
	}
	err := r.measure(ctx)
	return r.finish(err)
}

func newRun(p calibrate.Plan, rig calibrate.Rig, head calibrate.Result, mode calibrate.Mode) *run {
	r := &run{plan: p, rig: rig, started: time.Now(), result: head}
	r.result.Schema, r.result.Mode, r.result.Tool.Rules = calibrate.Schema, mode, calibrate.Rules
	r.result.Target = redactedInfo(head.Target)
	r.result.Plan = p.Info()
	r.result.StartedAt = r.started
	if mode == calibrate.ModeRun {
		r.result.Steps = r.steps()
		r.ahead = r.outlook()
		r.rig.Progress = r.ahead.placing(rig.Progress)
	}
	return r
}

// run is one calibration under way.
type run struct {
	plan      calibrate.Plan
	rig       calibrate.Rig
	started   time.Time
	app       calibrate.App
	url       string // where the load goes; the one in the result has lost its secrets
	watch     *watcher
	result    calibrate.Result
	phase     string   // where it is, for messages
	whole     bool     // the calibration proper is done
	unhurried pacing   // of the search for capacity, in which no queue can build up
	full      bool     // the steady load is all that the worker can take: see isSlow
	held      float64  // bytes that the server had before: they are no part of the memory that is free
	accepted  accepted // of a watch
	ahead     *outlook // of a run
}

func (r *run) measure(ctx context.Context) error {
	if err := r.measureOne(ctx); err != nil {
		return err
	}
	for _, s := range r.beside() {
		if err := r.take(ctx, s); err != nil {
			return err
		}
		if err := r.rig.Journal.Save(r.analysed()); err != nil {
			return journalFailure(err)
		}
	}
	return nil
}

// measureOne is the calibration proper: one worker, from boot to stop.
func (r *run) measureOne(ctx context.Context) error {
	r.enter(calibrate.PhaseBoot)
	app, err := r.boot(ctx)
	if err != nil {
		return r.explain(ctx, err)
	}
	r.done(calibrate.PhaseBoot)
	defer r.stop(ctx)
	held, missing := r.openTree(app)
	readTree := func() {
		if r.result.Tree = missing; held != nil {
			r.result.Tree = held.tree()
		}
	}
	defer func() {
		if !r.whole { // cut short
			readTree()
		}
		held.close()
	}()
	ctx, cancel := context.WithCancelCause(ctx)
	stopWatching := r.startWatching(ctx, app, held, cancel)
	defer stopWatching()
	for _, phase := range r.phases() {
		if err := r.take(ctx, phase); err != nil {
			return r.explain(ctx, err)
		}
		r.dropEarlierPick()
		r.readEarly()
		if err := r.rig.Journal.Save(r.result); err != nil {
			return journalFailure(err)
		}
	}
	readTree()
	if err := r.readEnd(); err != nil {
		return err
	}
	return r.take(ctx, r.crowded())
}

func (r *run) boot(ctx context.Context) (calibrate.App, error) {
	stopTelling := r.tellWhile("the app's first answer")
	defer stopTelling()
	return r.start(ctx)
}

func (r *run) start(ctx context.Context) (calibrate.App, error) {
	app, err := r.rig.Target.Start(ctx)
	if err != nil {
		return nil, err
	}
	r.app, r.url = app, app.Info().URL
	r.result.Target = redactedInfo(app.Info())
	r.result.Warnings = append(r.result.Warnings, app.Warnings()...)
	return app, nil
}

// tellWhile keeps the progress line alive while nothing is watched, until the returned function is called.
func (r *run) tellWhile(waiting string) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer calibrate.Caught()
		defer close(ended)
		for {
			r.show(waiting)
			select {
			case <-done:
				return
			case <-time.After(time.Second):
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

func redactedInfo(t calibrate.TargetInfo) calibrate.TargetInfo {
	t.Command, t.MeasuredCommand, t.URL = calibrate.Redact(t.Command), calibrate.Redact(t.MeasuredCommand), calibrate.RedactText(t.URL)
	t.Changes = slices.Clone(t.Changes)
	for i, change := range t.Changes {
		t.Changes[i] = calibrate.RedactText(change)
	}
	return t
}

// startWatching samples until the returned function is called, and ends the measuring when the app or a worker ends.
func (r *run) startWatching(ctx context.Context, app calibrate.App, held *heldReader, fail context.CancelCauseFunc) (stop func()) {
	r.watch = &watcher{rig: r.rig, app: app, held: held, started: r.started, fail: fail, phase: r.phase, guest: r.result.Mode == calibrate.ModeAttach}
	r.watch.look()
	return r.watch.follow(ctx, nil)
}

var errAppEnded = errors.New("the app ended during the measurement")

func (r *run) enter(phase string) {
	r.phase = phase
	if r.watch != nil {
		r.watch.enter(phase)
		return
	}
	r.show("")
}

// show draws the progress line where no watcher does.
func (r *run) show(waiting string) {
	if r.rig.Progress != nil {
		r.rig.Progress(calibrate.Status{Phase: r.phase, Elapsed: time.Since(r.started), Requests: r.rig.Answered(), Waiting: waiting})
	}
}

// explain turns whatever ended the measuring into a *Failure.
func (r *run) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	var failure *calibrate.Failure
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.Is(err, errAppEnded):
		failure = r.app.Failure(r.phase)
		failure.Kind = calibrate.KindApp
	case errors.Is(err, errWorkerEnded):
		failure = r.workerEnded()
	case context.Cause(ctx) == nil:
		failure = &calibrate.Failure{Kind: calibrate.KindTool, What: "calibrate failed in phase " + r.phase, Why: err.Error(),
			Try: "run it again; if it stays, report it with this message", Err: err}
	default:
		failure = &calibrate.Failure{Kind: calibrate.KindInterrupted, What: "interrupted in phase " + r.phase, Err: err,
			Why: err.Error(), Try: "what was measured is kept: calibrate report shows it"}
	}
	failure.Phase = r.phase
	return failure
}

// workerEnded gives the server a moment to follow its worker: a server that ends because its worker did is the larger
// news, and its log says why.
func (r *run) workerEnded() *calibrate.Failure {
	select {
	case <-r.app.Exited():
		f := r.app.Failure(r.phase)
		f.Kind = calibrate.KindApp
		return f
	case <-time.After(time.Second):
	}
	f := r.app.Failure(r.phase)
	if f.Kind != calibrate.KindApp {
		f.Kind = calibrate.KindInconclusive
	}
	return f
}

// readEarly reads the page tables once after the first load that keeps the worker busy. Where it can't, readEnd says so.
func (r *run) readEarly() {
	if r.result.Worker.Early == nil && r.phase != calibrate.PhaseAlone && r.rig.Load.Answered() > 0 {
		r.result.Worker.Early, _ = r.watch.end()
	}
}

// readEnd takes the costly reading again, once the load is over.
func (r *run) readEnd() error {
	end, err := r.watch.end()
	switch {
	case errors.Is(err, calibrate.ErrGone):
		return r.workerEnded()
	case err != nil:
		r.warnNoPageTables(err.Error())
	}
	r.result.Worker.End = end
	r.readAddresses()
	r.doubt()
	r.whole = true
	if err := r.rig.Journal.Save(r.analysed()); err != nil { // what follows only adds to it: a kill must not cost the answer
		return journalFailure(err)
	}
	return nil
}

func (r *run) warnNoPageTables(why string) {
	r.warn("no-page-tables", "the worker's page tables could not be read ("+why+"), so what one more worker "+
		"costs is not known; its RSS stands in, an upper bound",
		"run calibrate as the user of the app, or as root")
}

func (r *run) warn(code, text, try string) {
	r.result.Warnings = append(r.result.Warnings, calibrate.Warning{Code: code, Text: calibrate.RedactText(text), Try: try})
}

// stopLimit bounds the end of a run: the servers' own graceful ends are done within ten seconds, and then the group is killed.
const stopLimit = 20 * time.Second

func (r *run) stop(ctx context.Context) {
	r.enter(calibrate.PhaseStop)
	leaving, left := r.watchLeaving(), r.watchLeft()
	stopped := r.end(ctx, r.app)
	r.result.Worker.LeavingBytes, r.result.Worker.LeftSharedBytes = leaving(), left()
	r.result.Target.StopSeconds, r.result.Target.Killed = stopped.Seconds, stopped.Killed
	if stopped.Killed > 0 && ctx.Err() == nil { // an interrupted run has less patience
		r.warn("killed-at-stop", fmt.Sprintf("calibrate killed %s of the app that had not ended %s after it was told to", say.Plural(stopped.Killed, "process"), say.Seconds(stopped.Seconds)),
			"look at what keeps it: requests that take so long, or work at its end; production waits as long as its own limit allows")
	}
}

// end stops an app, and says so if something of it is left.
func (r *run) end(ctx context.Context, app calibrate.App) calibrate.Stopped {
	stopped, left := endApp(ctx, app)
	r.result.Warnings = append(r.result.Warnings, left...)
	return stopped
}

// endApp stops an app, also where ctx has ended: then it has less time for that.
func endApp(ctx context.Context, app calibrate.App) (calibrate.Stopped, []calibrate.Warning) {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	stopped, err := app.Stop(ctx)
	if err == nil && stopped.Left == 0 {
		return stopped, nil
	}
	return stopped, []calibrate.Warning{{Code: "processes-left", Text: fmt.Sprintf("calibrate could not end %s of the app", say.Plural(stopped.Left, "process")),
		Try: "look for them with ps, and end them by hand"}}
}

// doubtWorker notes that another process was taken for the worker at first, or that it stayed a guess.
func (r *run) doubtWorker() {
	r.result.Target.WorkerRule = r.app.Info().WorkerRule
	r.dropEarlierPick()
	if r.result.Worker.Generation > 0 && r.result.Mode != calibrate.ModeAttach {
		r.warn("worker-changed", "another process was taken for the worker before the load showed which one serves: what was read of it is left "+
			"out, so idle memory is not known", "nothing, unless idle memory matters")
	}
	if r.result.Target.WorkerRule.Kind == calibrate.RuleGuess {
		r.warn("worker-guessed", "which process is the worker is a guess: "+r.result.Target.WorkerRule.Words,
			"load it for longer, or more, so that it shows who holds the connections")
	}
}

// doubt notes what the watcher saw that stands against the figures.
func (r *run) doubt() {
	r.doubtWorker()
	restarts, broken := r.watch.seen()
	r.result.Worker.Restarts = restarts
	if broken != nil {
		r.warn("peak-from-samples", "the kernel's high-water mark could not be reset ("+broken.Error()+"), so the peak is "+
			"the highest of ten samples a second and can miss a spike", "run calibrate as the user of the app, or as root")
	}
}

// interruption is what an error says of the end of a run.
func interruption(err error) *calibrate.Interruption {
	i := calibrate.Interruption{Kind: calibrate.InterruptedByTool, Words: calibrate.RedactText(err.Error())}
	var failure *calibrate.Failure
	if !errors.As(err, &failure) {
		return &i
	}
	i.Phase, i.Refusal = failure.Phase, failure.Refusal
	switch failure.Kind {
	case calibrate.KindInterrupted:
		i.Kind = calibrate.InterruptedByUser
	case calibrate.KindApp:
		i.Kind = calibrate.InterruptedByApp
	case calibrate.KindInconclusive:
		i.Kind = calibrate.InterruptedByLoad
	}
	return &i
}

func (r *run) finish(err error) (calibrate.Result, error) {
	if err != nil {
		r.result.Interrupted = interruption(err)
	}
	if !r.whole && r.watch != nil {
		r.doubt()
	}
	r.whole = r.whole || err == nil
	r.result = r.analysed()
	if saveErr := r.rig.Journal.Save(r.result); saveErr != nil && err == nil {
		err = journalFailure(saveErr)
	}
	return r.result, err
}

// analysed is the result as far as it was measured by now.
func (r *run) analysed() calibrate.Result {
	result := r.result
	result.DurationSeconds = time.Since(r.started).Seconds()
	result.Complete = r.whole
	var samples []calibrate.Sample
	if r.watch != nil {
		samples = r.watch.taken(0)
	}
	return analyse.Analyse(calibrate.Measured{Result: result, Samples: samples})
}
