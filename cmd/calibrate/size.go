package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/knob"
	"workermem/calibrate/say"
	"workermem/calibrate/server"
	"workermem/report"
	"workermem/sampler"
)

// sizeFlags are the flags of `calibrate size`, as written.
type sizeFlags struct {
	figures
	threads counts

	hosts hosts
	sizingFlags

	format formatFlag
	configFlags

	settings settings
	changed  func(flag string) bool
	wrong    complaints
}

// figures are those of a worker that nobody measured. Beyond the bounds, sizing holds a figure at its own limits, which
// would be another figure.
type figures struct {
	Worker int64   `flag:"worker-memory" kind:"MB" most:"32T" takes:"at most 32T, more than any worker takes" help:"peak RSS of a worker (WORKER_MEMORY_MB), in place of a run; without its threads\nwhere --thread-memory is given"`
	Shared int64   `flag:"shared" kind:"size" most:"32T" takes:"at most 32T, more than any worker takes" help:"memory that doesn't grow with the workers (default: none)"`
	Thread int64   `flag:"thread-memory" kind:"size" most:"32T" takes:"at most 32T, more than any worker takes" help:"memory that each thread adds to a worker (default: none)"`
	Creep  float64 `flag:"creep" kind:"size/request" help:"memory that a request leaves behind, such as 16.4K/request; 0 for none"`
	Boot   float64 `flag:"boot" kind:"duration" takes:"a time such as 2s" help:"how long a worker boots"` // seconds

	Demand  float64 `flag:"demand" kind:"duration" zero:"refused" most:"1h" takes:"a time such as 2ms, at most 1h" help:"CPU time of a request: from it follows what workers serve"`                                        // seconds
	Waiting float64 `flag:"waiting" kind:"duration" zero:"refused" most:"1h" takes:"a time such as 18ms, at most 1h" help:"how long a request waits beside that, for a database or another service\n(default: not at all)"` // seconds
	Cores   float64 `flag:"worker-cores" kind:"cores" zero:"refused" most:"65536" takes:"a number of cores such as 1 or 4, at most 65536" help:"cores that one worker can keep busy (default: 1, as under Python's lock)"`
}

const sizeExample = `  calibrate size --worker-memory 209 --cpus 4 --memory 2G --threads 1,4
  calibrate size --worker-memory 209 --creep 16K/request --boot 2s --production-rate 80/s
  calibrate size --worker-memory 80 --thread-memory 1M --demand 2ms --waiting 18ms --production-rate 400/s --p99 100ms
  calibrate size --host 1c/512M,2c/1G,4c/8G,8c/16G
  calibrate size 20261121-093000-1f2e --cpus 8 --memory 16G --max-workers 6`

func newSizeCmd(env Env) *cobra.Command {
	var f sizeFlags
	cmd := &cobra.Command{
		Use:   "size [flags] [RUN]",
		Short: "Size a host, or many, from a saved run or from numbers; measures nothing",
		Long: "size takes a saved run, the latest or RUN, and sizes another host. The flags also change threads and bounds.\n" +
			"With --worker-memory it sizes from numbers, for this machine or for --cpus and --memory. It starts nothing.\n\n" +
			"The run's own host, reserve and rate hold unless a flag says otherwise.",
		Example: sizeExample,
		Args:    cobra.MatchAll(cobra.MaximumNArgs(1), namesRuns),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.changed = cmd.Flags().Changed
			if err := f.configured(env, cmd.Flags()); err != nil {
				return err
			}
			return f.settings.explained(f.size(env, args))
		},
	}
	f.register(cmd)
	return cmd
}

func (f *sizeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	about(aboutWorker, flags, func(flags *pflag.FlagSet) { knobs(flags, &f.figures) })
	about(aboutSizing, flags, func(flags *pflag.FlagSet) {
		flags.Var(&f.threads, "threads", "thread counts to choose among: the one measured, else the first\n(default: the run's own choices, else 1)")
		flags.Var(&f.hosts, "host", "hosts to size for, a line each: 1c/512M,2c/1G,4c/8G")
	})
	f.sizingFlags.register(flags, "the run's, else ")
	f.format.register(flags)
	f.format.registerVerbose(flags)
	f.configFlags.register(flags)
	f.wrong.collect(flags)
}

