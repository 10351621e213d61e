package server

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate/linux"
)

// Traps that target warns of, as production would run into them; uvicorn_e2e_test.go and uwsgi_e2e_test.go have others.

// byHand runs a server without calibrate, in a folder of its own, until its first answer. {port} is a free port.
func byHand(t *testing.T, env []string, words ...string) (url string, cmd *exec.Cmd) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	l.Close()
	fill := func(texts []string) (all []string) {
		for _, text := range texts {
			all = append(all, strings.ReplaceAll(text, "{port}", port))
		}
		return all
	}
	words = fill(words)
	cmd = exec.Command(words[0], words[1:]...)
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), fill(env)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	url = "http://" + address
	eventually(t, "the first answer", func() bool { _, ok := pidAt(url); return ok })
	return url, cmd
}

// control-socket: of two masters of one user, the second takes the socket of the first.
func TestE2EGunicornControlSocket(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	command := append(gunicornWith(t, module(t, okApp)), "--bind", "127.0.0.1:{port}", "mod:app")
	var inodes []uint64
	for range 2 {
		byHand(t, []string{"HOME=" + home}, command...)
		eventually(t, "a socket of its own", func() bool {
			info, err := os.Stat(filepath.Join(home, ".gunicorn", "gunicorn.ctl"))
			if err != nil {
				return false
			}
			inode := info.Sys().(*syscall.Stat_t).Ino
			if slices.Contains(inodes, inode) {
				return false
			}
			inodes = append(inodes, inode)
			return true
		})
	}
}

