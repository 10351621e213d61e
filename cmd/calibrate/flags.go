package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/knob"
	"workermem/calibrate/server"
	"workermem/loadgen"
	"workermem/report"
)

// The flags that more than one command has, in groups.

// appFlags say how the app is started.
type appFlags struct {
	env          []string
	url          string
	bootDeadline time.Duration
}

func (f *appFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.env, "env", nil, "NAME=VALUE for the app's environment")
	flags.StringVar(&f.url, "url", "", "where COMMAND listens, if its address is fixed")
	flags.DurationVar(&f.bootDeadline, "boot-deadline", time.Minute, "how long the app may take to its first answer")
}

func (f *appFlags) checks() []flagCheck {
	return []flagCheck{{f.bootDeadline <= 0, "--boot-deadline", "a time such as 60s"}}
}

// loadFlags say what load is sent.
type loadFlags struct {
	requestFlags
	knob.Load
}

// register takes words for the help: the load by default, the phase that the load is for, and how long that lasts.
func (f *loadFlags) register(flags *pflag.FlagSet, load, phase, length string) {
	about(aboutRequests, flags, f.requestFlags.register)
	about(aboutLoad, flags, func(flags *pflag.FlagSet) {
		knobs(flags, &f.Load, "{load}", load, "{phase}", phase, "{length}", length)
	})
}

// requestFlags say which requests are sent, and how.
type requestFlags struct {
	paths       []string
	targets     string
	methods     methods
	before      string
	headers     []string
	headerEnv   []string
	keepAlive   bool
	timeout     time.Duration
	allowRemote []string
}

func (f *requestFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.paths, "path", nil, "request this path (repeat it for several; default /, or what the server has)")
	naming(flags, &f.targets, "targets", "requests to send: an access log, a HAR, or a list in vegeta's HTTP or JSON format; - is stdin")
	flags.Var(&f.methods, "methods", "methods to send of an access log or a HAR (default: GET,HEAD)")
	naming(flags, &f.before, "before", "requests to send once before the load, such as a login; their cookies go with the load")
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "header of every request, as 'Name: value'")
	flags.StringArrayVar(&f.headerEnv, "header-env", nil, "header of every request with its value from the environment, as NAME=VARIABLE")
	flags.BoolVar(&f.keepAlive, "keep-alive", false, "reuse connections, as behind a proxy that does")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "give up on a request after this long")
	flags.StringArrayVar(&f.allowRemote, "allow-remote", nil, "let load go to this host, by name (default: this machine only)")
}

// sizingFlags say what box is sized, and what is wished for it.
type sizingFlags struct {
	knob.Box
	knob.Wishes
}

// register takes a word for the help: whose box is the default before this machine's, "" for nobody's.
func (f *sizingFlags) register(flags *pflag.FlagSet, before string) {
	about(aboutSizing, flags, func(flags *pflag.FlagSet) {
		knobs(flags, &f.Box, "{before}", before)
		knobs(flags, &f.Wishes)
	})
}

// planned is the plan of a run, with what the flags say instead.
func (f *sizingFlags) planned(p calibrate.PlanInfo, changed func(flag string) bool) calibrate.PlanInfo {
	knob.Take(&p.Box, &f.Box, changed)
	knob.Take(&p.Wishes, &f.Wishes, changed)
	return p
}

// check complains of what is beyond its bounds, and of bounds that nothing can keep to.
func (f *sizingFlags) check(c *complaints) {
	c.outside(&f.Box, &f.Wishes)
	c.add(f.MaxWorkers > 0 && f.MaxWorkers < f.MinWorkers && c.sound("min-workers", "max-workers"), "raise one, or lower the other",
		"--max-workers %d is less than --min-workers %d", f.MaxWorkers, f.MinWorkers)
}

// withoutRate says that a p99 is wanted, and not at which rate.
func withoutRate(b knob.Box) bool { return b.P99Seconds > 0 && b.ProductionRate == 0 }

const (
	noRate  = "--p99 holds at a rate, and none is given"
	giveOne = "say what production sends: --production-rate 80/s"
)

// checkRate complains of a p99 without a rate, where no run has one.
func (f *sizingFlags) checkRate(c *complaints) {
	c.add(withoutRate(f.Box) && c.sound("p99", "production-rate"), giveOne, noRate)
}

// outFlags say where the result goes.
type outFlags struct {
	out     string
	format  formatFlag
	silence []string
}