// configured takes the host from calibrate.yaml where numbers are sized: a run knows its own, which was perhaps another.
func (f *sizeFlags) configured(env Env, flags *pflag.FlagSet) (err error) {
	if f.settings, err = f.configFlags.settings(env); err != nil || !f.changed("worker-memory") {
		return err
	}
	return f.settings.take(flags, aboutSizing)
}

func (f *sizeFlags) size(env Env, args []string) error {
	f.check(args)
	if err := f.wrong.err("calibrate size --help has examples"); err != nil {
		return err
	}
	base, err := f.base(env, args)
	if err != nil {
		return err
	}
	sized := f.sized(base)
	if err := unanswerable(sized[0]); err != nil {
		return err
	}
	return f.format.showAs(env, report.Sizing(sized, server.Known()), exitWith(outcomeOf(sized)))
}

// check adds what is wrong with the flags together to what is wrong with each.
func (f *sizeFlags) check(args []string) {
	w := &f.wrong
	fromNumbers := f.changed("worker-memory")
	f.checkFigures(len(args) > 0)
	for _, flag := range []string{"cpus", "memory"} {
		w.add(f.changed(flag) && f.changed("host") && w.sound(flag, "host"), "leave one of them out", "--%s and --host both say how large the host is", flag)
	}
	w.outside(&f.figures)
	w.add(fromNumbers && f.Prefer != "" && len(f.threads) < 2 && !f.findsThreads() && w.sound("threads"), "name the counts, as in --threads 1,4", "--prefer chooses among thread counts, and there is only one")
	f.sizingFlags.check(w)
	if fromNumbers {
		f.checkRate(w)
	}
}

// checkFigures adds what is wrong with the numbers of a worker: beside a run, or without what they are a part of.
func (f *sizeFlags) checkFigures(ofRun bool) {
	w := &f.wrong
	for _, number := range knob.Of(&f.figures) {
		given := f.changed(number.Name)
		w.add(given && ofRun, "leave out RUN, or the flag", "--%s and RUN both say what a worker needs", number.Name)
		w.add(given && !ofRun && !f.changed("worker-memory"), "give --worker-memory too", "--%s without --worker-memory is only a part of a worker", number.Name)
	}
	for _, part := range []string{"waiting", "worker-cores"} {
		w.add(f.changed(part) && !f.changed("demand") && w.sound(part, "demand"), "give --demand too, the CPU time of a request", "--%s without --demand says nothing of what workers serve", part)
	}
}

// base is the worker to size: the one of a run, or the one that the numbers describe.
func (f *sizeFlags) base(env Env, args []string) (calibrate.Result, error) {
	if f.changed("worker-memory") {
		return f.given()
	}
	name := first(args)
	r, err := loadRun(env, name)
	var failure *calibrate.Failure
	if errors.As(err, &failure) && name == "" {
		failure.Try = "give numbers: calibrate size --worker-memory 209 --cpus 4 --memory 2G; or make a run: calibrate run -- gunicorn app:app"
	}
	if err != nil {
		return calibrate.Result{}, err
	}
	if r.Plan = f.planned(r.Plan); withoutRate(r.Plan.Box) {
		return r, calibrate.Usage(giveOne, noRate)
	}
	return r, f.checkThreads(r)
}

