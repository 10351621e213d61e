package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/run"
	"workermem/calibrate/server"
	"workermem/loadgen"
	"workermem/sampler"
)

var recordTraces = flag.Bool("record-traces", false, "record the traces that fixtures/traces lacks: 70 minutes for all")

// recording is an app of fixtures/shop under load, for so long after its warm-up. The name of its trace says the rest.
type recording struct {
	shopApp
	keep int // bytes kept a request
	rate int // requests a second
	time time.Duration
}

// shopApp is one of the shops and how it is run.
type shopApp struct {
	runtime string // a key of runtimes
	setting string
	command []string // with placeholders
	cache   int      // pages; 0 for the shop's own default
}

// runtimes are the commands that print a version, and how much of it the names of the traces hold.
var runtimes = map[string]struct {
	command []string
	version *regexp.Regexp
}{
	"python": {[]string{"python", "--version"}, regexp.MustCompile(`\d+\.\d+`)},
	"node":   {[]string{"node", "--version"}, regexp.MustCompile(`\d+`)},
	"ruby":   {[]string{"ruby", "--version"}, regexp.MustCompile(`\d+\.\d+`)},
	"java":   {[]string{"java", "--version"}, regexp.MustCompile(`\d+`)},
	"go":     {[]string{"go", "version"}, regexp.MustCompile(`\d+\.\d+`)},
}

// A long recording shows what memory comes to. Cold starts are what calibrate itself measures, so there are more of them.
const (
	longTrace = 320 * time.Second
	coldTrace = 155 * time.Second
)

// shop makes the commands of the shops.
type shop struct {
	sources string // folder
	built   string // folder of the programs made from them
}

func (s shop) gunicorn(cache int) shopApp {
	return shopApp{"python", "gunicorn", []string{"gunicorn", "--threads", "4", "--chdir", s.sources, "shop:wsgi"}, cache}
}

func (s shop) uvicorn() shopApp {
	return shopApp{"python", "uvicorn", []string{"uvicorn", "--app-dir", s.sources, "--port", "{port}", "shop:asgi"}, 0}
}

func (s shop) node(setting string, cache int, options ...string) shopApp {
	command := slices.Concat([]string{"node"}, options, []string{filepath.Join(s.sources, "shop.js"), "{port}"})
	return shopApp{"node", setting, command, cache}
}

func (s shop) puma(setting, threads string, cache int) shopApp {
	command := []string{"puma", "-b", "tcp://{host}:{port}", "-t", threads, filepath.Join(s.sources, "shop.ru")}
	return shopApp{"ruby", setting, command, cache}
}

func (s shop) java(setting string, cache int, options ...string) shopApp {
	return shopApp{"java", setting, slices.Concat([]string{"java"}, options, []string{"-cp", s.built, "Shop", "{port}"}), cache}
}

func (s shop) golang(setting string, cache int, wrapper ...string) shopApp {
	return shopApp{"go", setting, append(wrapper, filepath.Join(s.built, "shop"), "{port}"), cache}
}

// quiet are the recordings without a leak: default settings, heaps that are full, caches that take minutes to fill.
func (s shop) quiet() []recording {
	const slow = 1500 // pages, of 5000 asked for
	var all []recording
	for _, r := range []struct {
		app  shopApp
		long int   // requests a second
		cold []int // the same of the cold starts
	}{
		{s.gunicorn(0), 60, []int{120, 90}},
		{s.uvicorn(), 100, []int{50, 75}},
		{s.gunicorn(slow), 100, []int{50, 75}},
		{s.node("default", 0), 100, []int{150, 75}},
		{s.node("oldspace64m", 0, "--max-old-space-size=64"), 200, []int{60, 120}},
		{s.node("default", slow), 100, []int{200, 60}},
		{s.puma("puma", "4:4", 0), 50, []int{100, 75}},
		{s.puma("puma_1_thread", "1:1", 0), 80, []int{50, 65}},
		{s.puma("puma", "4:4", slow), 80, []int{50, 100}},
		{s.java("xmx64m", 0, "-Xmx64m"), 100, []int{200, 150}},
		{s.java("default", 0), 100, []int{200, 60}},
		{s.java("serial_xmx128m", 0, "-XX:+UseSerialGC", "-Xmx128m"), 200, []int{60, 120}},
		{s.java("xmx128m", slow, "-Xmx128m"), 100, []int{200, 60}},
		{s.golang("default", 0), 100, []int{50, 150}},
		{s.golang("gogc50", 0, "env", "GOGC=50"), 200, []int{100, 60}},
		{s.golang("default", slow), 100, []int{200, 60}},
	} {
		all = append(all, recording{r.app, 0, r.long, longTrace})
		for _, rate := range r.cold {
			all = append(all, recording{r.app, 0, rate, coldTrace})
		}
	}
	return all
}