func (f *outFlags) register(flags *pflag.FlagSet) {
	about(aboutOutput, flags, func(flags *pflag.FlagSet) {
		naming(flags, &f.out, "out", "the run's folder (default: .calibrate/runs/ID)")
	})
	f.format.register(flags)
	f.format.registerVerbose(flags)
	about(aboutWarnings, flags, func(flags *pflag.FlagSet) {
		flags.StringArrayVar(&f.silence, "silence", nil, "leave out the warning of this name")
	})
}

// given are the flags of a command line by which the same is measured again, without what may be secret.
func given(flags *pflag.FlagSet) []string {
	var all []string
	flags.Visit(func(flag *pflag.Flag) {
		if what := subjectOf(flag); what == aboutOutput || what == aboutConfig || what == aboutCheck {
			return
		}
		for _, value := range valuesOf(flag) {
			all = append(all, "--"+flag.Name+"="+withoutSecret(flag.Name, value))
		}
	})
	return all
}

// valuesOf are all values of a flag that may be given more than once.
func valuesOf(flag *pflag.Flag) []string {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{flag.Value.String()}
}

// nameEnds is what ends the part of a flag's value that is no secret: a name, or a path.
var nameEnds = map[string]string{"path": "?", "env": "=", "header": ":", "header-env": "="}

func withoutSecret(flag, value string) string {
	separator := nameEnds[flag]
	if flag == "header-env" && namesOnly.MatchString(value) {
		return value
	}
	if separator == "" {
		return calibrate.RedactText(value)
	}
	before, after, has := strings.Cut(value, separator)
	switch {
	case !has:
		return calibrate.RedactText(before)
	case flag == "header":
		return calibrate.RedactText(before) + separator + calibrate.RedactHeader(before, after)
	}
	return calibrate.RedactText(before) + separator + calibrate.RedactValue(after)
}

// flagCheck is one thing that can be wrong with a flag.
type flagCheck struct {
	bad       bool
	flag, try string
}

func (f *requestFlags) checks() []flagCheck {
	return []flagCheck{
		{slices.ContainsFunc(f.paths, func(p string) bool { return !strings.HasPrefix(p, "/") }), "--path", "a path such as /health"},
		{slices.ContainsFunc(f.headerEnv, func(p string) bool { return !namesOnly.MatchString(p) }), "--header-env", "NAME=VARIABLE, such as Authorization=API_TOKEN"},
		{f.timeout <= 0, "--timeout", "a time such as 30s"},
		{f.targets != "" && len(f.paths) > 0, "--targets with --path", "one of the two"},
		{f.targets == "" && len(f.methods) > 0, "--methods without --targets", "an access log or a HAR in --targets"},
	}
}

// defaultPath asks for what the server has, if nothing was named.
func (f *requestFlags) defaultPath(command []string) {
	if f.targets == "" && len(f.paths) == 0 {
		f.paths = []string{server.DefaultPath(command)}
	}
}

// readTargets reads the requests to send, and checks where they go.
func (f *requestFlags) readTargets(ctx context.Context, env Env) (loadgen.Targets, error) {
	targets, err := f.openTargets(ctx, env)
	if err != nil {
		return targets, err
	}
	return targets, targets.Check(f.allowRemote)
}

func (f *requestFlags) openTargets(ctx context.Context, env Env) (loadgen.Targets, error) {
	switch {
	case f.targets == "-":
		return f.stdinTargets(ctx, env)
	case f.targets != "":
		file, err := openRequests(f.targets, "targets", "name an access log, a HAR, or a file in vegeta's HTTP or JSON format, such as one with the line: GET /")
		if err != nil {
			return loadgen.Targets{}, err
		}
		defer file.Close()
		return loadgen.ReadTargets(f.targets, file, f.methods...)
	}
	paths := f.paths
	if len(paths) == 0 {
		paths = []string{"/"}
	}
	return loadgen.Paths(paths)
}