// given is a worker by its numbers. This machine is looked at only if nothing says which host it is for.
func (f *sizeFlags) given() (calibrate.Result, error) {
	g := analyse.Given{
		SharedBytes: f.Shared, WorkerBytes: f.Worker, ThreadBytes: f.Thread, BootSeconds: f.Boot, Threads: f.threads,
		Demand: f.Demand, Waiting: f.Waiting, WorkerCores: f.Cores,
	}
	if len(g.Threads) == 0 && !f.findsThreads() {
		g.Threads = []int{1}
	}
	if f.changed("creep") {
		g.Creep = &f.Creep
	}
	var host calibrate.Host
	var warnings []calibrate.Warning
	if len(f.hosts) == 0 && (f.CPUs == 0 || f.MemoryBytes == 0) {
		host, warnings = sampler.Host()
	}
	r := g.Result(host, f.planned(calibrate.PlanInfo{Box: knob.Box{Reserve: f.Reserve}, Config: f.settings.taken}))
	r.Warnings = append(r.Warnings, warnings...)
	return r, nil
}

// findsThreads says that thread counts follow from the numbers: it is known what they bring, and what they take.
func (f *sizeFlags) findsThreads() bool {
	return len(f.threads) == 0 && f.changed("demand") && f.changed("thread-memory")
}

// planned is the plan of a run, with what the flags say instead.
func (f *sizeFlags) planned(p calibrate.PlanInfo) calibrate.PlanInfo {
	p = f.sizingFlags.planned(p, f.changed)
	if f.changed("threads") {
		p.ThreadChoices = f.threads
	}
	return p
}

// checkThreads refuses thread counts of which a run can't say what a worker takes.
func (f *sizeFlags) checkThreads(r calibrate.Result) error {
	least, most := r.ThreadRange()
	for _, threads := range f.threads {
		switch {
		case threads >= least && threads <= most:
		case !r.Target.HasThreads:
			return calibrate.Usage("leave --threads out", "--threads: calibrate can't set the threads of this run's server")
		case r.Law.Stuck(threads):
			return &calibrate.Failure{Kind: calibrate.KindInconclusive,
				What: fmt.Sprintf("--threads %d: with so many threads the app hardly answered", threads),
				Why:  fmt.Sprintf("in this run, requests waited for each other or failed with more than %s", say.Plural(most, "thread")),
				Try:  "calibrate report shows the warning, with figures"}
		default:
			return &calibrate.Failure{Kind: calibrate.KindInconclusive,
				What: fmt.Sprintf("--threads %d: this run can't say what a worker with so many threads needs", threads),
				Why:  fmt.Sprintf("it measured %s, and without a short run with others the cost of a thread is not known", say.Count(max(r.Target.Threads, 1))),
				Try:  fmt.Sprintf("measure it: calibrate run --threads %d -- COMMAND", threads)}
		}
	}
	return nil
}

// sized is the worker sized for every host.
func (f *sizeFlags) sized(base calibrate.Result) []calibrate.Result {
	if len(f.hosts) == 0 {
		return []calibrate.Result{analyse.Resized(base)}
	}
	all := make([]calibrate.Result, len(f.hosts))
	for i, host := range f.hosts {
		r := base
		r.Plan.CPUs, r.Plan.MemoryBytes = host.CPUs, host.MemoryBytes
		all[i] = analyse.Resized(r)
	}
	return all
}

// unanswerable says why there is nothing to show: a run that can't be relied on sizes no host.
func unanswerable(r calibrate.Result) error {
	rec := r.Recommendation
	if memory, _ := r.Host.Memory(); memory <= 0 && r.Plan.MemoryBytes <= 0 {
		return calibrate.Usage("give it: --memory 2G", "the host's memory is not known")
	}
	if rec.Workers > 0 || rec.NothingFits {
		return nil
	}
	why := report.Withheld(r)
	if why == "" {
		why = "it has no worker's memory"
	}
	return &calibrate.Failure{Kind: calibrate.KindInconclusive, What: "this run gives no sizing", Why: why,
		Try: "measure again: calibrate run -- COMMAND; or give numbers: calibrate size --worker-memory 209"}
}

// outcomeOf is that of the first host that will do: a host that is too small is an answer like the others,
// unless there are none but such.
func outcomeOf(sized []calibrate.Result) calibrate.Kind {
	for _, r := range sized {
		if r.Outcome() != calibrate.KindNothingFits {
			return r.Outcome()
		}
	}
	return sized[0].Outcome()
}
