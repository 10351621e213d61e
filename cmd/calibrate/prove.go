package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/knob"
	"workermem/calibrate/run"
	"workermem/calibrate/say"
	"workermem/calibrate/server"
	"workermem/loadgen"
	"workermem/report"
	"workermem/sampler"
)

// proveFlags are the flags of `calibrate prove`, as written.
type proveFlags struct {
	appFlags
	requestFlags
	sizingFlags
	proving
	outFlags
	configFlags

	own      *pflag.FlagSet
	trust    bool
	settings settings
	wrong    complaints
}

// proving is what is proved, and how.
type proving struct {
	OneMore     bool    `flag:"one-more" kind:"switch" help:"also try one worker more, which should not fit"`
	Formulas    bool    `flag:"formulas" kind:"switch" help:"also try what the field's rules would choose, under the same limit"`
	Tolerance   float64 `flag:"tolerance" kind:"share" default:"5%" help:"how far the observed memory may be from the predicted"`
	MaxRequests int64   `flag:"max-requests" kind:"count" takes:"a number of requests, 1 or more" help:"replace a worker after this many requests (default: the recommendation)"`
	MaxTime     float64 `flag:"max-time" kind:"duration" zero:"refused" default:"10m" takes:"a time such as 10m" help:"give up on a trial after this long"` // seconds
}

const proveExample = `  calibrate prove
  calibrate prove --memory 600M --reserve 0% --one-more --formulas
  calibrate prove 20261121-093000-1f2e --env DATABASE_URL=postgres:///test`

func newProveCmd(env Env) *cobra.Command {
	var f proveFlags
	cmd := &cobra.Command{
		Use:   "prove [flags] [RUN] [-- COMMAND...]",
		Short: "Run the recommendation under its memory limit, and compare with the prediction",
		Long: "prove starts what a run recommends (the latest, or RUN): all workers, threads and max-requests, in a memory control\n" +
			"group that holds no more than the run's budget. It keeps every thread busy until each worker has been replaced twice.\n" +
			"Then it compares the memory that the kernel charged with the memory that the formula has for the same requests.\n\n" +
			"The app and its requests are those of the run. A run doesn't keep what may be secret: give that again. A run that you\n" +
			"didn't record in this folder on this machine may be anybody's: its command is started with --trust alone, or you\n" +
			"give one.\n" +
			"--memory, --cpus and the like size the run for another box first, and prove that.",
		Example: proveExample,
		Args:    namesRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.own = cmd.Flags()
			run, command, err := runAndCommand(cmd.ArgsLenAtDash(), args)
			if err != nil {
				return err
			}
			if f.settings, err = f.configFlags.settings(env); err != nil {
				return err
			}
			if err := f.settings.take(f.own, aboutProof, aboutWarnings); err != nil {
				return err
			}
			return f.settings.explained(f.prove(cmd.Context(), env, run, command))
		},
	}
	f.register(cmd.Flags())
	f.wrong.collect(cmd.Flags())
	return cmd
}

// runAndCommand parts [RUN] [-- COMMAND...].
func runAndCommand(dash int, args []string) (run string, command []string, err error) {
	before := args
	if dash >= 0 {
		before, command = args[:dash], args[dash:]
		if len(command) == 0 {
			return "", nil, calibrate.Usage("write it there, or leave -- out", "no command follows --")
		}
	}
	switch len(before) {
	case 0:
		return "", command, nil
	case 1:
		return before[0], command, nil
	}
	return "", nil, calibrate.Usage("name one run; the app's command goes after --", "%s runs are named", say.Count(len(before)))
}

func (f *proveFlags) register(flags *pflag.FlagSet) {
	flags.SortFlags = false
	about(aboutProof, flags, func(flags *pflag.FlagSet) { knobs(flags, &f.proving) })
	f.sizingFlags.register(flags, "the run's, else ")
	about(aboutApp, flags, f.appFlags.register)
	about(aboutRequests, flags, f.requestFlags.register)
	f.outFlags.register(flags)
	f.configFlags.register(flags)
	about(aboutConfig, flags, func(flags *pflag.FlagSet) {
		flags.BoolVar(&f.trust, "trust", false, "start the command of RUN although it was not recorded by you, in this folder on this machine")
	})
}

