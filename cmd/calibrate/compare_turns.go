package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/run"
	"workermem/calibrate/server"
	"workermem/loadgen"
	"workermem/report"
)

// turnTaker starts the runs of a comparison, each in its version's folder.
type turnTaker struct {
	env      Env
	flags    *compareFlags
	versions map[calibrate.Side]versioned
	targets  loadgen.Targets
	loader   func() *loadgen.Loader // a fresh one begins with the first request
	id       string
	folder   *calibrate.Private // of the comparison, its path absolute
	above    *os.Root           // of all comparisons and runs; nil if the folder is one that the user named
	home     string             // that calibrate was started in
	made     []string           // folders that were not there, the innermost first
	progress *report.Progress
	opened   int
	began    time.Time
}

var _ run.Turns = (*turnTaker)(nil)

// turns reads the requests and opens the comparison's folder.
func (f *compareFlags) turns(ctx context.Context, env Env, versions map[calibrate.Side]versioned) (*turnTaker, error) {
	f.defaultPath(versions[calibrate.SideHead].command)
	targets, first, err := f.loader(ctx, env)
	if err != nil {
		return nil, err
	}
	t := &turnTaker{env: env, flags: f, versions: versions, targets: targets, id: newID(time.Now()), began: time.Now()}
	t.loader = first.Again
	if t.home, err = os.Getwd(); err != nil {
		return nil, err
	}
	if t.folder, err = newFolder(env, f.out, filepath.Join(comparesFolder(env), t.id), t.make); err != nil {
		return nil, err
	}
	if f.out == "" {
		t.above = opened(filepath.Dir(filepath.Dir(t.folder.Path)))
	}
	warnShared(env, t.folder)
	env.measuring()
	t.progress = report.NewProgress(env.Stderr, env.Terminal, env.Width)
	return t, nil
}

// make makes the comparison's folder. Its path holds wherever a version is started.
func (t *turnTaker) make(path string) (*calibrate.Private, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	t.made = notThere(path)
	return calibrate.MakePrivate(path)
}

// notThere are a folder and those above it that MkdirAll would make.
func notThere(folder string) (all []string) {
	for ; ; folder = filepath.Dir(folder) {
		if _, err := os.Lstat(folder); !errors.Is(err, fs.ErrNotExist) {
			return all
		}
		all = append(all, folder)
	}
}

// tidy removes what was made for the comparison, if nothing came into it.
func (t *turnTaker) tidy() {
	t.folder.Close()
	if t.above != nil {
		_ = t.above.Close()
	}
	for _, folder := range t.made {
		if os.Remove(folder) != nil { // it isn't empty
			return
		}
	}
}

// recognised is a version's command, understood in its own folder, which is where it is started.
func (t *turnTaker) recognised(ctx context.Context, side calibrate.Side) (*server.Launch, error) {
	v := t.versions[side]
	if err := os.Chdir(v.dir); err != nil {
		return nil, calibrate.Usage("name a folder that can be entered", "%s: %s", side, err)
	}
	spec, err := specOf(t.env, t.flags.appFlags, t.flags.requestFlags, v.command, t.targets)
	if err != nil {
		return nil, err
	}
	return server.Recognise(ctx, spec)
}

func (t *turnTaker) back() { _ = os.Chdir(t.home) } // it was there a moment ago

// Open makes the run's folder, and understands the command.
func (t *turnTaker) Open(ctx context.Context, side calibrate.Side) (run.Turn, error) {
	launch, err := t.recognised(ctx, side)
	if err != nil {
		t.back()
		return run.Turn{}, err
	}
	t.opened++
	name := strconv.Itoa(t.opened) + "-" + string(side)
	folder, err := t.folder.CreateFolder(name)
	if err != nil {
		t.back()
		return run.Turn{}, err
	}
	keepFromGit(t.above)
	launch.LogTo(folder.Log.File)
	plan := calibrate.Plan{Command: t.versions[side].command, PlanInfo: calibrate.PlanInfo{
		Load: t.flags.Load, Flags: given(t.flags.own), Silenced: t.flags.silence, Config: t.flags.settings.taken,
	}}
	here := t.env
	here.Dir = t.versions[side].dir
	head, _ := begun(here, calibrate.Result{ID: t.id + "/" + name, Target: launch.Info()}, plan.Flags) // who proves it hears what is wrong with the key
	return run.Turn{
		Folder: name, Close: func() { folder.Close(); t.back() },
		Plan: plan, Head: headed(head),
		Rig: reading(calibrate.Rig{Target: launch, Load: t.loader(), Journal: folder, Progress: func(s calibrate.Status) {
			s.Phase, s.Elapsed = "run "+name+", "+s.Phase, time.Since(t.began)
			s.Left = 0 // of this run alone, and nobody knows how many there will be
			t.progress.Show(s)
		}}),
	}, nil
}

// startOnce starts a version and ends it.
func (t *turnTaker) startOnce(ctx context.Context, side calibrate.Side) error {
	defer t.back()
	launch, err := t.recognised(ctx, side)
	if err != nil {
		return err
	}
	log, err := t.folder.OpenLog("start-" + string(side) + ".log")
	if err != nil {
		return err
	}
	defer log.Close()
	launch.LogTo(log.File)
	note(t.env, "%s: a first start, unmeasured", side)
	err = run.StartOnce(ctx, launch)
	if ctx.Err() != nil {
		return interruptedIn(ctx, "interrupted in the first start of "+string(side))
	}
	return err
}

// Save writes compare.json.
func (t *turnTaker) Save(c calibrate.Comparison) error {
	return t.folder.Write(calibrate.CompareFile, c)
}
