package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/throughput"
)

var (
	throughputs = flag.Bool("throughput", false, "hold what is said to be served to real servers of many shapes (make throughput)")
	speedShapes = flag.Int("throughput-shapes", 0, "run so many shapes of each app, and choose none; 0: all")
	speedWindow = flag.Duration("throughput-window", 3*time.Second, "how long a shape is loaded, after a second of warming up")
	speedRuns   = flag.String("throughput-runs", "", "folder to keep the calibrations in")
)

// speedCase is an app on a server, and the shapes that its calibration doesn't run.
type speedCase struct {
	name     string
	command  []string          // as that of a tableCase
	env      map[string]string // of the app
	requests requestFlags      // what is asked for; zero: /
	flags    []string          // of the run; none: speedFlags
	pinned   bool              // the app on the first core, the load on the second; else both on both
	setUp    func(t *testing.T, c *speedCase)
	others   bool // nobody has set its CPU time and waiting: its rows are shown, and hold nothing
	never    []speedShape

	inherited []string // NAME=VALUE of calibrate's own environment
}

// speedShape is workers of so many threads, 0 for a server that has none to set, and the clients that load them: 0 is enough to
// keep every thread busy, or where nothing bounds the requests at once, enough for the most that there is.
type speedShape struct{ workers, threads, clients int }

func (s speedShape) String() string {
	text := fmt.Sprint(s.workers)
	if s.threads > 0 {
		text += fmt.Sprintf("x%d", s.threads)
	}
	if s.clients > 0 {
		text += fmt.Sprintf(", %d at once", s.clients)
	}
	return text
}

// speedWaits are what a request of the known apps needs, in milliseconds of CPU time and of waiting, and the share of its time
// alone that it waits, about: the server has its own CPU time on top.
var speedWaits = []struct {
	share     int // %
	cpu, wait int
}{{0, 4, 0}, {50, 4, 4}, {90, 4, 36}, {98, 2, 98}}

// pinnedWait is the one of them that is also measured with the app and its load on a core each.
const pinnedWait = 50

var (
	manyThreads = []speedShape{{2, 2, 0}, {3, 8, 0}, {1, 2, 0}, {1, 8, 0}, {5, 1, 0}, {4, 16, 0}}
	manyAtOnce  = []speedShape{{2, 0, 6}, {3, 0, 0}, {1, 0, 3}, {3, 0, 6}, {4, 0, 0}, {5, 0, 0}}
)

// knownSpeeds are the servers, each with an app of known CPU time and waiting.
var knownSpeeds = []speedCase{
	{name: "gunicorn sync", command: []string{"gunicorn", "app:app"}, never: []speedShape{{3, 1, 0}, {3, 8, 0}, {1, 4, 0}, {2, 4, 0}, {5, 1, 0}, {4, 16, 0}}},
	{name: "gunicorn gthread", command: []string{"gunicorn", "--threads", "4", "app:app"}, never: manyThreads},
	{name: "uvicorn", command: []string{"uvicorn", "--log-level", "warning", "app:app"}, env: map[string]string{"PYTHONPATH": "$FIXTURES/asgi"}, never: manyAtOnce},
	{name: "puma", command: []string{"puma", "--no-config", "$FIXTURES/rack/config.ru"}, never: manyThreads},
	{name: "node cluster", command: []string{"node", "$FIXTURES/node/server.js"}, env: workersByEnvironment, never: manyAtOnce},
	{name: "go", command: []string{"go"}, env: workersByEnvironment, setUp: goApp, never: manyAtOnce},
}

var workersByEnvironment = map[string]string{"PORT": "{port}", "WORKERS": "{workers}"}