func (f *proveFlags) check() error {
	wrong := f.wrong
	wrong.outside(&f.proving)
	wrong.check(f.appFlags.checks(), f.requestFlags.checks())
	f.sizingFlags.check(&wrong)
	wrong.add(f.own.Changed("max-requests") && f.MaxRequests == 0 && wrong.sound("max-requests"), "leave it out for the recommendation's", "--max-requests 0 would never replace a worker")
	return wrong.err("calibrate prove --help lists the flags")
}

func (f *proveFlags) prove(ctx context.Context, env Env, name string, command []string) error {
	if err := f.check(); err != nil {
		return err
	}
	measured, err := loadRun(env, name)
	if err != nil {
		return err
	}
	if measured, err = f.sized(measured); err != nil {
		return err
	}
	if err := f.settings.takeSecrets(f.own, measured.Plan); err != nil {
		return err
	}
	flags, err := f.trusted(env, measured, name, command)
	if err != nil {
		return err
	}
	if len(command) == 0 {
		command = measured.Target.Command
	}
	again, err := f.again(flags, command, name)
	if err != nil {
		return err
	}
	targets, load, err := again.loader(ctx, env)
	if err != nil {
		return err
	}
	spec, err := specOf(env, again.appFlags, again.requestFlags, again.command, targets)
	if err != nil {
		return err
	}
	plan := f.plan(measured)
	plan.Command, plan.Flags = again.command, given(f.own)
	if err := recognised(ctx, spec, plan, measured.Target.Server); err != nil {
		return err
	}
	note(env, "proving %s with: %s", plan.Shape, report.Command(calibrate.Redact(again.command)))
	folder, id, err := openRun(env, f.out)
	if err != nil {
		return err
	}
	defer folder.Close()
	rig := calibrate.Rig{Load: load, Journal: folder.Folder, Scale: scaler(ctx, env, spec, folder.Folder)}
	plan.Host, _ = sampler.Host()
	measured.Seal = handedOn(env, measured, id)
	measured.Warnings = append(slices.DeleteFunc(slices.Clone(measured.Warnings), aboutTargets), targets.Warnings()...)
	measured.Plan.Silenced = append(slices.Clone(measured.Plan.Silenced), f.silence...)
	rig, progress := instrumented(env, rig)
	proved, err := run.Prove(ctx, plan, rig, id, measured)
	progress.Done()
	return f.shown(env, folder.Path, proved, err)
}

// aboutTargets is true of what the reading of the run's targets noted: they are read again, and may be others.
func aboutTargets(w calibrate.Warning) bool {
	return w.Code == loadgen.TargetsSkipped || w.Code == loadgen.TargetsSampled
}

// sized is the run sized for the box that the flags name; one without an answer proves nothing.
func (f *proveFlags) sized(r calibrate.Result) (calibrate.Result, error) {
	if has(f.own, aboutSizing) {
		r.Plan = f.planned(r.Plan, f.own.Changed)
		if withoutRate(r.Plan.Box) {
			return r, calibrate.Usage(giveOne, noRate)
		}
		r = analyse.Resized(r)
	}
	if err := recommends(r); err != nil {
		return r, err
	}
	return r, f.startable(r)
}

// recommends says why a run recommends nothing that could be run.
func recommends(r calibrate.Result) error {
	rec := r.Recommendation
	switch {
	case r.Mode == calibrate.ModeAttach:
		return calibrate.Usage("measure it with calibrate run -- COMMAND, and prove that", "a server that was only watched can't be started")
	case r.Truth != nil:
		return calibrate.Usage("calibrate run -- COMMAND measures an app that can be proved", "the demo app has one worker only")
	case !r.Complete || rec.Withheld != nil || !rec.NothingFits && (rec.Workers < 1 || rec.BudgetBytes < 1):
		return &calibrate.Failure{Kind: calibrate.KindInconclusive, What: "this run recommends nothing that could be proved",
			Why: report.Withheld(r), Try: "measure again: calibrate run -- COMMAND"}
	case rec.NothingFits:
		return &calibrate.Failure{Kind: calibrate.KindNothingFits, What: "nothing fits, so there is nothing to prove", Why: report.Refusal(r),
			Try: "give it more memory: --memory"}
	}
	return nil
}