// no-request-limit: none of the options is one.
func TestE2ENoRequestLimit(t *testing.T) {
	t.Parallel()
	for name, command := range map[string][]string{
		"puma":   {onPath(t, "puma"), "--help"},
		"lmsctl": {venv(t, "../nowlms/bin/lmsctl"), "serve", "--help"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
			if text := string(out); err != nil || !strings.Contains(text, "--") || strings.Contains(text, "max-requests") || strings.Contains(text, "limit") {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

// development: what Puma's app is told where nobody says otherwise.
func TestE2EPumaDevelopment(t *testing.T) {
	t.Parallel()
	app := filepath.Join(t.TempDir(), "config.ru")
	write(t, app, "run ->(_) { [200, {}, [ENV[\"RACK_ENV\"].to_s]] }\n")
	r := start(t, Spec{Command: pumaWith(t, "--no-config", app)})
	if got := r.get("/"); got != "development" {
		t.Errorf("RACK_ENV=%s", got)
	}
	hasWarning(t, r.Warnings(), "development")
}

// recycling-cuts: a request under way has 15 s (graceful-timeout) and 5 s more (shutdown-timeout), then it is cut off.
func TestE2EModWSGIRecyclingCuts(t *testing.T) {
	t.Parallel()
	r := start(t, Spec{Command: apache(t, "-DFOREGROUND"), MaxRequests: 5, Path: "/pid", Env: map[string]string{"CALIBRATE_HOLD_MS": "40000"}})
	answered, began := make(chan string, 1), time.Now()
	client := readyClient()
	go func() {
		res, err := client.Get(r.Info().URL + "/")
		if err != nil {
			answered <- err.Error()
			return
		}
		res.Body.Close()
		answered <- res.Status
	}()
	eventually(t, "the request under way", func() bool { return r.established() > 0 })
	for range 5 {
		r.get("/pid")
	}
	if got, took := <-answered, time.Since(began); strings.HasPrefix(got, "200") || took < 19*time.Second {
		t.Errorf("the request was answered after %v: %s", took, got)
	}
}

// slow-respawn: Apache looks about once a second.
func TestE2EModWSGISlowRespawn(t *testing.T) {
	t.Parallel()
	r := start(t, Spec{Command: apache(t, "-DFOREGROUND"), MaxRequests: 5, Path: "/pid"})
	var longest time.Duration
	for range 3 {
		before, asked := r.worker(), make(chan struct{})
		go func() { // a request that comes between the two workers waits for the second
			defer close(asked)
			for range 6 {
				pidAt(r.Info().URL + "/pid")
			}
		}()
		eventually(t, "the worker's end", func() bool {
			s, err := linux.Here.Stat(before)
			return err != nil || !s.Alive()
		})
		ended := time.Now()
		eventually(t, "another worker", func() bool {
			workers, _ := r.Workers()
			return len(workers) == 1 && workers[0] != before
		})
		longest = max(longest, time.Since(ended))
		<-asked
	}
	if t.Logf("the longest of three pauses was %v", longest); longest < 150*time.Millisecond {
		t.Errorf("a worker was replaced in %v", longest)
	}
}

// nothing-shared: what a process has of its own is all that it has, but for the libraries' files.
func TestE2EModWSGISharesNothing(t *testing.T) {
	t.Parallel()
	r := start(t, Spec{Command: apache(t, "-DFOREGROUND"), Workers: 2, Path: "/pid"})
	r.load(t, 100)
	workers, _ := r.Workers()
	for _, pid := range workers {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			t.Fatal(err)
		}
		fact := func(name string) int {
			_, rest, _ := strings.Cut(string(text), "\n"+name+":")
			return atoi(t, strings.Fields(rest)[0])
		}
		if own, all := fact("Private_Dirty"), fact("Anonymous"); float64(own) < 0.85*float64(all) {
			t.Errorf("%d: %d of %d KB of its own", pid, own, all)
		}
	}
}

func TestE2ENowLMSTraps(t *testing.T) {
	lmsctl := venv(t, "../nowlms/bin/lmsctl")
	clearLMS(t)
	env := lmsEnv(t, lmsctl)
	t.Run("listens-everywhere", func(t *testing.T) {
		r := start(t, Spec{Command: []string{lmsctl, "serve"}, Env: env})
		hasWarning(t, r.Warnings(), "listens-everywhere")
		sockets, err := os.ReadFile("/proc/net/tcp")
		if everywhere := fmt.Sprintf(" 00000000:%04X ", r.address.port); err != nil || !strings.Contains(string(sockets), everywhere) {
			t.Errorf("no %s: %v", everywhere, err)
		}
	})
	for ci, workers := range map[string]int{"": 2, "true": 1} {
		t.Run("ci-changes-app "+ci, func(t *testing.T) {
			all := []string{"CI=" + ci, "NOW_LMS_WORKERS=2", "LMS_PORT={port}"}
			for name, value := range env {
				all = append(all, name+"="+value)
			}
			_, cmd := byHand(t, all, lmsctl, "serve", "--wsgi-server", "gunicorn")
			eventually(t, "its workers", func() bool { return len(linux.Here.Tree(cmd.Process.Pid)) == workers })
		})
	}
}

// Gunicorn's UvicornWorker looks at its limit about ten times a second, and serves on until then.
func TestE2EUvicornWorkerOvershoots(t *testing.T) {
	t.Parallel()
	command := append(gunicornWith(t, module(t, okASGI)), "--bind", "127.0.0.1:{port}", "-k", "uvicorn.workers.UvicornWorker", "--max-requests", "5", "mod:app")
	url, _ := byHand(t, []string{"HOME=" + t.TempDir()}, command...)
	served, most := map[string]int{}, 0
	eventually(t, "a worker that serves twice its limit, and is replaced", func() bool {
		for range 20 { // without a pause
			if pid, ok := pidAt(url); ok {
				served[pid]++
				most = max(most, served[pid])
			}
		}
		return most > 10 && len(served) > 1
	})
}

// Jitter alone is no limit.
func TestE2EGunicornJitterAlone(t *testing.T) {
	t.Parallel()
	command := append(gunicornWith(t, module(t, okApp)), "--bind", "127.0.0.1:{port}", "--max-requests-jitter", "5", "mod:app")
	url, _ := byHand(t, []string{"HOME=" + t.TempDir()}, command...)
	first, _ := pidAt(url)
	for range 30 {
		if pid, ok := pidAt(url); ok && pid != first {
			t.Fatal("a worker was replaced")
		}
	}
}
