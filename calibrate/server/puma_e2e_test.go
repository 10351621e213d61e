package server

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// pumaWith is a command that runs an app of fixtures/rack with Debian's packages (make servers). --no-config keeps
// the configuration beside the app out, but where a test names it.
func pumaWith(t *testing.T, args ...string) []string {
	t.Helper()
	return slices.Concat([]string{servertest.OnPath(t, "puma")}, args)
}

func rackApp(t *testing.T) string { return servertest.Fixture(t, "rack", "config.ru") }

// knobs are variables of the fixtures' apps, for production.
func knobs(pairs ...string) map[string]string {
	env := map[string]string{"RACK_ENV": "production"}
	for i := 0; i+1 < len(pairs); i += 2 {
		env["CALIBRATE_"+pairs[i]] = pairs[i+1]
	}
	return env
}

func resident(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		t.Fatal(err)
	}
	return int64(atoi(t, strings.Fields(string(text))[1]) * os.Getpagesize())
}

// A command in single mode is measured as a cluster of one, and its leak is seen in the worker.
func TestE2EPuma(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: pumaWith(t, "--no-config", "-p", "9292", rackApp(t)), Env: knobs("KEEP_BYTES", "65536")})
	r.answering()
	info := r.Info()
	if info.Server != "puma" || info.ServerVersion == "" || info.Threads != 5 || !info.HasThreads || !info.CanScale || info.CanRecycle ||
		info.Preload || info.WorkerRule.Kind != calibrate.RuleTitle || len(r.Tree()) != 2 {
		t.Errorf("%+v, tree %v", info, r.Tree())
	}
	servertest.HasChange(t, info, "a cluster of 1 worker (-w 1) instead of single mode")
	servertest.HasChange(t, info, "instead of tcp://0.0.0.0:9292")
	servertest.HasChange(t, info, "all 5 threads of a worker are there from the start, instead of 0 to 5")
	if r.watch.Replacements() != 0 || r.Backlog() != 0 {
		t.Errorf("%d replacements, backlog %d", r.watch.Replacements(), r.Backlog())
	}
	within(t, "bytes a request", r.growth(t, r.worker(), 300, 800), 65536, 0.15)
	if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 || stopped.Left != 0 || stopped.Seconds > 8 {
		t.Errorf("%+v %v", stopped, err)
	}
}

func TestE2EPumaWorkersAndThreads(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: pumaWith(t, "--no-config", "-w", "4", "-t", "1:2", "--preload", servertest.Fixture(t, "rack", "sinatra.ru")),
		Workers: 2, Threads: 7, Env: knobs()})
	var workers []int
	eventually(t, "both workers are there", func() bool {
		workers, _ = r.Workers()
		return len(workers) == 2 && len(r.Tree()) == 3
	})
	for range 4 {
		if pid := atoi(t, r.get("/")); !slices.Contains(workers, pid) {
			t.Errorf("answered by %d, the workers found are %v", pid, workers)
		}
	}
	for _, pid := range workers {
		eventually(t, "7 threads for requests in each worker", func() bool {
			return known.NewRunning(linux.Here, linux.Identity{}, nil, 0).MostThreads([]linux.Process{{PID: pid}}, "srv tp") == 7
		})
	}
	if info := r.Info(); info.Threads != 7 || !info.Preload {
		t.Errorf("%+v", info)
	}
	servertest.HasChange(t, r.Info(), "2 workers instead of 4")
	servertest.HasChange(t, r.Info(), "7 threads a worker instead of 2")
}

