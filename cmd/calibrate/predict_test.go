package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server"
	"workermem/loadgen"
	"workermem/sampler"
)

var predict = flag.Bool("predict", false, "hold the law to real servers of many shapes (make predict)")

// profile is an app on a server, and the shapes that its law is held to.
type profile struct {
	name    string
	command []string
	env     map[string]string
	threads [][2]int // workers and threads, beside 3, 4 and 6 workers of the measured threads
}

var (
	bigImport = map[string]string{"CALIBRATE_IMPORT_MB": "100"}
	holds8MB  = map[string]string{"CALIBRATE_HOLD_MB": "8", "CALIBRATE_HOLD_MS": "50"}

	oneWorkers   = [][2]int{{1, 8}, {1, 16}}
	threeWorkers = [][2]int{{1, 8}, {1, 16}, {3, 8}, {3, 16}}
)

var profiles = []profile{
	{"sync", []string{"gunicorn", "app:app"}, nil, oneWorkers},
	{"sync 100 MB", []string{"gunicorn", "app:app"}, bigImport, oneWorkers},
	{"sync preload", []string{"gunicorn", "--preload", "app:app"}, nil, oneWorkers},
	{"sync preload 100 MB", []string{"gunicorn", "--preload", "app:app"}, bigImport, oneWorkers},
	{"gthread", []string{"gunicorn", "--threads", "4", "app:app"}, nil, threeWorkers},
	{"gthread 100 MB", []string{"gunicorn", "--threads", "4", "app:app"}, bigImport, threeWorkers},
	{"gthread preload", []string{"gunicorn", "--preload", "--threads", "4", "app:app"}, nil, threeWorkers},
	{"gthread preload 100 MB", []string{"gunicorn", "--preload", "--threads", "4", "app:app"}, bigImport, threeWorkers},
	{"gthread holds 8 MB", []string{"gunicorn", "--threads", "4", "app:app"}, holds8MB, threeWorkers},
	{"uvicorn", []string{"uvicorn", "--log-level", "warning", "app:app"}, nil, nil},
}

// TestPredict measures each profile as a user does, then starts the real server in other shapes, with every thread
// busy until each worker is as warm as the measured one, and holds the law's total to
//
//   - pages: the physical pages of the whole tree, each once, and VmHWM - RSS of each worker
//   - charge: what its control group is charged for anonymous and kernel memory, its file pages, and VmHWM - RSS
//
// The charge is what a memory limit counts; the pages are without the kernel's part. PSS is beside them for a machine
// on which nobody else runs the same interpreter; where others do, they take their share of its libraries out of PSS.
func TestPredict(t *testing.T) {
	if !*predict {
		t.Skip("runs for about an hour: make predict")
	}
	var all []prediction
	for _, p := range profiles {
		t.Run(p.name, func(t *testing.T) {
			held := p.hold(t)
			all = append(all, held...)
			t.Logf("\n%s", table(held))
		})
	}
	t.Logf("\n%s", table(all))
	if mean, worst := errorsOf(all, prediction.off); mean > 0.02 || worst > 0.05 {
		t.Errorf("mean error %.1f %%, worst %.1f %%: more than 2 and 5", 100*mean, 100*worst)
	}
}

// prediction is one shape of a profile: what the law has for it, and what it took.
type prediction struct {
	name             string
	workers, threads int
	law, rule        int64 // rule: workers x RSS
	truth
}

// hold measures a profile and then its shapes.
func (p profile) hold(t *testing.T) []prediction {
	r := p.measure(t)
	l, threads := r.Law, max(r.Target.Threads, 1)
	t.Logf("law: %.1f + N x (%.2f + T x %.3f) MB, %s; %d requests, %s, in %.0f s", megabytes(l.SharedBytes), megabytes(l.WorkerBytes),
		megabytes(l.ThreadBytes), l.Basis, r.Worker.Requests, r.Creep.Verdict, r.DurationSeconds)
	for _, run := range l.Runs {
		t.Logf("  %d x %d: predicted %.1f, measured %.1f MB", run.Workers, run.Threads, megabytes(run.PredictedBytes), megabytes(run.MeasuredBytes))
	}
	for _, w := range r.Warnings {
		t.Logf("  warning %s: %s", w.Code, w.Text)
	}
	shapes := slices.Concat([][2]int{{3, threads}, {4, threads}, {6, threads}}, p.threads)
	var all []prediction
	for _, shape := range shapes {
		one := prediction{name: p.name, workers: shape[0], threads: shape[1]}
		one.law = l.SharedBytes + int64(one.workers)*(l.WorkerBytes+int64(one.threads)*l.ThreadBytes)
		one.rule = int64(one.workers) * r.Worker.PeakRSSBytes
		one.truth = p.truth(t, one.workers, one.threads, r)
		all = append(all, one)
		t.Logf("%d x %d: law %.1f, charge %.1f, pages %.1f MB", one.workers, one.threads, megabytes(one.law), megabytes(one.charge), megabytes(one.pages))
	}
	return all
}

