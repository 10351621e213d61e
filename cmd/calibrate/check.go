package main

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/gate"
	"workermem/calibrate/say"
	"workermem/report"
)

// checkFlags are the flags of `calibrate check`, as written. Those of a run are for the measurement that it may begin with; of
// its threads the first are deployed.
type checkFlags struct {
	runFlags
	production
	limits   limitList
	baseline baselineFlags
	ci       ciFlags

	own     *pflag.FlagSet
	ignored []calibrate.Ignore
}

// production is what is deployed, beside its threads.
type production struct {
	Workers     int   `flag:"workers" kind:"count" zero:"refused" most:"1048576" takes:"a number of workers from 1 to 1048576" help:"workers that are deployed (default: what COMMAND says, if it is more than one)"`
	MaxRequests int64 `flag:"max-requests" kind:"count" takes:"a number of requests, or 0 for no limit" help:"after how many requests a deployed worker is replaced (default: what COMMAND says)"`
}

const checkExample = `  calibrate check --limit 'worker <= 150MB' --limit 'creep <= 1KB'
  calibrate check --workers 4 --threads 4 --memory 1G --max-requests 5000
  calibrate check --memory 1G --production-rate 80/s -- gunicorn --workers 4 --threads 4 app:app
  calibrate check --limit 'peak <= +5% or +4MB' -- gunicorn app:app
  calibrate check --update-baseline`

func newCheckCmd(env Env) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [flags] [RUN] [-- COMMAND...]",
		Short: "Hold a run to limits, to a baseline, and to what is deployed: for CI",
		Long: "check judges a saved run: the latest, or RUN. With COMMAND it measures first; after a bare --, the command of\n" +
			"calibrate.yaml. It says one line if all holds.\n\n" +
			"Does what is deployed still fit? With --workers, or if COMMAND names more than one, the total of that shape with its\n" +
			"creep is held to the budget, and what it serves to --production-rate.\n\n" +
			"A limit is METRIC <= AMOUNT, or METRIC >= AMOUNT where more is better; calibrate explain lists the metrics. Against the\n" +
			"baseline it is a change: 'worker <= +5%', or 'peak <= +5% or +4MB', of which both must be exceeded. Each figure is\n" +
			"judged by its interval. Those of calibrate.yaml hold, too, unless one here is of the same figure.\n\n" +
			"Exit codes: 0 all holds; 5 what is deployed doesn't fit; 10 a limit is exceeded; 11 a regression against the baseline;\n" +
			"4 something can't be told, which is never a pass; 3 the app failed; 2 wrong usage.",
		Example: checkExample,
		Args:    namesRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.own = cmd.Flags()
			name, command, err := f.configured(env, cmd.ArgsLenAtDash(), args)
			if err != nil {
				return err
			}
			return f.settings.explained(f.check(cmd.Context(), env, name, command))
		},
	}
	f.register(cmd)
	f.wrong.collect(cmd.Flags())
	return cmd
}

func (f *checkFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	about(aboutCheck, flags, func(flags *pflag.FlagSet) {
		flags.Var(&f.limits, "limit", "what the run must meet, such as 'worker <= 150MB' (repeat it for several)")
		knobs(flags, &f.production)
		f.baseline.register(flags)
	})
	about(aboutOutput, flags, f.ci.register)
	f.runFlags.register(cmd)
	flags.SetInterspersed(true) // a flag may stand behind RUN
}

// limitList are the limits as they are given, each checked on its own.
type limitList struct{ calibrate.Limits }

func (l *limitList) String() string { return "" }
func (l *limitList) Type() string   { return "limit" }
func (l *limitList) Set(text string) (err error) {
	l.Limits, err = l.Add(text)
	return err
}

// configured takes from calibrate.yaml what the command line doesn't say. A saved run had its own host, load and app.
func (f *checkFlags) configured(env Env, dash int, args []string) (name string, command []string, err error) {
	if dash < 0 || dash == len(args) {
		name, _, err = runAndCommand(-1, args)
	} else {
		name, command, err = runAndCommand(dash, args)
	}
	if err != nil {
		return "", nil, err
	}
	if dash >= 0 {
		command, err = f.runFlags.configured(env, f.own, command)
	} else if f.settings, err = f.configFlags.settings(env); err == nil {
		err = f.settings.take(f.own, aboutWarnings)
	}
	if err != nil {
		return "", nil, err
	}
	f.takeGate()
	return name, command, f.settings.take(f.own, aboutCheck)
}

