package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/knob"
	"workermem/calibrate/run"
	"workermem/calibrate/server"
	"workermem/loadgen"
	"workermem/report"
	"workermem/sampler"
)

// runFlags are the flags of `calibrate run`, as written.
type runFlags struct {
	loadFlags
	appFlags
	threads threadCounts
	sizingFlags
	knob.Closeness
	knob.Effort
	outFlags
	configFlags

	settings settings
	given    []string // all that were given, for repeating the run
	wrong    complaints
}

const runExample = `  calibrate run -- gunicorn --threads 4 app:app
  calibrate run --path /search -- gunicorn -c gunicorn.conf.py app:app
  calibrate run --targets requests.txt --rate 50 --duration 5m -- gunicorn app:app
  calibrate run --targets access.log --before login.txt -- gunicorn app:app
  calibrate run --sweep -- gunicorn --threads 4 app:app
  calibrate run --memory 1G --cpus 2 -- uvicorn app:app`

func newRunCmd(env Env) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [flags] -- COMMAND...",
		Short: "Measure an app, size the box, report, save",
		Long: "run starts COMMAND with one worker and recycling off, and finds what the worker can serve. It loads the worker at\n" +
			"70 % of that until the growth of its memory is known, then keeps every thread busy and reads the peak. Two short\n" +
			"runs with other threads and a second worker check the result (--quick leaves them out). --sweep then really runs\n" +
			"the best few candidates, some 20 s each, and recommends the smallest that serves --production-rate, or else the\n" +
			"one that served most for its memory.\n\n" +
			"A server that calibrate doesn't know gets its address through placeholders in COMMAND or in --env values:\n" +
			"{host} {port} {workers} {threads} {max_requests}.",
		Example: runExample,
		RunE: func(cmd *cobra.Command, args []string) error {
			command, err := f.configured(env, cmd.Flags(), args)
			if err != nil {
				return err
			}
			f.settle(cmd.Flags())
			return f.settings.explained(f.run(cmd.Context(), env, command))
		},
	}
	f.register(cmd)
	f.wrong.collect(cmd.Flags())
	return cmd
}

func (f *runFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SetInterspersed(false)
	flags.SortFlags = false
	f.loadFlags.register(flags, "70 % of what one worker can serve", "soak", "when the answer is good enough")
	about(aboutEffort, flags, func(flags *pflag.FlagSet) {
		flags.Var(&f.threads, "threads", "threads of the worker (default: what COMMAND says); after a comma, others to compare")
	})
	about(aboutApp, flags, f.appFlags.register)
	f.sizingFlags.register(flags, "")
	about(aboutEffort, flags, func(flags *pflag.FlagSet) {
		knobs(flags, &f.Closeness)
		knobs(flags, &f.Effort)
	})
	f.format.exports = true
	f.outFlags.register(flags)
	f.configFlags.register(flags)
}

// shorten makes a quick run one, but for what is asked for by name.
func (f *runFlags) shorten(flags *pflag.FlagSet) {
	f.ByRoute = f.ByRoute && (!f.Quick || flags.Changed("by-route"))
	if f.Quick && !flags.Changed("max-soak") {
		f.SoakSeconds = run.QuickSoak.Seconds()
	}
}

// configured takes from calibrate.yaml what the command line doesn't say.
func (f *runFlags) configured(env Env, flags *pflag.FlagSet, typed []string) (command []string, err error) {
	if f.settings, err = f.configFlags.settings(env); err != nil {
		return nil, err
	}
	if err := f.settings.take(flags, aboutApp, aboutWarnings, aboutRequests, aboutLoad, aboutSizing, aboutEffort); err != nil {
		return nil, err
	}
	return f.settings.command(typed)
}

// settle is what follows from which flags were given.
func (f *runFlags) settle(flags *pflag.FlagSet) {
	f.given = given(flags)
	f.shorten(flags)
}

func (f *runFlags) run(ctx context.Context, env Env, command []string) error {
	f.format.complain(env, &f.wrong)
	plan, err := f.plan(command)
	if err != nil {
		return err
	}
	result, path, err := f.measured(ctx, env, plan, nil)
	if err != nil {
		return err
	}
	return f.show(env, path, result)
}

