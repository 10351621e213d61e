package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/target"
	"workermem/loadgen"
	"workermem/report"
	"workermem/sampler"
)

// runFlags are the flags of `calibrate run`, as written.
type runFlags struct {
	paths       []string
	targets     string
	headers     []string
	rate        rate
	concurrency int
	requests    int64
	duration    time.Duration
	keepAlive   bool
	timeout     time.Duration

	threads      threadCounts
	env          []string
	url          string
	allowRemote  []string
	bootDeadline time.Duration

	memory     size
	cpus       int
	reserve    reserve
	production rate

	precision share
	quick     bool
	maxSoak   time.Duration

	out      string
	json     bool
	markdown bool
	silence  []string

	given []string // all that were given, for repeating the run
}

const runExample = `  calibrate run -- gunicorn --threads 4 app:app
  calibrate run --path /search -- gunicorn -c gunicorn.conf.py app:app
  calibrate run --targets requests.txt --rate 50 --duration 5m -- gunicorn app:app
  calibrate run --memory 1G --cpus 2 -- uvicorn app:app`

func newRunCmd(env Env) *cobra.Command {
	f := runFlags{reserve: reserve{ratio: 0.2, text: "20%"}, precision: 0.2}
	cmd := &cobra.Command{
		Use:   "run [flags] -- COMMAND...",
		Short: "Measure an app, size the box, report, save",
		Long: "run starts COMMAND with one worker and recycling off, finds what the worker can serve, loads it at 70 % of\n" +
			"that until its memory's growth is known, then makes every thread busy at once and reads the peak. Two short\n" +
			"runs with other threads and a second worker check the result (--quick leaves them out).\n\n" +
			"A server that calibrate doesn't know gets its address through placeholders in COMMAND or in --env values:\n" +
			"{host} {port} {workers} {threads} {max_requests}.",
		Example: runExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return calibrate.Usage("calibrate run -- gunicorn app:app", "no command to measure was given")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.given = given(cmd.Flags())
			return f.run(cmd.Context(), env, args)
		},
	}
	f.register(cmd)
	return cmd
}

// given are the flags of a command line as they can be typed again, without those whose values may be secret and those
// that say where a result goes.
func given(flags *pflag.FlagSet) []string {
	var all []string
	flags.Visit(func(flag *pflag.Flag) {
		switch flag.Name {
		case "header", "env", "out", "json", "markdown":
			return
		}
		values := []string{flag.Value.String()}
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			if path, _, has := strings.Cut(value, "?"); has && flag.Name == "path" {
				value = path + "?***"
			}
			all = append(all, "--"+flag.Name+"="+calibrate.RedactText(value))
		}
	})
	return all
}

func (f *runFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SetInterspersed(false)
	flags.SortFlags = false
	flags.StringArrayVar(&f.paths, "path", nil, "request this path (repeat it for several; default /)")
	flags.StringVar(&f.targets, "targets", "", "requests to send, in vegeta's HTTP or JSON format; - is stdin")
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "header of every request, as 'Name: value'")
	flags.Var(&f.rate, "rate", "requests a second, open loop (default: 70 % of what one worker can serve)")
	flags.IntVar(&f.concurrency, "concurrency", 0, "clients of a closed loop; with --rate, the most requests at once")
	flags.Int64Var(&f.requests, "requests", 0, "end the soak after so many requests")
	flags.DurationVar(&f.duration, "duration", 0, "end the soak after so long (default: when the answer is good enough)")
	flags.BoolVar(&f.keepAlive, "keep-alive", false, "reuse connections, as behind a proxy that does")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "give a request up after so long")
	flags.Var(&f.threads, "threads", "threads of the worker (default: what COMMAND says); after a comma, others to compare")
	flags.StringArrayVar(&f.env, "env", nil, "NAME=VALUE for the app's environment")
	flags.StringVar(&f.url, "url", "", "where COMMAND listens, if that can't be told by {port}")
	flags.StringArrayVar(&f.allowRemote, "allow-remote", nil, "let load go to this host, by name (default: this machine only)")
	flags.DurationVar(&f.bootDeadline, "boot-deadline", time.Minute, "how long the app may take to its first answer")
	flags.Var(&f.memory, "memory", "size for this much memory (default: this machine's limit or total)")
	flags.IntVar(&f.cpus, "cpus", 0, "size for so many cores (default: this machine's)")
	flags.Var(&f.reserve, "reserve", "memory kept back for the system and others: 20%, 512M, 10%+512M")
	flags.Var(&f.production, "production-rate", "requests a second expected in production, all workers together")
	flags.Var(&f.precision, "precision", "how close the creep's interval must come")
	flags.BoolVar(&f.quick, "quick", false, "a short soak: sees strong creep only")
	flags.DurationVar(&f.maxSoak, "max-soak", calibrate.DefaultSoak, "give up on a verdict after so long")
	flags.StringVar(&f.out, "out", "", "the run's folder (default: .calibrate/runs/ID)")
	flags.BoolVar(&f.json, "json", false, "print result.json instead of the report")
	flags.BoolVar(&f.markdown, "markdown", false, "print the report as Markdown")
	flags.StringArrayVar(&f.silence, "silence", nil, "leave out the warning of this name")
}

