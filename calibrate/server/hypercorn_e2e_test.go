package server

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// hypercornWith is a command that runs the app of a folder, which Hypercorn takes with its path.
func hypercornWith(t *testing.T, dir string, args ...string) []string {
	return slices.Concat([]string{servertest.Venv(t, "hypercorn")}, args, []string{filepath.Join(dir, "mod") + ":app"})
}

// The user's file gives way to the command line in all that matters here, and stays as it is; the leak is seen.
func TestE2EHypercorn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, pidFile := filepath.Join(dir, "h.toml"), filepath.Join(dir, "pid")
	text := fmt.Sprintf("bind = ['127.0.0.1:1']\nworkers = 3\nmax_requests = 2\nmax_requests_jitter = 1\naccesslog = '-'\nerrorlog = '%s/err'\npid_path = '%s'\n", dir, pidFile)
	servertest.Write(t, file, text)
	r := start(t, known.Spec{
		Command: []string{servertest.Venv(t, "python"), "-m", "hypercorn", "-c", file, servertest.Fixture(t, "asgi", "app") + ":app"},
		Env:     map[string]string{"CALIBRATE_KEEP_BYTES": "65536"},
	})
	if info := r.Info(); info.Server != "hypercorn" || !strings.HasPrefix(info.ServerVersion, "0.") || info.WorkerRule.Kind != calibrate.RuleChild {
		t.Errorf("%+v", info)
	}
	if got := r.get("/pid"); atoi(t, got) != r.worker() || len(r.Tree()) != 3 { // parent, resource tracker, worker
		t.Errorf("answered by %s, the worker found is %d; tree %v", got, r.worker(), r.Tree())
	}
	within(t, "bytes a request", r.growth(t, r.worker(), 300, 800), 65536, 0.15)
	if r.watch.Replacements() != 0 {
		t.Errorf("%d replacements", r.watch.Replacements())
	}
	if _, err := os.Stat(pidFile); err == nil {
		t.Error("production's pid file is written")
	}
	if after, _ := os.ReadFile(file); string(after) != text {
		t.Errorf("the user's file is now %q", after)
	}
	if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 || stopped.Left != 0 || stopped.Seconds > 8 {
		t.Errorf("%+v %v", stopped, err)
	}
}

// Workers that reach the limit are replaced, and requests that come then are cut off.
func TestE2EHypercornRecycles(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: hypercornWith(t, servertest.Module(t, okASGI), "--max-requests-jitter", "5"), Workers: 2, MaxRequests: 20})
	servertest.HasWarning(t, r.Warnings(), known.RecyclingCuts)
	servertest.HasWarning(t, r.Warnings(), "jitter-is-limit")
	eventually(t, "both workers", func() bool { workers, _ := r.Workers(); return len(workers) == 2 })
	client := plainClient()
	var cut atomic.Int64
	stop := make(chan struct{})
	for range 8 {
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				res, err := client.Get(r.Info().URL)
				if err != nil {
					cut.Add(1)
					continue
				}
				res.Body.Close()
			}
		}()
	}
	defer close(stop)
	eventually(t, "new workers, and requests cut off", func() bool {
		_, _ = r.Workers()
		return r.watch.Replacements() >= 2 && cut.Load() > 0
	})
}

