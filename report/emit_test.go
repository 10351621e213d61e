package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/say"
	"workermem/calibrate/server"
	"workermem/calibrate/server/cli"
)

func emitted(t interface {
	Helper()
	Fatal(...any)
}, r calibrate.Result, kind string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Emit(&b, r, kind, server.Known()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// settingLines are what the server reads.
func settingLines(config string) []string {
	return slices.DeleteFunc(strings.Split(config, "\n"), func(line string) bool { return strings.HasPrefix(line, "#") })
}

func TestEmitGolden(t *testing.T) {
	for _, kind := range EmitKinds(server.Known()) {
		t.Run(kind, func(t *testing.T) { golden(t, "emit-"+kind+".txt", emitted(t, recorded(t)["creeping"], kind)) })
	}
	t.Run("front", func(t *testing.T) { golden(t, "emit-mod_wsgi-front.txt", emitted(t, recorded(t)["front"], "")) })
	for _, name := range []string{"flat", "attach-time"} {
		t.Run(name, func(t *testing.T) { golden(t, "emit-gunicorn-"+name+".txt", emitted(t, sure(recorded(t)[name]), "")) })
	}
}

// sure is a run as if it had been long enough to tell that nothing creeps.
func sure(r calibrate.Result) calibrate.Result {
	r.Creep.Verdict, r.Creep.Missing = calibrate.Flat, nil
	return analyse.Resized(r)
}

// onUvicorn is the creeping run as if it had been measured there.
func onUvicorn(t *testing.T, version string, jitters bool, workers int) calibrate.Result {
	r := recorded(t)["creeping"]
	r.Target.Server, r.Target.ServerVersion, r.Target.HasJitter = "uvicorn", version, jitters
	r.Target.Threads, r.Target.HasThreads, r.Recommendation.Threads = 0, false, 0
	r.Recommendation.Workers = workers
	return r
}

// onServer is the creeping run as if it had been measured there, with as many requests at once as come.
func onServer(t *testing.T, name string, recycles bool) calibrate.Result {
	r := onUvicorn(t, "", false, 2)
	r.Target.Server, r.Target.CanRecycle = name, recycles
	return r
}

// What each server's traps make of a recommendation: 33 000 requests, jitter 3 742.
func TestEmitAroundTraps(t *testing.T) {
	creeping, flat := recorded(t)["creeping"], recorded(t)["flat"]
	async := creeping
	async.Target.Threads, async.Target.HasThreads, async.Recommendation.Threads = 0, false, 0
	preload := creeping
	preload.Target.Preload = true
	three, one := creeping, creeping
	three.Recommendation.Workers, one.Recommendation.Workers = 3, 1
	secret, watched, other, full, nearly := creeping, creeping, creeping, creeping, creeping
	secret.Target.Command = []string{"gunicorn", "--token=hunter2", "app:app"}
	watched.Mode, watched.Watch, watched.Target.Command = calibrate.ModeAttach, &calibrate.Watch{}, []string{"gunicorn: master [app:app]"}
	other.Target.Server, other.Target.Command = calibrate.OtherServer, []string{"serve", "--workers", "{workers}", "app"}
	full.Recommendation.BudgetBytes, nearly.Recommendation.BudgetBytes = full.Recommendation.TotalBytes, 360*mb
	nearly.Recommendation.TotalBytes = 350 * mb
	long := creeping
	long.Target.Command = []string{"gunicorn", strings.Repeat("x", 64<<10)}
	crowded := onUvicorn(t, "0.54.0", true, 2)
	crowded.Concurrency.Bound, crowded.Target.ConcurrencyFlag = 24, "--limit-concurrency"

	for _, tt := range []struct {
		name       string
		run        calibrate.Result
		kind       string
		has, lacks string
	}{
		{"jitter from 0.41", onUvicorn(t, "0.54.0", true, 2), "", "\n--workers 2 --limit-max-requests 33000 --limit-max-requests-jitter 3742\n", "No jitter"},
		{"no jitter before", onUvicorn(t, "0.34.0", false, 2), "", "\n--workers 2 --limit-max-requests 33000\n", "-jitter"},
		{"one worker would end the server", onUvicorn(t, "0.54.0", true, 1), "", "\n--workers 1\n", "--limit-max-requests"},
		{"nor in its environment", onUvicorn(t, "0.54.0", true, 1), "systemd", "with status 0", "UVICORN_LIMIT"},
		{"its environment", onUvicorn(t, "0.54.0", true, 2), "env", "\nUVICORN_LIMIT_MAX_REQUESTS=33000\n", "GUNICORN"},
		{"hypercorn", onServer(t, "hypercorn", true), "", "\n--workers 2 --max-requests 33000\n", "-jitter"},
		{"an old hypercorn has no limit", onServer(t, "hypercorn", false), "", "hypercorn 0.16 or newer", "max-requests"},
		{"hypercorn's environment", onServer(t, "hypercorn", true), "env", "give it --workers 2 --max-requests 33000.", "HYPERCORN"},
		{"granian has no limit", onServer(t, "granian", false), "", "\n--workers 2\n", "requests"},
		{"granian's environment", onServer(t, "granian", false), "env", "No blocking-threads", "REQUESTS"},
		{"threads of another server", creeping, "granian", "\n--workers 2 --blocking-threads 4\n", ""},
		{"requests at once", crowded, "", "--limit-concurrency 24", "threads to set"},
		{"not by another server's option", crowded, "gunicorn", "nothing keeps them out now.", ""},
		{"uvicorn's app under gunicorn", onUvicorn(t, "0.54.0", true, 2), "gunicorn", "worker_class = \"uvicorn.workers.UvicornWorker\"\n", "\nthreads"},
		{"an async class has no threads", async, "", "\nworkers = 2\nmax_requests", "\nthreads"},
		{"preload, as measured", preload, "", "\npreload_app = True\n", ""},
		{"no creep", flat, "", "\nmax_requests = 0\n", "max_requests_jitter"},
		{"no creep, mod_wsgi", flat, "mod_wsgi", "processes=2 threads=4 display-name", "maximum-requests="},
		{"no creep, puma", flat, "puma", "no need to recycle", "outgrows"},
		{"preload, puma", preload, "puma", "\npreload_app!\n", ""},
		{"no preload, puma", creeping, "puma", "\nthreads 4, 4\n", "preload_app!"},
		{"one worker, puma", one, "puma", "needs no cluster", ""},
		{"no creep, a required key", flat, "pypnm", "_LIMIT_MAX_REQUESTS=0\n", "33000"},
		{"one worker of pypnm", one, "pypnm", "Restart=always", ""},
		{"uwsgi's delta adds up", three, "uwsgi", "\nmax-requests-delta = 1871\n", ""},
		{"one worker has no delta", one, "uwsgi", "\nmax-requests = 33000\nmin-worker-lifetime", "\nmax-requests-delta"},
		{"mod_wsgi's threads default", async, "mod_wsgi", "default is 15", " threads="},
		{"measured elsewhere", creeping, "puma", "not measured on puma", ""},
		{"measured here", creeping, "gunicorn", "measured on gunicorn", "not measured on"},
		{"a Procfile's line", creeping, "procfile", "\nweb: gunicorn --threads 4 app:app --workers 2 --threads 4 --max-requests 33000 --max-requests-jitter 3742\n", ""},
		{"what may be secret", secret, "procfile", "\nweb: COMMAND --workers 2", "hunter2"},
		{"nor in an image", secret, "dockerfile", "\nCMD [\"COMMAND\",\"--workers\"", "hunter2"},
		{"longer than a line", long, "dockerfile", "\nCMD [\"COMMAND\",\"--workers\"", "xxx"},
		{"whom nobody started", watched, "procfile", "\nweb: COMMAND --workers 2", "master"},
		{"variables before the command", onServer(t, "lmsctl", true), "procfile", "\nweb: env NOW_LMS_WORKERS=2", "COMMAND"},
		{"variables of an image", onServer(t, "lmsctl", true), "dockerfile", "\nENV NOW_LMS_WORKERS=2\n", "COMMAND"},
		{"a command of its own", other, "procfile", "\nweb: serve --workers 2 app\n", ""},
		{"no room below the limit", full, "systemd", "No MemoryHigh", "MemoryHigh="},
		{"above the sum", nearly, "systemd", "\nMemoryHigh=350M\nMemoryMax=360M\n", ""},
		{"where the numbers are from", creeping, "env", "Workers and threads: the field's rule for the cores allows no more workers.", ""},
		{"whole MB without a unit", creeping, "now-lms", "\nNOW_LMS_WORKER_MEMORY_MB=168\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := emitted(t, tt.run, tt.kind)
			if joined := strings.ReplaceAll(got, "\n# ", " "); !strings.Contains(got, tt.has) && !strings.Contains(joined, tt.has) {
				t.Errorf("it lacks %q:\n%s", tt.has, got)
			}
			if settings := "\n" + strings.Join(settingLines(got), "\n"); tt.lacks != "" && strings.Contains(settings, tt.lacks) {
				t.Errorf("it sets %q:\n%s", tt.lacks, got)
			}
		})
	}
}

// sized is a server that takes its worker's memory by a name of its own.
type sized struct{ calibrate.Configurable }

func (sized) Environment(w calibrate.Wanted, _ calibrate.TargetInfo) ([]calibrate.Setting, calibrate.Lines) {
	return []calibrate.Setting{{Name: "CHILD_MB", Value: "168", IsMemory: true}}, nil
}

// A worker's memory is said once, by the server's own name for it if it has one.
func TestEmitSaysMemoryOnce(t *testing.T) {
	r := recorded(t)["creeping"]
	servers := server.Known()
	own := append(calibrate.Servers{{Name: r.Target.Server, Configurable: sized{servers[0]}}}, servers...)
	for want, known := range map[string]calibrate.Servers{"CHILD_MB=168\n": own, "\nWORKER_MEMORY_MB=168\n": servers} {
		var b bytes.Buffer
		if err := Emit(&b, r, "env", known); err != nil || !strings.Contains(b.String(), want) || strings.Count(b.String(), "=168\n") != 1 {
			t.Errorf("%v, not %q alone:\n%s", err, want, b.String())
		}
	}
}

// A run that recommends nothing has nothing to write, whatever it is for.
func TestEmitRefuses(t *testing.T) {
	for name, want := range map[string]struct {
		code calibrate.Kind
		why  string
	}{
		"withheld":     {calibrate.KindInconclusive, "1 103 of 4 418 requests failed"},
		"partial":      {calibrate.KindInconclusive, "the run is partial"},
		"inconclusive": {calibrate.KindInconclusive, "could not be told after 1 393 requests"},
		"empty":        {calibrate.KindInconclusive, "the run is partial"},
		"nothing-fits": {calibrate.KindNothingFits, "needs 102 MB, has 76.8 MB"},
	} {
		for _, kind := range EmitKinds(server.Known()) {
			var b bytes.Buffer
			var failure *calibrate.Failure
			if err := Emit(&b, recorded(t)[name], kind, server.Known()); !errors.As(err, &failure) || b.Len() > 0 {
				t.Fatalf("%s for %s: %v, and wrote %q", name, kind, err, b.String())
			}
			if failure.Kind != want.code || !strings.Contains(failure.Why, want.why) || failure.Try == "" {
				t.Errorf("%s for %s: %+v", name, kind, failure)
			}
		}
	}
}

func TestEmitUnknownKind(t *testing.T) {
	for _, tt := range []struct{ name, kind, what string }{
		{"creeping", "nginx", `"nginx"`},
		{"demo", "", "a server that calibrate does not know"},
		{"withheld", "nginx", `"nginx"`}, // the usage first
	} {
		var failure *calibrate.Failure
		if err := Emit(&bytes.Buffer{}, recorded(t)[tt.name], tt.kind, server.Known()); !errors.As(err, &failure) || failure.Kind != calibrate.KindUsage {
			t.Fatalf("%s for %q: %v", tt.name, tt.kind, err)
		}
		if !strings.Contains(failure.What, tt.what) || !strings.Contains(failure.Try, "gunicorn, uvicorn, hypercorn, granian, uwsgi") {
			t.Errorf("%+v", failure)
		}
	}
}

// Nothing that a run says of itself gets out of the comments: neither the command, nor what a foreign result holds.
func TestEmitOfHostileStrings(t *testing.T) {
	plain := recorded(t)["creeping"]
	bad := append([]string{"--token=hunter2"}, hostile...)
	rapid.Check(t, func(t *rapid.T) {
		r := plain
		kind := rapid.SampledFrom(EmitKinds(server.Known())).Draw(t, "kind")
		for _, field := range []*string{&r.ID, &r.Target.ServerVersion, &r.Host.MemoryLimitSource, &r.Target.ConcurrencyFlag, &r.Target.URL} {
			*field = rapid.SampledFrom(bad).Draw(t, "text")
		}
		r.Concurrency.Bound, r.Target.ConcurrencyLimit = 3, 3
		r.Target.Command = []string{"gunicorn", "--token=hunter3"}
		got := emitted(t, r, kind)
		same := plain
		same.Target.Command = r.Target.Command
		if want := settingLines(emitted(t, same, kind)); !slices.Equal(settingLines(got), want) {
			t.Fatalf("the settings have changed:\n%s", got)
		}
		for line := range strings.Lines(got) {
			if strings.HasPrefix(line, "#") && strings.HasSuffix(line, "\\\n") {
				t.Fatalf("a comment goes on in the next line: %q", line)
			}
		}
		if strings.Contains(got, "hunter3") {
			t.Fatal("the command is in it")
		}
	})
}

// The limit always holds the sum, and exceeds the budget by less than the MB that it is rounded to.
func TestEmittedLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r calibrate.Result
		rec := &r.Recommendation
		rec.BudgetBytes = rapid.Int64Range(1, 1<<45).Draw(t, "budget")
		rec.TotalBytes = rapid.Int64Range(1, rec.BudgetBytes).Draw(t, "total")
		if limit := limitMB(r) * mb; limit < rec.TotalBytes || limit >= rec.BudgetBytes+mb || totalMB(r) > limitMB(r) {
			t.Fatal(fmt.Sprint(limit, *rec))
		}
	})
}