// stdinTargets reads them from stdin, where they may never come. The end of ctx ends that.
func (f *requestFlags) stdinTargets(ctx context.Context, env Env) (loadgen.Targets, error) {
	if env.Terminal {
		note(env, "reading targets from stdin")
	}
	in, out := io.Pipe()
	defer in.Close()
	go func() { // a read of a terminal can't be ended: it is left to the program's end
		defer calibrate.Caught()
		_, err := io.Copy(out, env.Stdin)
		out.CloseWithError(err)
	}()
	defer context.AfterFunc(ctx, func() { out.CloseWithError(context.Cause(ctx)) })()
	targets, err := loadgen.ReadTargets("stdin", in, f.methods...)
	if ctx.Err() != nil {
		return targets, &calibrate.Failure{Kind: calibrate.KindInterrupted, What: "interrupted while reading the targets from stdin",
			Why: context.Cause(ctx).Error(), Try: "nothing was started; run it again", Err: context.Cause(ctx)}
	}
	return targets, err
}

// openRequests opens a file of requests. A pipe, which may block, isn't opened.
func openRequests(path, what, try string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, calibrate.Usage(try, "the %s can't be read: %s is not a regular file", what, path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, calibrate.Usage(try, "the %s can't be read: %s", what, err)
	}
	return file, nil
}

// readBefore reads the requests that come before the load, if there are any, and checks where they go.
func (f *requestFlags) readBefore(env Env) (loadgen.Before, error) {
	if f.before == "" {
		return loadgen.Before{}, nil
	}
	file, err := openRequests(f.before, "requests before the load", "name a file in vegeta's HTTP format, such as one with the line: GET /login")
	if err != nil {
		return loadgen.Before{}, err
	}
	defer file.Close()
	before, err := loadgen.ReadBefore(f.before, file, env.Getenv)
	if err != nil {
		return before, err
	}
	return before, before.Check(f.allowRemote)
}

// header is that of every request. What comes from the environment is never shown.
func (f *requestFlags) header(env Env) (http.Header, error) {
	header := http.Header{}
	for _, line := range f.headers {
		name, value, ok := cutHeader(line)
		if !ok {
			return nil, calibrate.Usage("-H 'Accept: text/html'", "a --header is not of the form 'Name: value'")
		}
		header.Add(name, value)
	}
	for _, pair := range f.headerEnv {
		name, variable, _ := strings.Cut(pair, "=")
		if header.Values(name) != nil {
			return nil, calibrate.Usage("leave one out", "--header-env %s: the header is given twice", name)
		}
		_, value, ok := cutHeader(name + ":" + env.Getenv(variable))
		if !ok || value == "" {
			return nil, calibrate.Usage("set it to the whole value of the header, and export it", "--header-env %s: the variable %s is not set, or its value can't be a header's", pair, variable)
		}
		header.Set(name, value)
	}
	return header, nil
}

// namesOnly is a header and the variable that has its value, neither of them a secret.
var namesOnly = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z-]+=[A-Za-z_][A-Za-z0-9_]*$`)

// loader reads the targets, and sends them with the headers and the cookies that the flags say.
func (f *requestFlags) loader(ctx context.Context, env Env) (loadgen.Targets, *loadgen.Loader, error) {
	targets, err := f.readTargets(ctx, env)
	if err != nil {
		return targets, nil, err
	}
	header, err := f.header(env)
	if err != nil {
		return targets, nil, err
	}
	before, err := f.readBefore(env)
	if err != nil {
		return targets, nil, err
	}
	return targets, loadgen.New(targets, loadgen.Options{
		KeepAlive: f.keepAlive, Timeout: f.timeout, AllowRemote: f.allowRemote, Header: header, Before: before,
	}), nil
}

// show prints the result; the exit code follows from it.
func (f *outFlags) show(env Env, path string, result calibrate.Result) error {
	savedIn(env, path, calibrate.ResultFile)
	return f.format.showAs(env, f.document(env, path, result), exitWith(result.Outcome()))
}

// document is the page of a run that is kept in a folder.
func (f *outFlags) document(env Env, path string, result calibrate.Result) report.Document {
	return f.kept(env, path, report.Drawn(result, f.format.curves(path), server.Known()))
}

// kept is a page that names its run's folder, where that isn't the usual one.
func (f *outFlags) kept(env Env, path string, page report.Document) report.Document {
	if f.out != "" {
		page.Again += " " + report.Command([]string{shown(env, path)})
	}
	return page
}

// savedIn says where a file is kept, if it still is.
func savedIn(env Env, path, file string) {
	if _, err := os.Stat(filepath.Join(path, file)); err != nil {
		note(env, "not kept: %s", err)
		return
	}
	note(env, "saved in %s", shown(env, path))
}