// startable says why the server can't be started as it is recommended.
func (f *proveFlags) startable(r calibrate.Result) error {
	rec, t := r.Recommendation, r.Target
	switch limited := rec.MaxRequests > 0 || f.MaxRequests > 0; {
	case limited && rec.Workers == 1 && slices.ContainsFunc(r.Warnings, endsServer):
		return calibrate.Usage("prove two workers: --min-workers 2", "with one worker, %s ends at its request limit, and nothing would answer", t.Server)
	case rec.Workers == 1 || t.CanScale:
		return nil
	case !server.Known().Named(t.Server).Known():
		return calibrate.Usage("write {workers} in the command, in place of the number of workers", "calibrate can't start this command with %s", say.Plural(rec.Workers, "worker"))
	}
	return calibrate.Usage("measure again: calibrate run -- COMMAND",
		"the run doesn't say that %q can be started with %s; it may come from an older calibrate", t.Server, say.Plural(rec.Workers, "worker"))
}

// endsServer is the trap of a server whose only worker is the server itself.
func endsServer(w calibrate.Warning) bool { return w.Code == server.EndsServer }

// plan proves the recommendation under a limit of its budget.
func (f *proveFlags) plan(r calibrate.Result) calibrate.ProofPlan {
	rec := r.Recommendation
	p := calibrate.ProofPlan{Tolerance: f.Tolerance, OneMore: f.OneMore, Formulas: f.Formulas, Limit: knob.Duration(f.MaxTime)}
	p.Shape = calibrate.Shape{Workers: rec.Workers, Threads: rec.Threads}
	p.MaxRequests, p.Jitter, p.MemoryLimit = int64(rec.MaxRequests), int64(rec.MaxRequestsJitter), rec.BudgetBytes
	if f.MaxRequests > 0 {
		p.MaxRequests, p.Jitter = f.MaxRequests, 0
		if r.Target.HasJitter {
			p.Jitter = f.MaxRequests / 10
		}
	}
	if err := server.GroupPossible(); err != nil {
		p.NoLimit = err.Error()
	}
	return p
}

// recognised refuses before anything is written what could not be started, and another server than the measured one.
func recognised(ctx context.Context, spec server.Spec, p calibrate.ProofPlan, named string) error {
	spec.Workers, spec.Threads, spec.MaxRequests, spec.Jitter, spec.MemoryLimit = p.Workers, p.Threads, p.MaxRequests, p.Jitter, p.MemoryLimit
	launch, err := server.Recognise(ctx, spec)
	if err == nil && launch.Info().Server != named {
		return calibrate.Usage("measure it first: calibrate run -- "+spec.Command[0]+" ...", "the run measured %s, not %s", named, launch.Info().Server)
	}
	return err
}

// repeated is the app and the requests of a run, to be started again.
type repeated struct {
	runFlags
	command []string
}

// trusted are the flags of a run by which the app is started and asked again. A run that may be anybody's is not started unasked, and
// where the command is this user's own, neither are its variables nor its requests taken.
func (f *proveFlags) trusted(env Env, r calibrate.Result, name string, command []string) ([]string, error) {
	flags := r.Plan.Flags
	own, err := sealed(env, r)
	if err != nil && !f.trust {
		note(env, "no run can be known as yours: %s; remove it, and another key is made", err)
	}
	switch {
	case f.trust || own:
		return flags, nil
	case len(command) == 0:
		again := slices.DeleteFunc([]string{"calibrate", "prove", name}, func(word string) bool { return word == "" })
		return nil, &calibrate.Failure{Kind: calibrate.KindUsage, What: "this run was not recorded by you in this folder on this machine, and its command would be started",
			Why: "it is calibrate run " + report.Command(slices.Concat(flags, []string{"--"}, r.Target.Command)),
			Try: report.Command(append(again, "--trust")) + " if you know it; or give a command of your own behind --"}
	}
	if left := slices.DeleteFunc(slices.Clone(flags), f.forFigures); len(left) > 0 {
		note(env, "not taken from the run, which was not recorded by you in this folder on this machine: %s", report.Command(left))
	}
	return nil, nil
}