// The traps, as production would run into them: the command as given, not as measured.
func TestE2EHypercornTraps(t *testing.T) {
	t.Parallel()
	killOne := func(url string) {
		pid, _ := pidAt(url)
		_ = syscall.Kill(atoi(t, strings.TrimSpace(pid)), syscall.SIGKILL)
	}
	for name, c := range map[string]struct {
		args []string
		end  func(url string)
		code string
		ends []int // the statuses that it may end with
	}{
		// Of 140 that lost one of two workers 21 ended with 241, and of 35 that lost one of four 5: with two busy processes beside fewer.
		"a worker is killed":        {[]string{"-w", "2"}, killOne, known.WorkerEndsServer, []int{0, 256 - int(syscall.SIGTERM)}},
		"the only worker is killed": {[]string{"-w", "1"}, killOne, known.WorkerEndsServer, []int{0}},
		"a limit without a parent": {[]string{"-w", "0", "--max-requests", "5", "--daemon"}, func(url string) {
			for range 8 {
				pidAt(url)
			}
		}, "limit-needs-parent", []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, ended := hypercornAsGiven(t, c.args...)
			select {
			case err := <-ended:
				t.Fatalf("it ended by itself, or went to the background: %v", err)
			default:
			}
			c.end(url)
			endsWith(t, ended, 10*time.Second, c.ends...)
			l := recognised(t, known.Spec{Command: slices.Concat([]string{servertest.Venv(t, "hypercorn")}, c.args, []string{"a:a"})})
			servertest.HasWarning(t, l.Warnings(), c.code)
		})
	}
}

// hypercornAsGiven runs Hypercorn without calibrate, and returns its address and its end.
func hypercornAsGiven(t *testing.T, args ...string) (url string, end <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	command := hypercornWith(t, servertest.Module(t, okASGI), append(args, "-b", address)...)
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended, waited := make(chan error, 1), make(chan struct{})
	go func() { ended <- cmd.Wait(); close(waited) }()
	t.Cleanup(func() { <-waited })
	url = "http://" + address
	eventually(t, "the first answer", func() bool { _, ok := pidAt(url); return ok })
	return url, ended
}

func TestE2EHypercornFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		args []string
		want []string
	}{
		"import":    {"import nosuchmodule\n", nil, []string{"exit code 0", "ModuleNotFoundError: No module named 'nosuchmodule'"}},
		"attribute": {"x = 1\n", nil, []string{"the app was not found", "application not found"}},
		"leaves":    {"import sys\nsys.exit('leaving')\n", nil, []string{"a worker of it ended, and with it the whole server"}},
		"startup":   {failedStartup, nil, []string{"startup (lifespan) failed", "no database"}},
		"option":    {okASGI, []string{"--no-such"}, []string{"exit code 2", "unrecognized arguments: --no-such"}},
		"class":     {okASGI, []string{"-k", "nosuch"}, []string{"No worker of class nosuch exists"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says(t, failure(t, known.Spec{Command: hypercornWith(t, servertest.Module(t, c.text), c.args...)}), calibrate.KindApp, c.want...)
		})
	}
}

// Attached to, with a parent and without.
func TestE2EHypercornAttached(t *testing.T) {
	t.Parallel()
	for rule, args := range map[calibrate.RuleKind][]string{calibrate.RuleChild: {"-w", "1"}, calibrate.RuleAlone: {"-w", "0"}} {
		url, _ := hypercornAsGiven(t, args...)
		pid, _ := pidAt(url)
		worker := atoi(t, strings.TrimSpace(pid))
		r, err := Attach(AttachSpec{PID: worker})
		if err != nil {
			t.Fatal(err)
		}
		found, err := r.Workers()
		if info := r.Info(); err != nil || !slices.Equal(found, []int{worker}) || info.Server != "hypercorn" || info.WorkerRule.Kind != rule ||
			info.ServerVersion == "" {
			t.Errorf("%v %v, %+v", found, err, info)
		}
	}
}

func TestE2EHypercornFinishesRequests(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: hypercornWith(t, servertest.Module(t, okASGI))})
	answered := make(chan int, 1)
	go func() {
		res, err := plainClient().Get(r.Info().URL + "/ms/1000")
		if err != nil {
			answered <- 0
			return
		}
		res.Body.Close()
		answered <- res.StatusCode
	}()
	eventually(t, "the request under way", func() bool { return r.established() >= 1 })
	if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 || stopped.Left != 0 {
		t.Errorf("%+v %v", stopped, err)
	}
	if status := <-answered; status != http.StatusOK {
		t.Errorf("the request in flight was answered by %d", status)
	}
}