// takeGate takes what the file has a run held to.
func (f *checkFlags) takeGate() {
	for _, l := range f.settings.Limits {
		if !slices.ContainsFunc(f.limits.Limits, l.Repeats) {
			f.limits.Limits = append(f.limits.Limits, l.Limit)
		}
	}
	for _, i := range f.settings.Ignore {
		f.ignored = append(f.ignored, i.Ignore)
	}
	if file := f.settings.Baseline.Text; file != "" && !filepath.IsAbs(file) {
		f.baseline.usual = filepath.Join(f.settings.folder, file)
	} else {
		f.baseline.usual = file
	}
}

func (f *checkFlags) check(ctx context.Context, env Env, name string, command []string) error {
	f.baseline.read(env, &f.wrong)
	f.wrong.add(f.baseline.update && f.format.page.is(f.baseline.path(env)), "name two files", "--html and the baseline are one file, %s", f.format.page.path)
	if err := f.complain(env, name, command); err != nil {
		return err
	}
	r, path, err := f.judgedRun(ctx, env, name, command)
	f.ci.nameRun(env, path)
	if err == nil {
		err = diedMeanwhile(r)
	}
	if err != nil {
		f.ci.tellFailure(env, &f.format, err)
		return err
	}
	return f.judge(env, r)
}

// judge holds the run to all that there is, and says what became of it.
func (f *checkFlags) judge(env Env, r calibrate.Result) error {
	setup := f.deployed(r.Target)
	if err := f.somethingToJudge(setup); err != nil {
		return err
	}
	against := gate.Against{Limits: f.held(), Baseline: f.baseline.have, Ignored: f.ignored, Now: time.Now()}
	if setup != nil {
		deployed := analyse.Deployed(r, *setup)
		against.Deployed = &deployed
	}
	c := gate.Check(r, against)
	page := report.Check(c, r, f.format.verbose)
	if err := f.format.render(env, page); err != nil {
		return err
	}
	f.ci.tell(env, &f.format, page)
	f.baseline.usuals = !slices.ContainsFunc(f.limits.Limits, calibrate.Limit.Relative)
	against.Limits = withUsual(f.limits.Limits) // to which later runs will be held: by then there is a baseline
	return f.format.finish(env, page, f.baseline.updated(env, c, r, against))
}

// complain reports all that is wrong with the command line at once.
func (f *checkFlags) complain(env Env, name string, command []string) error {
	w := &f.wrong
	f.format.complain(env, w)
	w.outside(&f.production)
	w.add(name != "" && len(command) > 0, "leave one of them out", "RUN %s is a measurement, and COMMAND would make another", name)
	if len(command) == 0 {
		f.refuseMeasuring(w)
	}
	w.add(f.baseline.force && !f.baseline.update, "leave --force out", "--force is for --update-baseline")
	if len(command) > 0 {
		f.settle(f.own)
		_, err := f.plan(command) // with its own complaints, and those above
		return err
	}
	f.sizingFlags.check(w)
	return w.err("calibrate check --help lists the flags")
}

// refuseMeasuring complains of flags that say how to measure, where nothing is measured.
func (f *checkFlags) refuseMeasuring(w *complaints) {
	f.own.Visit(func(flag *pflag.Flag) {
		switch subjectOf(flag) {
		case aboutApp, aboutRequests, aboutLoad, aboutEffort:
			w.add(flag.Name != "threads", "write the command after --, or leave the flag out", "--%s says how to measure, and a saved run is measured already", flag.Name)
		}
		w.add(flag.Name == "out", "leave it out", "--out is where a measurement goes, and a saved run is measured already")
	})
	w.add(len(f.threads) > 1, "name one thread count", "--threads: what is deployed has one number of threads")
}

// judgedRun is the run that is judged, and where it is kept: a saved one, sized for the box that the flags name, or one that is measured
// now. One that came to no result is kept, too.
func (f *checkFlags) judgedRun(ctx context.Context, env Env, name string, command []string) (r calibrate.Result, path string, err error) {
	if len(command) > 0 {
		return f.measureFirst(ctx, env, command)
	}
	if name == "" && len(runIDs(env)) == 0 {
		return r, "", calibrate.Usage(f.measuresOne(), "there is no saved run in %s", runsFolder(env))
	}
	if path, err = findRun(env, name); err != nil {
		return r, "", err
	}
	r, err = loadRun(env, path)
	if err == nil && name == "" {
		note(env, "the latest run: %s, measured %s ago", r.ID, say.Seconds(time.Since(r.StartedAt).Seconds()))
	}
	if err != nil || !has(f.own, aboutSizing) {
		return r, path, err
	}
	if r.Plan = f.planned(r.Plan, f.own.Changed); withoutRate(r.Plan.Box) {
		return r, path, calibrate.Usage(giveOne, noRate)
	}
	return analyse.Resized(r), path, nil
}