// forFigures says that a flag of a run says neither how the app is started nor what it is asked for.
func (f *proveFlags) forFigures(flag string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
	known := f.own.Lookup(name)
	return known == nil || subjectOf(known) != aboutApp && subjectOf(known) != aboutRequests
}

// again reads the flags that the run had, but for those that this command line has instead. They are read apart: nothing in them
// may hide one of the user's own.
func (f *proveFlags) again(flags, command []string, name string) (repeated, error) {
	all := repeated{command: command}
	if missing := f.notKept(flags, command); len(missing) > 0 {
		return all, calibrate.Usage("give the same command with "+report.Command(missing)+", *** filled in",
			"the run%s doesn't keep what may be secret, nor what allows load to leave this machine", strings.TrimRight(" "+name, " "))
	}
	cmd := &cobra.Command{}
	all.register(cmd)
	err := cmd.Flags().Parse(slices.DeleteFunc(slices.Clone(flags), f.replaced))
	if err == nil && (cmd.Flags().NArg() > 0 || cmd.Flags().ArgsLenAtDash() >= 0) {
		err = errors.New("not all of them are flags")
	}
	if err == nil {
		err = cmd.Flags().Parse(f.written())
	}
	if err != nil {
		return all, calibrate.Usage("name another run, or measure again", "the flags of the run can't be read: %s", err)
	}
	all.defaultPath(all.command)
	return all, nil
}

// notKept are the flags of a run, and its command, that must be given again and were not: the run lacks a part of them, or
// they allow what no file may.
func (f *proveFlags) notKept(flags, command []string) (missing []string) {
	for _, flag := range flags {
		given := strings.Contains(flag, calibrate.Redacted) || flag == "--targets=-" || strings.HasPrefix(flag, "--allow-remote")
		if given && !f.replaced(flag) {
			missing = append(missing, flag)
		}
	}
	if slices.ContainsFunc(command, func(word string) bool { return strings.Contains(word, calibrate.Redacted) }) {
		missing = append(append(missing, "--"), command...)
	}
	return missing
}

// replaced says whether this command line has another value for a flag of the run: a header or a variable by its name.
func (f *proveFlags) replaced(flag string) bool {
	name, value, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
	named, _, _ := strings.Cut(value, nameEnds[name])
	sameName := func(separator string) func(string) bool {
		return func(other string) bool {
			return strings.HasPrefix(strings.ToLower(other), strings.ToLower(named+separator))
		}
	}
	switch name {
	case "env":
		return slices.ContainsFunc(f.env, sameName("="))
	case "header", "header-env":
		return slices.ContainsFunc(f.headers, sameName(":")) || slices.ContainsFunc(f.headerEnv, sameName("="))
	case "path", "targets":
		return f.own.Changed("path") || f.own.Changed("targets")
	case "methods":
		return f.own.Changed("path") || f.own.Changed("targets") || f.own.Changed("methods")
	}
	return f.own.Changed(name)
}

// written are this command line's own flags of the app and its requests.
func (f *proveFlags) written() (args []string) {
	f.own.Visit(func(flag *pflag.Flag) {
		if what := subjectOf(flag); what != aboutApp && what != aboutRequests {
			return
		}
		for _, value := range valuesOf(flag) {
			args = append(args, "--"+flag.Name+"="+value)
		}
	})
	return args
}

func (f *proveFlags) shown(env Env, path string, r calibrate.Result, err error) error {
	savedIn(env, path, calibrate.ResultFile)
	if err != nil && len(r.Proof.Trials) == 0 {
		return ended(env, path, err)
	}
	if err == nil {
		err = exitWith(r.Proof.Outcome())
	}
	return f.format.showAs(env, f.kept(env, path, report.Proof(r)), err)
}