// measured checks everything, opens everything, and only then starts something. A look at what was recognised may refuse it.
func (f *runFlags) measured(ctx context.Context, env Env, plan calibrate.Plan, look func(calibrate.TargetInfo) error) (r calibrate.Result, path string, err error) {
	command := plan.Command
	f.defaultPath(command)
	targets, load, err := f.loader(ctx, env)
	if err != nil {
		return r, "", err
	}
	plan.Targets = targets.Hash()
	spec, err := f.spec(env, command, targets)
	if err != nil {
		return r, "", err
	}
	launch, err := server.Recognise(ctx, spec)
	if err != nil {
		return r, "", err
	}
	if len(plan.OtherThreads) > 0 && !launch.Info().HasThreads {
		return r, "", calibrate.Usage("name one thread count, or write {threads} in the command, in place of the number of threads",
			"--threads: %s can't be started with other threads", launch.Info().Server)
	}
	if look != nil {
		if err := look(launch.Info()); err != nil {
			return r, "", err
		}
	}
	folder, id, err := openRun(env, f.out)
	if err != nil {
		return r, "", err
	}
	defer folder.Close()
	launch.LogTo(folder.Log.File)
	rig := calibrate.Rig{Target: launch, Load: load, Journal: folder, Scale: scaler(ctx, env, spec, folder.Folder)}
	head, err := begun(env, calibrate.Result{ID: id, Target: launch.Info(), Warnings: targets.Warnings()}, plan.Flags)
	if err != nil {
		note(env, "calibrate prove won't know this run as yours: %s; remove it, and another key is made", err)
	}
	if r, err = measure(ctx, env, run.Run, plan, rig, head); err != nil {
		return r, folder.Path, ended(env, folder.Path, err)
	}
	return r, folder.Path, nil
}

// scaler starts the same app set up otherwise.
func scaler(ctx context.Context, env Env, spec server.Spec, folder *calibrate.Folder) func(calibrate.Setup) (calibrate.Target, error) {
	return func(s calibrate.Setup) (calibrate.Target, error) {
		spec := spec
		spec.Env = withVariable(spec.Env, s.Env, env.Getenv)
		spec.Workers, spec.Threads, spec.MaxRequests, spec.Jitter, spec.MemoryLimit = s.Workers, s.Threads, s.MaxRequests, s.Jitter, s.MemoryLimit
		launch, err := server.Recognise(ctx, spec)
		if err != nil {
			return nil, err
		}
		launch.LogTo(folder.Log.File)
		return launch, nil
	}
}

// withVariable is an environment with one NAME=VALUE more. A library to preload comes before those that are.
func withVariable(env map[string]string, variable string, getenv func(string) string) map[string]string {
	name, value, ok := strings.Cut(variable, "=")
	if !ok {
		return env
	}
	more := map[string]string{}
	maps.Copy(more, env)
	have, given := env[name]
	if !given {
		have = getenv(name)
	}
	if have != "" && name == "LD_PRELOAD" {
		value += ":" + have
	}
	more[name] = value
	return more
}

// measuring is calibrate.Run or calibrate.Attach.
type measuring func(context.Context, calibrate.Plan, calibrate.Rig, calibrate.Result) (calibrate.Result, error)

// measure uses the rig with a progress line.
func measure(ctx context.Context, env Env, how measuring, plan calibrate.Plan, rig calibrate.Rig, head calibrate.Result) (calibrate.Result, error) {
	head = headed(head)
	rig, progress := instrumented(env, rig)
	defer progress.Done()
	return how(ctx, plan, rig, head)
}

// headed is a result with what is known before anything is measured.
func headed(head calibrate.Result) calibrate.Result {
	host, warnings := sampler.Host()
	head.Tool, head.Host, head.Warnings = toolInfo(), host, append(head.Warnings, warnings...)
	return head
}

// instrumented gives a rig what every measurement has: the reader of memory, and the progress line.
func instrumented(env Env, rig calibrate.Rig) (calibrate.Rig, *report.Progress) {
	env.measuring()
	progress := report.NewProgress(env.Stderr, env.Terminal, env.Width)
	rig.Progress = progress.Show
	return reading(rig), progress
}