// measure is calibrate run, as a user types it.
func (p profile) measure(t *testing.T) calibrate.Result {
	args := []string{"run"}
	for name, value := range p.environment(t) {
		args = append(args, "--env", name+"="+value)
	}
	s := start(t, nil, slices.Concat(args, []string{"--", needServer(t, p.command[0])}, p.command[1:])...)
	code := s.end(t, 5*time.Minute)
	if code != 0 && code != int(calibrate.KindInconclusive) { // of a verdict on creep, which is another matter
		t.Fatalf("exit code %d\n%s", code, s.stderr.String())
	}
	return s.result(t)
}

func (p profile) environment(t *testing.T) map[string]string {
	env := map[string]string{"PYTHONPATH": filepath.Join(fixtures(t), "wsgi")}
	if p.command[0] == "uvicorn" {
		env["PYTHONPATH"] = filepath.Join(fixtures(t), "asgi")
	}
	for name, value := range p.env {
		env[name] = value
	}
	return env
}

// truth is what a shape took at the end of its load, in bytes.
type truth struct {
	pages, charge, pss int64 // 0: not to be had
	requests           int64 // of the worker that served the fewest
}

// warm is after how many requests a worker of these apps has its last page copied from the master: the last step seen,
// Python's first full collection, came after 4500. The measured worker serves more; it would only take longer.
const warm = 6000

// truth loads the server in a shape until every worker has served what the measured one had, or is warm. Two readings, with some
// load between them, must agree; else it is loaded once more.
func (p profile) truth(t *testing.T, workers, threads int, r calibrate.Result) truth {
	app := p.start(t, workers, threads)
	group, _ := app.Group()
	clients := workers * 2 * threads
	if r.Target.Threads == 0 {
		clients = workers * 8
	}
	load := shapeLoad{t: t, app: app, loader: p.loader(t), workers: workers, clients: clients}
	load.until(min(r.Worker.Requests, warm))
	first := readShape(t, app, group)
	load.add(500)
	last := readShape(t, app, group)
	if apart := math.Abs(float64(last.pages-first.pages)) / float64(last.pages); apart > 0.01 {
		t.Logf("%d x %d: two readings are %.1f %% apart; loaded again", workers, threads, 100*apart)
		load.add(warm)
		last = readShape(t, app, group)
	}
	last.requests = load.served
	if _, err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	return last
}

func (p profile) loader(t *testing.T) *loadgen.Loader {
	targets, err := loadgen.Paths([]string{"/"})
	if err != nil {
		t.Fatal(err)
	}
	return loadgen.New(targets, loadgen.Options{})
}

// start starts the server in a shape.
func (p profile) start(t *testing.T, workers, threads int) calibrate.App {
	spec := server.Spec{Command: slices.Concat([]string{needServer(t, p.command[0])}, p.command[1:]), Env: p.environment(t), Workers: workers}
	if p.threads != nil {
		spec.Threads = threads
	}
	return startShape(t, spec)
}

// startShape starts a server as calibrate would, with its log shown where the test fails.
func startShape(t *testing.T, spec server.Spec) calibrate.App {
	log, err := os.Create(filepath.Join(t.TempDir(), "app.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		log.Close()
		if text, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("the app's log:\n%s", text)
		}
	})
	spec.Log = log
	launch, err := server.Recognise(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	app, err := launch.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = app.Stop(context.Background()) })
	return app
}

// shapeLoad is the load on a server of several workers. Requests a worker are told from its share of their CPU time.
type shapeLoad struct {
	t                *testing.T
	app              calibrate.App
	loader           *loadgen.Loader
	workers, clients int
	served           int64
}

func (l *shapeLoad) until(requests int64) {
	l.add(requests)
	for range 5 {
		if l.served >= requests*9/10 {
			return
		}
		l.add(requests / 5)
	}
}