// measuresOne is how to have a run to judge.
func (f *checkFlags) measuresOne() string {
	if len(f.settings.Command) > 0 {
		return "calibrate check -- measures the command of " + f.settings.file.Path
	}
	return "calibrate check -- gunicorn app:app measures one first"
}

// measureFirst measures as `calibrate run` does. A command that leaves nothing to be judged is refused before it is started.
func (f *checkFlags) measureFirst(ctx context.Context, env Env, command []string) (r calibrate.Result, path string, err error) {
	if err := needLinux(env, "calibrate check -- COMMAND"); err != nil {
		return r, "", err
	}
	plan, err := f.plan(command)
	if err != nil {
		return r, "", err
	}
	plan.RoutesOfCreep = !f.own.Changed("by-route") // a gate has no other use for them
	r, path, err = f.measured(ctx, env, plan, func(t calibrate.TargetInfo) error { return f.somethingToJudge(f.deployed(t)) })
	if err == nil {
		savedIn(env, path, calibrate.ResultFile)
	}
	return r, path, err
}

// diedMeanwhile is the failure of a saved run whose app ended.
func diedMeanwhile(r calibrate.Result) error {
	if i := r.Interrupted; i != nil && i.Kind == calibrate.InterruptedByApp {
		return &calibrate.Failure{Kind: calibrate.KindApp, What: "the app ended during this run", Phase: i.Phase, Try: "app.log in the run's folder has its last words"}
	}
	return nil
}

// deployed is what runs in production, by the flags and else by the command; nil if neither says how many workers. A command
// without their number has one to be measured with, and says nothing of production.
func (f *checkFlags) deployed(t calibrate.TargetInfo) *calibrate.Setup {
	threads, _ := f.threads.split()
	s := saidSetup(t, f.Workers, threads)
	if s != nil && f.own.Changed("max-requests") {
		s.MaxRequests, s.Jitter = f.MaxRequests, 0
	}
	return s
}

// saidSetup is what a command has its server run with; workers and threads that are known otherwise win. Nil if nobody says how
// many workers.
func saidSetup(t calibrate.TargetInfo, workers, threads int) *calibrate.Setup {
	said := calibrate.Said{}
	if t.Said != nil {
		said = *t.Said
	}
	if said.Workers <= 1 { // it may be what the server does where nobody says a number
		said.Workers = 0
	}
	workers = cmp.Or(workers, said.Workers)
	if workers == 0 {
		return nil
	}
	s := calibrate.Setup{Shape: calibrate.Shape{Workers: workers, Threads: cmp.Or(threads, said.Threads, t.Threads)}, MaxRequests: said.MaxRequests, Jitter: said.Jitter}
	if t.Threads == 0 && !t.HasThreads {
		s.Threads = 0
	}
	return &s
}

// held are the limits, and where there is a baseline, or calibrate.yaml names one, those that are usual.
func (f *checkFlags) held() calibrate.Limits {
	if f.baseline.have == nil && f.baseline.usual == "" {
		return f.limits.Limits
	}
	return withUsual(f.limits.Limits)
}

// withUsual are limits, and if none of them is against the baseline those that are usual.
func withUsual(all calibrate.Limits) calibrate.Limits {
	if slices.ContainsFunc(all, calibrate.Limit.Relative) {
		return all
	}
	return append(slices.Clone(all), calibrate.UsualChanges()...)
}

// somethingToJudge refuses a check that would pass whatever the run says.
func (f *checkFlags) somethingToJudge(deployed *calibrate.Setup) error {
	if deployed == nil && len(f.limits.Limits) == 0 && f.baseline.have == nil && f.baseline.usual == "" && !f.baseline.update {
		return calibrate.Usage("give --limit 'worker <= 150MB', or --workers with --memory, or --update-baseline for later checks; calibrate check --help has examples",
			"nothing says what to hold the run to")
	}
	return nil
}