// reading gives a rig the reader of memory.
func reading(rig calibrate.Rig) calibrate.Rig {
	memory := sampler.New()
	rig.Memory, rig.Mapped, rig.Runtime = memory, memory.Mapped, memory.Runtime
	return rig
}

// ended says where a run that was cut short is kept.
func ended(env Env, path string, err error) error {
	return cutShort(env, err, filepath.Join(path, calibrate.ResultFile), "the run is kept in "+shown(env, path), "what was measured is kept: calibrate report "+shown(env, path))
}

// cutShort says where that is kept which a failure has ended: after an interrupt as what to try next. Where its file isn't there,
// nothing is.
func cutShort(env Env, err error, file, kept, try string) error {
	if _, missing := os.Stat(file); missing != nil {
		kept, try = "nothing is kept: "+missing.Error(), "measure again; nothing is kept: "+missing.Error()
	}
	var failure *calibrate.Failure
	if errors.As(err, &failure) && failure.Kind == calibrate.KindInterrupted {
		failure.Try = try
		return failure
	}
	note(env, "%s", kept)
	return err
}

func (f *runFlags) plan(command []string) (calibrate.Plan, error) {
	wrong := f.wrong
	wrong.outside(&f.Load, &f.Closeness, &f.Effort)
	wrong.check(f.requestFlags.checks(), f.appFlags.checks(), []flagCheck{
		{f.Quick && (f.DurationSeconds > 0 || f.Requests > 0), "--quick with --duration or --requests", "one of them"},
		{f.Quick && f.Sweep, "--quick with --sweep", "one of them"},
		{f.Prefer != "" && f.Sweep, "--prefer with --sweep", "one of them: the sweep chooses by what it measures"},
	})
	f.sizingFlags.check(&wrong)
	f.checkRate(&wrong)
	if err := wrong.err("calibrate run --help lists the flags"); err != nil {
		return calibrate.Plan{}, err
	}
	_, others := f.threads.split()
	return calibrate.Plan{
		Command: command, WarmupLimit: run.DefaultWarmup, Variations: f.variations(),
		PlanInfo: calibrate.PlanInfo{
			Load: f.Load, Box: f.Box, Wishes: f.Wishes, Closeness: f.Closeness, Effort: f.Effort,
			OtherThreads: others, Silenced: f.silence, Flags: f.given, Config: f.settings.taken,
		},
	}, nil
}

// variations are the circumstances that a triage looks for creep in.
func (f *runFlags) variations() []calibrate.Variation {
	if !f.Triage {
		return nil
	}
	jemalloc := calibrate.Variation{Name: "jemalloc", Why: "not run: libjemalloc is not installed"}
	if file := server.Jemalloc(); file != "" {
		jemalloc = calibrate.Variation{Name: "jemalloc", Env: "LD_PRELOAD=" + file, Allocator: true, Needs: filepath.Base(file)}
	}
	return []calibrate.Variation{
		{Name: "MALLOC_ARENA_MAX=2", Env: "MALLOC_ARENA_MAX=2", Needs: `libc[.\-][s2]*`}, // glibc's alone: libc.so.6, libc-2.31.so
		jemalloc,
		{Name: "one thread", OneThread: true},
	}
}

func (f *runFlags) spec(env Env, command []string, targets loadgen.Targets) (server.Spec, error) {
	spec, err := specOf(env, f.appFlags, f.requestFlags, command, targets)
	spec.Threads, _ = f.threads.split()
	return spec, err
}

// specOf is the app with one worker, asked for the first of the targets.
func specOf(env Env, app appFlags, requests requestFlags, command []string, targets loadgen.Targets) (server.Spec, error) {
	environment, err := pairs(app.env)
	if err != nil {
		return server.Spec{}, err
	}
	own, err := requests.header(env)
	if err != nil {
		return server.Spec{}, err
	}
	method, path, header := targets.First()
	if method != http.MethodGet {
		path = "/" // readiness is asked for by GET, which must not post anything
	}
	for name, values := range header { // as under load, a target's own header wins
		own[name] = values
	}
	return server.Spec{
		Command: command, Env: environment, URL: app.url, Path: path, Headers: own, AnyAnswer: requests.before != "" || method != http.MethodGet || targets.Len() > 1, Workers: 1,
		BootDeadline: app.bootDeadline, AllowRemote: requests.allowRemote,
	}, nil
}