// add sends so many requests a worker.
func (l *shapeLoad) add(requests int64) {
	ctx, cancel := context.WithTimeout(l.t.Context(), 5*time.Minute)
	defer cancel()
	pace := calibrate.Pace{Clients: l.clients, Requests: int64(l.workers) * requests}
	tally, err := l.loader.Attack(ctx, l.app.Info().URL, pace, nil)
	if err = errors.Join(err, ctx.Err()); err != nil {
		l.t.Fatal(err)
	}
	if tally.Succeeded < tally.Requests*99/100 {
		l.t.Fatalf("%d of %d requests succeeded: %v", tally.Succeeded, tally.Requests, tally.Errors)
	}
	pids, err := l.app.Workers()
	if err != nil || len(pids) != l.workers {
		l.t.Fatalf("%d workers, want %d: %v", len(pids), l.workers, err)
	}
	var all, least int64 = 0, math.MaxInt64
	for _, pid := range pids {
		ticks := cpuTicks(l.t, pid)
		all, least = all+ticks, min(least, ticks)
	}
	l.served = l.loader.Answered() * least / max(all, 1)
}

// cpuTicks is utime + stime of proc_pid_stat(5).
func cpuTicks(t *testing.T, pid int) int64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	return wholeNumber(fields[11]) + wholeNumber(fields[12])
}

func readShape(t *testing.T, app calibrate.App, group string) truth {
	all := frames{}
	var one truth
	rooted := true
	for _, pid := range app.Tree() {
		if err := all.add(pid); err != nil {
			rooted = false
		}
		one.pss += detail(t, pid).PSS
	}
	spikes := spikesOf(t, app)
	mapped, files := all.bytes()
	one.pss += spikes
	if !rooted {
		one.pages = one.pss
		return one
	}
	one.pages = mapped + spikes
	if charge := charged(group); charge > 0 {
		one.charge = charge + files + spikes
	}
	return one
}

func detail(t *testing.T, pid int) calibrate.Detail {
	probe, err := sampler.New().Open(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Close()
	d, err := probe.Detail()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// spikesOf is how much higher the workers once were, each at its own time.
func spikesOf(t *testing.T, app calibrate.App) (bytes int64) {
	pids, err := app.Workers()
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		probe, err := sampler.New().Open(pid)
		if err != nil {
			t.Fatal(err)
		}
		peak, err := probe.Peak()
		rss, _, readErr := probe.Read()
		probe.Close()
		if err = errors.Join(err, readErr); err != nil {
			t.Fatal(err)
		}
		bytes += max(peak-rss, 0)
	}
	return bytes
}

func table(all []prediction) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "profile\tshape\trequests\tlaw\tcharge\tlaw off\tpages\tlaw off\tPSS\tN x RSS\toff\t")
	for _, p := range all {
		fmt.Fprintf(w, "%s\t%dx%d\t%d\t%.1f\t%.1f\t%s\t%.1f\t%s\t%.1f\t%.1f\t%s\t\n", p.name, p.workers, p.threads, p.requests, megabytes(p.law),
			megabytes(p.charge), percentOff(p.law, p.charge), megabytes(p.pages), percentOff(p.law, p.pages), megabytes(p.pss),
			megabytes(p.rule), percentOff(p.rule, p.pages))
	}
	w.Flush()
	for _, line := range []struct {
		name string
		off  func(prediction) float64
	}{
		{"calibrate, of the charge", prediction.off},
		{"calibrate, of the pages", func(p prediction) float64 { return off(p.law, p.pages) }},
		{"N x RSS, of the charge", func(p prediction) float64 { return off(p.rule, p.measured()) }},
	} {
		mean, worst := errorsOf(all, line.off)
		fmt.Fprintf(&b, "%-26s mean error %5.1f %%, worst %5.1f %%\n", line.name, 100*mean, 100*worst)
	}
	return b.String()
}

// measured is the charge, or if there was no group, the pages.
func (p prediction) measured() int64 {
	if p.charge > 0 {
		return p.charge
	}
	return p.pages
}

func (p prediction) off() float64 { return off(p.law, p.measured()) }

func off(predicted, measured int64) float64 {
	if measured == 0 {
		return 0
	}
	return float64(predicted-measured) / float64(measured)
}

func percentOff(predicted, measured int64) string {
	return fmt.Sprintf("%+.1f %%", 100*off(predicted, measured))
}

func errorsOf(all []prediction, off func(prediction) float64) (mean, worst float64) {
	for _, p := range all {
		mean += math.Abs(off(p)) / float64(len(all))
		worst = max(worst, math.Abs(off(p)))
	}
	return mean, worst
}

func megabytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
