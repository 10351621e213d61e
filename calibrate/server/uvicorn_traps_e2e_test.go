package server

import (
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// The traps that calibrate warns of, as production would run into them: the command as given, not as measured.

// asGiven runs Uvicorn without calibrate, and returns its address and its end.
func asGiven(t *testing.T, env string, args ...string) (url string, end <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	cmd := exec.CommandContext(t.Context(), servertest.Venv(t, "python"), slices.Concat([]string{"-m", "uvicorn", "--port", strconv.Itoa(port), "--app-dir", servertest.Module(t, okASGI)}, args, []string{"mod:app"})...)
	cmd.Env = append(cmd.Environ(), "PYTHONPATH="+env)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended, waited := make(chan error, 1), make(chan struct{})
	go func() { ended <- cmd.Wait(); close(waited) }()
	t.Cleanup(func() {
		<-waited                                            // the context is done by then
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // workers that a busy machine kept from ending in time
	})
	url = fmt.Sprintf("http://127.0.0.1:%d", port)
	eventually(t, "the first answer", func() bool { _, ok := pidAt(url); return ok })
	return url, ended
}

// limit-ends-server: exit status 0 at the limit, for which Restart=on-failure does nothing.
func TestE2EUvicornLimitEndsServer(t *testing.T) {
	t.Parallel()
	for version, path := range map[string]string{"new": "", "old": servertest.OldUvicorn(t)} {
		t.Run(version, func(t *testing.T) {
			url, end := asGiven(t, path, "--limit-max-requests", "20")
			for range 20 {
				pidAt(url)
			}
			endsWith(t, end, 5*time.Second, 0)
		})
	}
}

// From two workers on, a new Uvicorn replaces those that reach the limit.
func TestE2EUvicornLimitReplacesWorkers(t *testing.T) {
	t.Parallel()
	url, _ := asGiven(t, "", "--workers", "2", "--limit-max-requests", "20")
	pids := map[string]bool{}
	eventually(t, "workers in the place of the first two", func() bool {
		if pid, ok := pidAt(url); ok {
			pids[pid] = true
		}
		return len(pids) > 2
	})
}

// workers-not-replaced: all are gone, the parent lives, and the port takes connections that nobody answers.
func TestE2EUvicornOldReplacesNoWorker(t *testing.T) {
	t.Parallel()
	url, end := asGiven(t, servertest.OldUvicorn(t), "--workers", "2", "--limit-max-requests", "20")
	silent := 0
	eventually(t, "silence", func() bool {
		if _, ok := pidAt(url); ok {
			silent = 0
		} else {
			silent++
		}
		return silent >= 3
	})
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "http://"), time.Second)
	if err != nil {
		t.Errorf("the port is closed: %v", err)
	} else {
		conn.Close()
	}
	select {
	case err := <-end:
		t.Errorf("the parent ended: %v", err)
	default:
	}
	l := recognised(t, known.Spec{Command: []string{servertest.Venv(t, "python"), "-m", "uvicorn", "mod:app"}, Env: map[string]string{"PYTHONPATH": servertest.OldUvicorn(t)}})
	servertest.HasWarning(t, l.Warnings(), "workers-not-replaced")
	if l.Info().CanRecycle {
		t.Errorf("%+v", l.Info())
	}
}

// no-jitter: an old Uvicorn refuses the option.
func TestE2EUvicornJitter(t *testing.T) {
	t.Parallel()
	for path, refused := range map[string]bool{"": false, servertest.OldUvicorn(t): true} {
		cmd := exec.CommandContext(t.Context(), servertest.Venv(t, "python"), "-m", "uvicorn", "--limit-max-requests-jitter", "5", "--version")
		cmd.Env = append(cmd.Environ(), "PYTHONPATH="+path)
		out, err := cmd.CombinedOutput()
		if (err != nil) != refused || refused && !strings.Contains(string(out), "No such option") {
			t.Errorf("%q: %v %s", path, err, out)
		}
	}
}