// The configuration that Puma finds by itself, and none of what it shares with production.
func TestE2EPumaConfigOfTheFolder(t *testing.T) {
	puma := servertest.OnPath(t, "puma")
	t.Chdir(servertest.Fixture(t, "rack"))
	r := start(t, known.Spec{Command: []string{puma}})
	r.answering()
	info := r.Info()
	if info.Threads != 6 || !info.Preload || len(r.Tree()) != 2 {
		t.Errorf("%+v, tree %v", info, r.Tree())
	}
	for _, change := range []string{"instead of tcp://0.0.0.0:8080", "1 worker instead of 3", "instead of 2 to 6", "requests aren't logged",
		"puma.pid", "puma.state", "tcp://127.0.0.1:9293", "puma.out, /tmp/calibrate-fixture-puma.err"} {
		servertest.HasChange(t, info, change)
	}
	if !known.FileExists(filepath.Join(r.temporary, "pid")) {
		t.Errorf("no pid file in %s", r.temporary)
	}
	if log, _ := os.ReadFile(r.log.Name()); !strings.Contains(string(log), "booted in") {
		t.Errorf("the run's log: %s", log)
	}
	if _, err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	for _, file := range []string{"pid", "state", "out", "err"} {
		if known.FileExists("/tmp/calibrate-fixture-puma." + file) {
			t.Errorf("production's %s file was touched", file)
		}
	}
	if r.temporary == "" || known.FileExists(r.temporary) {
		t.Errorf("%q is left", r.temporary)
	}
}

// rackup would start Puma in single mode.
func TestE2EPumaByRackup(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: []string{servertest.OnPath(t, "rackup"), "-s", "puma", "-O", "Threads=1:3", servertest.Fixture(t, "rack", "sinatra.ru")}, Workers: 2, Env: knobs()})
	if workers, err := r.Workers(); err != nil || len(workers) != 2 || r.Info().Server != "puma" || r.Info().Threads != 3 {
		t.Errorf("workers %v %v, %+v", workers, err, r.Info())
	}
}

// The trap: the variable preloads the app, the option doesn't.
func TestE2EPumaPreloadByVariable(t *testing.T) {
	t.Parallel()
	env := maps.Clone(knobs())
	env["WEB_CONCURRENCY"] = "3"
	r := start(t, known.Spec{Command: pumaWith(t, "--no-config", rackApp(t)), Env: env})
	warned := slices.ContainsFunc(r.Warnings(), func(w calibrate.Warning) bool { return w.Code == "preload-by-variable" })
	log, _ := os.ReadFile(r.log.Name())
	if loaded := strings.Contains(string(log), "Preloading application"); !loaded || !r.Info().Preload || !warned {
		t.Errorf("preloaded %v, said %v, warned %v", loaded, r.Info().Preload, warned)
	}
	servertest.HasChange(t, r.Info(), "1 worker instead of 3")
}

// What --fork-worker forks is below the first worker.
func TestE2EPumaForkWorker(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: pumaWith(t, "--no-config", "-w", "2", "-t", "1:1", "--fork-worker=20", rackApp(t)), Workers: 2, Env: knobs()})
	eventually(t, "a second worker", func() bool { workers, _ := r.Workers(); return len(workers) == 2 })
	before, _ := r.Workers()
	r.load(t, 200)
	if after, _ := r.Workers(); !slices.Equal(before, after) {
		t.Errorf("workers %v, then %v", before, after)
	}
}

func TestE2EPumaWorkerKilled(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: pumaWith(t, "--no-config", rackApp(t)), Env: knobs("FAIL", "kill:5")})
	before := r.worker()
	client := plainClient()
	client.Timeout = 5 * time.Second
	eventually(t, "another worker", func() bool {
		if res, err := client.Get(r.Info().URL); err == nil {
			res.Body.Close()
		}
		workers, _ := r.Workers()
		return len(workers) == 1 && workers[0] != before
	})
	f := r.Failure("soak")
	showFailure(t, f)
	says(t, f, calibrate.KindInconclusive, "the worker was replaced")
}