// run checks everything, opens everything, and only then starts something.
func (f *runFlags) run(ctx context.Context, env Env, command []string) error {
	plan, err := f.plan(command)
	if err != nil {
		return err
	}
	targets, err := f.readTargets(env)
	if err != nil {
		return err
	}
	if err := targets.Check(f.allowRemote); err != nil {
		return err
	}
	spec, err := f.spec(command, targets)
	if err != nil {
		return err
	}
	launch, err := target.Recognise(spec)
	if err != nil {
		return err
	}
	if len(plan.OtherThreads) > 0 && !launch.Info().HasThreads {
		return calibrate.Usage("name one thread count, or write {threads} where the command says it",
			"--threads: %s can't be started with other threads", launch.Info().Server)
	}
	folder, id, err := openRun(env, f.out)
	if err != nil {
		return err
	}
	defer folder.Close()
	launch.LogTo(folder.Log)
	header, _ := f.header() // checked by spec
	load := loadgen.New(targets, loadgen.Options{KeepAlive: f.keepAlive, Timeout: f.timeout, AllowRemote: f.allowRemote, Header: header})
	rig := calibrate.Rig{Target: launch, Load: load, Journal: newPointing(folder, f.out, id), Scale: scaler(spec, folder)}
	if f.quick {
		rig.Scale = nil
	}
	result, err := measure(ctx, env, plan, rig, calibrate.Result{ID: id, Target: launch.Info()})
	if err != nil {
		return ended(env, folder.Path, err)
	}
	return f.show(env, folder.Path, result)
}

// scaler starts the same app in another shape.
func scaler(spec target.Spec, folder *calibrate.Folder) func(calibrate.Shape) (calibrate.Target, error) {
	return func(shape calibrate.Shape) (calibrate.Target, error) {
		spec.Workers, spec.Threads = shape.Workers, shape.Threads
		launch, err := target.Recognise(spec)
		if err != nil {
			return nil, err
		}
		launch.LogTo(folder.Log)
		return launch, nil
	}
}

// measure runs the rig with a progress line.
func measure(ctx context.Context, env Env, plan calibrate.Plan, rig calibrate.Rig, head calibrate.Result) (calibrate.Result, error) {
	head.Tool = toolInfo()
	head.Host, head.Warnings = sampler.Host()
	progress := report.NewProgress(env.Stderr, env.Terminal, env.Width)
	defer progress.Done()
	rig.Memory, rig.Progress = sampler.New(), progress.Show
	return calibrate.Run(ctx, plan, rig, head)
}

// ended says where a run that was cut short is kept.
func ended(env Env, path string, err error) error {
	var failure *calibrate.Failure
	if errors.As(err, &failure) && failure.Kind == calibrate.KindInterrupted {
		failure.Try = "what was measured is kept: calibrate report " + shown(env, path)
		return failure
	}
	fmt.Fprintf(env.Stderr, "the run is kept in %s\n", shown(env, path))
	return err
}

// show prints the result; the exit code follows from it.
func (f *runFlags) show(env Env, path string, result calibrate.Result) error {
	fmt.Fprintf(env.Stderr, "saved in %s\n", shown(env, path))
	if err := render(env, result, f.markdown, f.json); err != nil {
		return err
	}
	if outcome := result.Outcome(); outcome != 0 {
		return outcomeError(outcome)
	}
	return nil
}

// Beyond these the tool itself would be what is measured.
const (
	mostClients = 4096
	mostRate    = 100_000
	mostCPUs    = 1 << 16
)