// goApp builds the app.
func goApp(t *testing.T, c *speedCase) {
	bin := filepath.Join(t.TempDir(), "server")
	if out, err := exec.Command("go", "build", "-o", bin, filepath.Join(fixtures(t), "goapp", "server.go")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c.command = []string{bin}
}

// speedCases are the known apps with each waiting, one of them pinned too, and apps of others.
func speedCases() (all []speedCase) {
	for _, app := range knownSpeeds {
		for _, w := range speedWaits {
			c := app
			c.name = fmt.Sprintf("%s %d %%", app.name, w.share)
			c.env = map[string]string{"CALIBRATE_CPU_MS": fmt.Sprint(w.cpu), "CALIBRATE_HOLD_MS": fmt.Sprint(w.wait)}
			maps.Copy(c.env, app.env)
			all = append(all, c)
			if w.share == pinnedWait {
				c.name, c.pinned, c.never = c.name+" pinned", true, c.never[:3]
				all = append(all, c)
			}
		}
	}
	return append(all, othersSpeeds...)
}

// The errors that are borne.
const (
	speedMean  = 0.07 // of the most that is served
	speedWorst = 0.15
	speedP99   = 0.25 // of the 99th percentile, at half and at 80 % of it
	speedLeast = 0.95 // of the best candidate's, by the recommended one

	// A load of which others had more of the cores, or the machine's host withheld more, or during which the machine was slower or
	// quicker by more than beside the calibration, is tried again, and holds nothing if that stays so.
	speedDisturbed = 0.05
	speedTries     = 3
)

// TestThroughput calibrates each app as a user does, in short. Then it starts its server in shapes that the calibration never
// ran, with every thread busy, and at half and at 80 % of what they then serve; and the candidates that are said to be the best,
// with the recommended one and those of the field's rules among them. What goes wrong with a shape is in its row.
func TestThroughput(t *testing.T) {
	if !*throughputs {
		t.Skip("runs for two hours: make throughput")
	}
	var l speedLab
	defer func() { t.Logf("\n%s\n%s", l.rowsTable(), l.choicesTable()) }()
	for _, c := range speedCases() {
		t.Run(strings.ReplaceAll(strings.ReplaceAll(c.name, " %", ""), " ", "_"), func(t *testing.T) {
			one := speedLab{}
			defer func() {
				l.rows, l.choices = append(l.rows, one.rows...), append(l.choices, one.choices...)
				t.Logf("\n%s\n%s", one.rowsTable(), one.choicesTable())
			}()
			one.hold(t, c)
		})
	}
	l.check(t)
}

// speedLab is what was found.
type speedLab struct {
	rows    []speedRow
	choices []speedChoice
}

// speedRow is one shape of an app: what it is said to serve, and what it served.
type speedRow struct {
	app     string
	others  bool    // it is no app of known CPU time and waiting
	waiting float64 // share of the time alone, as measured
	speedShape
	ran       bool // by the calibration, too
	predicted float64
	lawful    float64 // what is predicted by the CPU time that a request took in the very load: then what is off is the law's
	speedLoad
	by     calibrate.RateBound
	at     []speedAt
	failed string
}

// speedAt is the 99th percentile of the time at a rate, in seconds.
type speedAt struct {
	rate, predicted, lawful float64
	speedLoad
}

func (r speedRow) off() float64 { return r.predicted/r.measured - 1 }

func (r speedRow) lawOff() float64 { return r.lawful/r.measured - 1 }

func (a speedAt) off() float64 { return a.predicted/a.measured - 1 }

func (a speedAt) lawOff() float64 { return a.lawful/a.measured - 1 }

// hold measures an app, and then its shapes.
func (l *speedLab) hold(t *testing.T, c speedCase) {
	c.env = maps.Clone(c.env)
	if c.setUp != nil {
		c.setUp(t, &c)
	}
	c.find(t)
	if c.pinned {
		defer pin(t, 1)()
	}
	before := spinTime(t)
	r := c.calibrate(t)
	for again := 1; again < speedTries && analyse.ServingOf(r) == nil; again++ { // the machine was busy
		before = spinTime(t)
		r = c.calibrate(t)
	}
	said := c.said(t, r)
	said.spin = (before + spinTime(t)) / 2
	for _, shape := range c.shapes(r, said) {
		row := speedRow{app: c.name, others: c.others, waiting: r.Speed.Waiting.Value / r.Speed.Alone, speedShape: shape, ran: ranBy(r, shape)}
		clients := said.clients(shape)
		row.predicted, row.by = said.most(shape, clients)
		t.Run(strings.ReplaceAll(shape.String(), " ", "_"), func(t *testing.T) {
			defer func() { l.rows = append(l.rows, row) }()
			row.failed = "it could not be run"
			row.measure(t, c, clients, said, !c.pinned && l.timed(r, shape))
		})
	}
	if *speedShapes == 0 && !c.pinned && !c.others {
		choice := l.choose(c.name, r)
		t.Run("finals", func(t *testing.T) { l.final(t, c, &choice, r, said) })
		l.choices = append(l.choices, choice)
	}
}

// final runs those again that may be the best, in turn.
func (l *speedLab) final(t *testing.T, c speedCase, choice *speedChoice, r calibrate.Result, said speedSaid) {
	choice.finals = l.finalists(*choice, r)
	for range speedLooks {
		for i := range choice.finals {
			f := &choice.finals[i]
			row := speedRow{speedShape: f.speedShape}
			clients := said.clients(f.speedShape)
			row.predicted, _ = said.most(f.speedShape, clients)
			row.measure(t, c, clients, said, false)
			f.rates = append(f.rates, row.measured)
		}
	}
	choice.decide()
}

// timed says whether the times of a shape are held too: of the first, and of the recommended one.
func (l *speedLab) timed(r calibrate.Result, s speedShape) bool {
	return len(l.rows) == 0 || s == recommended(r)
}

// find makes the case's command one that can be started from anywhere.
func (c *speedCase) find(t *testing.T) {
	if !filepath.IsAbs(c.command[0]) {
		command := typed(t, c.command)
		if path := filepath.Join(venvBin(t), command[0]); !filepath.IsAbs(command[0]) && exists(path) {
			command[0] = path
		}
		c.command = command
	}
	if c.pinned {
		c.command = append([]string{needTool(t, "taskset"), "-c", "0"}, c.command...)
	}
	env := map[string]string{"PYTHONPATH": filepath.Join(fixtures(t), "wsgi")}
	for name, value := range c.env {
		env[name] = strings.ReplaceAll(value, "$FIXTURES", fixtures(t))
	}
	c.env = env
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// speedFlags make a run short: its creep is another matter.
var speedFlags = []string{"--duration", "1s"}

// calibrate is calibrate run as a user types it.
func (c speedCase) calibrate(t *testing.T) calibrate.Result {
	args := append([]string{"run", "--memory", "1G"}, c.flags...)
	if len(c.flags) == 0 {
		args = append(args, speedFlags...)
	}
	for name, value := range c.env {
		args = append(args, "--env", name+"="+value)
	}
	for _, path := range c.requests.paths {
		args = append(args, "--path", path)
	}
	if c.requests.before != "" {
		args = append(args, "--before", c.requests.before)
	}
	s := start(t, c.inherited, slices.Concat(args, []string{"--"}, c.command)...)
	code := s.end(t, 5*time.Minute)
	s.keep(t, *speedRuns, c.name)
	if code != 0 && code != int(calibrate.KindInconclusive) {
		t.Fatalf("exit code %d\n%s", code, s.stderr.String())
	}
	r := s.result(t)
	for _, w := range r.Warnings {
		t.Logf("warning %s: %s", w.Code, w.Text)
	}
	return r
}

// speedSaid is what a calibration says of the machine as the shapes have it.
type speedSaid struct {
	*analyse.Serving
	throughput.Box
	alone  float64
	spin   float64 // spinTime beside the calibration
	result calibrate.Result
}

// said is that of a pinned app for the core beside that of its load, else for all, shared with the load.
func (c speedCase) said(t *testing.T, r calibrate.Result) speedSaid {
	s := speedSaid{Serving: analyse.ServingOf(r), result: r}
	if s.Serving == nil {
		t.Fatalf("the calibration says nothing of what is served: %+v", r.Speed)
	}
	s.Box, s.alone = throughput.Box{Cores: r.Host.SizingCPUs(), Load: r.Speed.Load}, r.Speed.Alone
	if c.pinned {
		s.Box = throughput.Box{Cores: 1}
	}
	t.Logf("%+v\nin %+v, in %.0f s", *r.Speed, s.Box, r.DurationSeconds)
	return s
}

func (s speedSaid) most(shape speedShape, clients int) (float64, calibrate.RateBound) {
	return s.Most(s.Box, shape.workers, shape.threads, clients)
}

// p99 is that of a load at a rate.
func (s speedSaid) p99(shape speedShape, rate float64) float64 {
	_, p99 := s.TimesAt(s.Box, shape.workers, shape.threads, rate, throughput.Evenly)
	return p99
}

// atCost is what would have been said, had a request cost in the calibration what it cost in a load.
func (s speedSaid) atCost(l speedLoad) speedSaid {
	r, speed := s.result, *s.result.Speed
	value := max(l.cost-speed.Rest, 0)
	speed.Demand, speed.Factor, speed.Threads = calibrate.Span{Value: value, Low: value, High: value}, 1, nil
	r.Speed, r.Alone = &speed, nil
	if s.Load > 0 {
		s.Load = l.own
	}
	s.Serving = analyse.ServingOf(r)
	return s
}

// clients are as many as the shape says, or two a thread, one served and one behind it; where nothing bounds the requests at once,
// two for each that is under way at the most, and some for every worker.
func (s speedSaid) clients(shape speedShape) int {
	const most = 512
	switch {
	case shape.clients > 0:
		return shape.clients
	case shape.threads > 0:
		return min(2*shape.workers*shape.threads, most)
	}
	rate, _ := s.most(shape, 0)
	return int(min(2*math.Ceil(rate*s.alone)+float64(8*shape.workers), most))
}

// shapes are those that the calibration never ran, and of what it weighs the recommended one, the rules' and those that are said
// to be the best: a candidate that is said to serve less than worthRunning of the most isn't the best, by the errors that are borne.
func (c speedCase) shapes(r calibrate.Result, said speedSaid) []speedShape {
	if *speedShapes > 0 {
		return c.never[:min(*speedShapes, len(c.never))]
	}
	all := slices.Clone(c.never)
	switch {
	case c.pinned, c.others && recommended(r).workers == 0:
		return all
	case c.others:
		return append(all, recommended(r))
	}
	const worthRunning, most = (1 - speedWorst) / (1 + speedWorst), 3
	candidates := candidatesOf(r)
	rate := func(s speedShape) float64 {
		n, _ := said.most(s, said.clients(s))
		return n
	}
	slices.SortStableFunc(candidates, func(a, b speedShape) int { return cmp.Compare(rate(b), rate(a)) })
	for i, s := range candidates {
		if i < most && rate(s) >= worthRunning*rate(candidates[0]) {
			all = append(all, s)
		}
	}
	if best := recommended(r); best.workers > 0 {
		all = append(all, best)
	}
	for _, rule := range speedRules {
		if s, found := ruleShape(r, rule.name); found {
			all = append(all, s)
		}
	}
	seen := map[speedShape]bool{}
	return slices.DeleteFunc(all, func(s speedShape) bool {
		was := seen[s]
		seen[s] = true
		return was
	})
}

// ranBy says whether the calibration ran a shape itself.
func ranBy(r calibrate.Result, s speedShape) bool {
	own := func(workers, threads int) bool {
		return s.workers == workers && max(s.threads, 1) == max(threads, 1) && s.clients == 0
	}
	return own(1, r.Target.Threads) || slices.ContainsFunc(r.Law.Runs, func(run calibrate.LawRun) bool { return own(run.Workers, run.Threads) })
}

// check holds all rows that the calibrations never ran to what is borne. Apps of others are only shown.
func (l *speedLab) check(t *testing.T) {
	mean, worst := l.errors(speedRow.off)
	own := slices.ContainsFunc(l.rows, func(r speedRow) bool { return !r.others })
	if own && !(mean <= speedMean && worst <= speedWorst) { // no number, too: then nothing was held to anything
		t.Errorf("mean error %.1f %%, worst %.1f %%: more than %.0f and %.0f", 100*mean, 100*worst, 100*speedMean, 100*speedWorst)
	}
	for _, r := range l.rows {
		for _, at := range r.at {
			if !(math.Abs(at.off()) <= speedP99) && !r.others && at.doubt() <= speedDisturbed {
				t.Errorf("%s, %s at %.0f/s: a p99 of %.0f ms is said, %.0f measured", r.app, r.speedShape, at.rate, 1000*at.predicted, 1000*at.measured)
			}
		}
	}
	for _, c := range l.choices {
		if c.best > 0 && c.rates[""] < speedLeast*c.best {
			t.Errorf("%s: the recommended %s serve %.0f of %.0f/s", c.app, c.shapes[""], c.rates[""], c.best)
		}
	}
}

// errors of the most, of the rows that count.
func (l *speedLab) errors(off func(speedRow) float64) (mean, worst float64) {
	n := 0.0
	for _, r := range l.rows {
		if r.ran || r.others || r.failed != "" || r.doubt() > speedDisturbed {
			continue
		}
		n++
		one := math.Abs(off(r))
		mean, worst = mean+one, max(worst, one)
	}
	return mean / n, worst
}

// stopApp ends an app within its time.
func stopApp(t *testing.T, app calibrate.App) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if _, err := app.Stop(ctx); err != nil {
		t.Error(err)
	}
}