// leaking are the recordings with a leak.
func (s shop) leaking() []recording {
	var all []recording
	for _, app := range []shopApp{
		s.gunicorn(0), s.node("default", 0), s.puma("puma", "4:4", 0),
		s.java("default", 0), s.java("serial_xms32m", 0, "-XX:+UseSerialGC", "-Xms32m"), s.golang("default", 0),
	} {
		all = append(all, recording{app, 4 << 10, 100, longTrace}, recording{app, 16 << 10, 80, longTrace}, recording{app, 64 << 10, 50, longTrace})
	}
	return all
}

// TestRecordTraces records real apps as `calibrate run` sees them, for TestTraces of calibrate/creep. It records only
// what isn't there yet: to record a trace anew, delete its file.
//
//	go test ./cmd/calibrate -run TestRecordTraces -parallel 4 -timeout 3h -v -record-traces
func TestRecordTraces(t *testing.T) {
	if !*recordTraces {
		t.Skip("takes 70 minutes: -record-traces")
	}
	s := shop{sources: filepath.Join(fixtures(t), "shop"), built: t.TempDir()}
	s.build(t)
	t.Run("all", func(t *testing.T) { // ends when its parallel parts have, and only then is the folder built taken away
		for _, r := range append(s.quiet(), s.leaking()...) {
			version, err := versionOf(t, r.runtime)
			t.Run(r.name(version), func(t *testing.T) {
				if err != nil {
					t.Skipf("%s is not installed: %v", r.runtime, err)
				}
				t.Parallel()
				r.record(t, filepath.Join(fixtures(t), "traces", r.name(version)+".csv.gz"))
			})
		}
	})
}

func (r recording) name(version string) string {
	if r.cache > 0 {
		r.setting += fmt.Sprintf("_cache%d", r.cache)
	}
	return fmt.Sprintf("%s%s-%s-keep%d-%drps", r.runtime, version, r.setting, r.keep, r.rate)
}

// build compiles the shops that have to be. One that can't be for want of a compiler fails as a recording.
func (s shop) build(t *testing.T) {
	t.Helper()
	for _, command := range [][]string{
		{"go", "build", "-o", filepath.Join(s.built, "shop"), filepath.Join(s.sources, "shop.go")},
		{"javac", "-d", s.built, filepath.Join(s.sources, "Shop.java")},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Logf("%v: %v\n%s", command, err, out)
		}
	}
}

func versionOf(t *testing.T, runtime string) (string, error) {
	t.Helper()
	program, argument := runtimes[runtime].command[0], runtimes[runtime].command[1]
	if runtime == "python" {
		program = filepath.Join(venvBin(t), program)
	}
	out, err := exec.Command(program, argument).Output()
	return runtimes[runtime].version.FindString(string(out)), err
}

// record runs the app through calibrate's own phases, and keeps the samples of warm-up and soak.
func (r recording) record(t *testing.T, path string) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Skip("already there")
	}
	folder, err := calibrate.CreateFolder(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	launch, err := server.Recognise(t.Context(), server.Spec{Command: r.command, Env: r.env(t), Log: folder.Log.File})
	if err != nil {
		t.Fatal(err)
	}
	targets, err := loadgen.Paths([]string{"/"})
	if err != nil {
		t.Fatal(err)
	}
	plan := calibrate.Plan{WarmupLimit: run.DefaultWarmup}
	plan.Rate, plan.DurationSeconds, plan.SoakSeconds = float64(r.rate), r.time.Seconds(), 2*r.time.Seconds()
	rig := calibrate.Rig{Target: launch, Load: loadgen.New(targets, loadgen.Options{}), Memory: sampler.New(), Journal: folder}
	result, err := run.Run(t.Context(), plan, rig, calibrate.Result{Target: launch.Info()})
	if err != nil {
		t.Fatal(err)
	}
	if ratio := result.Load.SuccessRatio; ratio == nil || *ratio < 0.99 {
		t.Fatalf("success ratio %v, errors %v", ratio, result.Load.Errors)
	}
	if err := writeTrace(path, folder.Path); err != nil {
		t.Fatal(err)
	}
}

func (r recording) env(t *testing.T) map[string]string {
	env := map[string]string{
		"CALIBRATE_KEEP_BYTES": strconv.Itoa(r.keep),
		"PATH":                 venvBin(t) + string(os.PathListSeparator) + os.Getenv("PATH"),
	}
	if r.cache > 0 {
		env["CALIBRATE_CACHE_PAGES"] = strconv.Itoa(r.cache)
	}
	return env
}

// writeTrace keeps of a run's folder what fixtures/traces/README.md says.
func writeTrace(path, folder string) error {
	run, err := calibrate.LoadFolder(folder)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	text := gzip.NewWriter(&file)
	fmt.Fprintln(text, "seconds,phase,requests,rss,anon")
	began := -1.0
	for _, s := range run.Samples {
		if s.Phase != calibrate.PhaseWarmup && s.Phase != calibrate.PhaseSoak {
			continue
		}
		if began < 0 {
			began = s.Seconds
		}
		fmt.Fprintf(text, "%.2f,%s,%d,%d,%d\n", s.Seconds-began, s.Phase, s.Requests, s.RSS, s.Anon)
	}
	if err := text.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, file.Bytes(), 0o644)
}