func (f *runFlags) plan(command []string) (calibrate.Plan, error) {
	for _, check := range []struct {
		bad       bool
		flag, try string
	}{
		{f.concurrency < 0 || f.concurrency > mostClients, "--concurrency", "a number of clients from 1 to 4096"},
		{f.rate > mostRate, "--rate", "at most 100000 requests a second"},
		{f.cpus > mostCPUs, "--cpus", "a number of cores, 65536 at most"},
		{slices.ContainsFunc(f.paths, func(p string) bool { return !strings.HasPrefix(p, "/") }), "--path", "a path such as /health"},
		{f.requests < 0, "--requests", "a number of requests, 1 or more"},
		{f.duration < 0, "--duration", "a time such as 60s or 5m"},
		{f.timeout <= 0, "--timeout", "a time such as 30s"},
		{f.bootDeadline <= 0, "--boot-deadline", "a time such as 60s"},
		{f.maxSoak <= 0, "--max-soak", "a time such as 2m"},
		{f.cpus < 0, "--cpus", "a number of cores, 1 or more"},
		{f.json && f.markdown, "--json", "either --json or --markdown"},
		{f.targets != "" && len(f.paths) > 0, "--targets", "either --targets or --path"},
		{f.quick && (f.duration > 0 || f.requests > 0), "--quick", "either --quick, or --duration and --requests"},
	} {
		if check.bad {
			return calibrate.Plan{}, calibrate.Usage("it takes "+check.try, "%s can't be taken as it is", check.flag)
		}
	}
	_, others := f.threads.split()
	return calibrate.Plan{
		Command: command, OtherThreads: others, Rate: float64(f.rate), Clients: f.concurrency, Requests: f.requests, Duration: f.duration,
		WarmupLimit: calibrate.DefaultWarmup, SoakLimit: f.maxSoak, Quick: f.quick, Precision: float64(f.precision),
		ReserveRatio: f.reserve.ratio, ReserveBytes: f.reserve.bytes, MemoryBytes: int64(f.memory), CPUs: f.cpus,
		ProductionRate: float64(f.production), Silenced: f.silence, Flags: f.given,
	}, nil
}

func (f *runFlags) readTargets(env Env) (loadgen.Targets, error) {
	switch {
	case f.targets == "-":
		if env.Terminal {
			fmt.Fprintln(env.Stderr, "reading targets from stdin")
		}
		return loadgen.ReadTargets("stdin", env.Stdin)
	case f.targets != "":
		const try = "name a file in vegeta's HTTP or JSON format, such as one with the line: GET /"
		if info, err := os.Stat(f.targets); err == nil && !info.Mode().IsRegular() {
			return loadgen.Targets{}, calibrate.Usage(try, "the targets can't be read: %s is not a regular file", f.targets)
		}
		file, err := os.Open(f.targets)
		if err != nil {
			return loadgen.Targets{}, calibrate.Usage(try, "the targets can't be read: %s", err)
		}
		defer file.Close()
		return loadgen.ReadTargets(f.targets, file)
	}
	paths := f.paths
	if len(paths) == 0 {
		paths = []string{"/"}
	}
	return loadgen.Paths(paths)
}

func (f *runFlags) spec(command []string, targets loadgen.Targets) (target.Spec, error) {
	environment, err := pairs(f.env)
	if err != nil {
		return target.Spec{}, err
	}
	own, err := f.header()
	if err != nil {
		return target.Spec{}, err
	}
	method, path, header := targets.First()
	if method != http.MethodGet {
		path = "/" // readiness is asked for by GET, which must not post anything
	}
	for name, values := range header { // as under load, a target's own header wins
		own[name] = values
	}
	threads, _ := f.threads.split()
	return target.Spec{
		Command: command, Env: environment, URL: f.url, Path: path, Headers: own, Threads: threads, Workers: 1,
		BootDeadline: f.bootDeadline, AllowRemote: f.allowRemote,
	}, nil
}

func (f *runFlags) header() (http.Header, error) {
	header := http.Header{}
	for _, line := range f.headers {
		name, value, ok := cutHeader(line)
		if !ok {
			return nil, calibrate.Usage("-H 'Accept: text/html'", "a --header is not of the form 'Name: value'")
		}
		header.Add(name, value)
	}
	return header, nil
}