// Each of these is said in a sentence, with the app's own reason, and within seconds.
func TestE2EPumaFailures(t *testing.T) {
	t.Parallel()
	app := rackApp(t)
	missing := filepath.Join(t.TempDir(), "config.ru")
	for _, c := range []struct {
		name string
		args []string
		fail string
		kind calibrate.Kind
		says string
	}{
		{"crash loop", []string{app}, "import", calibrate.KindApp, "puma starts its worker over and over\nthe app could not be loaded (LoadError: CALIBRATE_FAIL=import)"},
		{"crash loop, exit", []string{app}, "exit", calibrate.KindApp, "puma starts its worker over and over\nthe app could not be loaded (SystemExit: exit)"},
		{"preloaded", []string{"--preload", app}, "import", calibrate.KindApp, "before it answered\nthe app could not be loaded (LoadError: CALIBRATE_FAIL=import)"},
		{"no rackup file", []string{missing}, "", calibrate.KindApp, "there is no config.ru"},
		{"answers 500", []string{app}, "status500", calibrate.KindApp, "the app answered 500 to GET /"},
		{"hangs", []string{app}, "hang", calibrate.KindApp, "never answered GET /"},
		{"option", []string{"--foo", app}, "", calibrate.KindUsage, "OptionParser::InvalidOption: invalid option: --foo"},
		{"configuration", []string{"-C", missing, app}, "", calibrate.KindUsage, "No such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			args := c.args
			if args[0] != "-C" {
				args = slices.Concat([]string{"--no-config"}, args)
			}
			spec := known.Spec{Command: pumaWith(t, args...), Env: knobs("FAIL", c.fail)}
			if c.fail == "status500" || c.fail == "hang" { // which nothing but the deadline ends
				spec.BootDeadline = 2 * time.Second
			}
			began := time.Now()
			f := failure(t, spec)
			says(t, f, c.kind, c.says)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// A worker that takes longer to load the app than Puma waits is killed, and another one is.
func TestE2EPumaBootTimeout(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "slow.rb")
	servertest.Write(t, config, "worker_check_interval 1\nworker_timeout 3\nworker_boot_timeout 1\n")
	f := failure(t, known.Spec{Command: pumaWith(t, "-C", config, rackApp(t)), Env: knobs("IMPORT_SECONDS", "30"), BootDeadline: 20 * time.Second})
	says(t, f, calibrate.KindApp, "starts its worker over and over\nthe app takes longer to load than worker_boot_timeout allows")
}

// A server that runs: cluster and single, told by their titles.
func TestE2EPumaAttached(t *testing.T) {
	t.Parallel()
	program := servertest.OnPath(t, "puma")
	for name, c := range map[string]struct {
		args []string
		rule calibrate.RuleKind
		pids int
	}{
		"cluster": {[]string{"-w", "2", "-t", "3:3"}, calibrate.RuleTitle, 3},
		"single":  {[]string{"-t", "3:3"}, calibrate.RuleAlone, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket := "unix://" + filepath.Join(t.TempDir(), "s")
			cmd := exec.Command(program, slices.Concat([]string{"--no-config", "-b", socket, rackApp(t)}, c.args)...)
			var ended sync.WaitGroup
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended.Go(func() { _ = cmd.Wait() })
			t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); ended.Wait() })
			eventually(t, "the server", func() bool {
				return len(linux.Here.Tree(cmd.Process.Pid)) == c.pids-1 && known.FileExists(strings.TrimPrefix(socket, "unix://"))
			})
			time.Sleep(500 * time.Millisecond) // for the workers' titles and threads
			r, err := Attach(AttachSpec{PID: cmd.Process.Pid})
			if err != nil {
				t.Fatal(err)
			}
			app, err := r.Start(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer app.Stop(t.Context())
			workers, _ := app.Workers()
			info := app.Info()
			if info.Server != "puma" || info.ServerVersion == "" || info.WorkerRule.Kind != c.rule || len(workers) != max(c.pids-1, 1) || info.CanRecycle {
				t.Errorf("%+v, workers %v", info, workers)
			}
			if w := r.Warnings(); !slices.ContainsFunc(w, func(w calibrate.Warning) bool {
				return w.Code == "threads-unknown" && strings.Contains(w.Text, "up to 3 for requests")
			}) {
				t.Errorf("%+v", w)
			}
		})
	}
}