// The words of a command that is emitted are read as they were, by a shell's rules and as a list.
func FuzzEmittedCommand(f *testing.F) {
	f.Add("--access-logformat", `it's "x" \ $HOME %h`)
	f.Add("#", "~ `id` !")
	r := recorded(f)["creeping"]
	f.Fuzz(func(t *testing.T, a, b string) {
		if say.Line(a) != a || say.Line(b) != b {
			t.Skip("in bash's quotes") // which are read by bash: TestE2EEmit
		}
		run := r
		run.Target.Command = []string{"gunicorn", a, b}
		last := func(kind, begin string) string {
			lines := settingLines(strings.TrimSpace(emitted(t, run, kind)))
			text, ok := strings.CutPrefix(lines[len(lines)-1], begin)
			if !ok {
				t.Fatalf("%q doesn't begin with %q", lines[len(lines)-1], begin)
			}
			return text
		}
		typed, err := cli.SplitWords(last("procfile", "web: "))
		var listed []string
		if err := errors.Join(err, json.Unmarshal([]byte(last("dockerfile", "CMD ")), &listed)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(typed, listed) || listed[0] != noCommand && !slices.Equal(listed[:3], calibrate.Redact(run.Target.Command)) {
			t.Errorf("%q and %q", typed, listed)
		}
	})
}
