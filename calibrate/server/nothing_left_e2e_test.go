package server

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/guard"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// Nothing that the tool started outlives it.

// withDaemon is an app with a child that has left its group, its session and its parent.
const withDaemon = `
import os, subprocess, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3): os.dup2(null, fd)
        time.sleep(50)
    os._exit(0)
os.wait()
` + okApp

// stubborn is an app whose child hears no signal but the last.
const stubborn = `
import os, signal, time
if os.fork() == 0:
    for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP): signal.signal(sig, signal.SIG_IGN)
    time.sleep(50)
    os._exit(0)
` + okApp

func TestE2EDaemonIsKilled(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, withDaemon), "--preload", "mod:app")})
	if n := len(r.Tree()); n != 3 {
		t.Fatalf("tree %v, want master, worker and daemon", r.Tree())
	}
	r.answering()
	stopped, err := r.Stop(t.Context())
	if err != nil || stopped.Left != 0 {
		t.Errorf("%+v %v", stopped, err)
	}
	noneLeft(t, r.mark, 0)
}

func TestE2EStubbornIsKilled(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, stubborn), "mod:app")})
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // an interrupted run has less patience
	began := time.Now()
	stopped, err := r.Stop(ctx)
	if err != nil || stopped.Killed != 1 || stopped.Left != 0 {
		t.Errorf("%+v %v", stopped, err)
	}
	if took := time.Since(began); took < guard.OrphanGrace || took > guard.OrphanGrace+4*time.Second {
		t.Errorf("took %v", took)
	}
	noneLeft(t, r.mark, 0)
}

func TestE2EStopByManyAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, okApp), "mod:app")})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if s, err := r.Stop(context.Background()); err != nil || s.Left != 0 || s.Killed != 0 {
				t.Errorf("%+v %v", s, err)
			}
		})
		wg.Go(func() { _, _ = r.Workers(); r.Tree(); r.Info(); r.Backlog(); r.Failure("soak") })
	}
	wg.Wait()
	noneLeft(t, r.mark, 0)
}

// toolWith starts a tool with an app, and returns them with the app's mark once all of it is there.
func toolWith(t *testing.T, text string, processes int, order toolOrder) (*tool, mark) {
	t.Helper()
	m := mark{value: strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(marks.Add(1), 10) + "-", log: "none"}
	order.Spec = m.on(known.Spec{Command: gunicornWith(t, servertest.Module(t, text), "--preload", "mod:app"), Env: map[string]string{"PYTHONPATH": noTitles(t)}})
	tool := startTool(t, order)
	eventually(t, "the whole tree", func() bool { return len(m.living()) == processes })
	return tool, m
}

// noTitles is a path on which setproctitle can't be imported: titles would write over the mark.
func noTitles(t *testing.T) string {
	dir := t.TempDir()
	servertest.Write(t, filepath.Join(dir, "setproctitle.py"), "raise ImportError('not here')\n")
	return dir
}

func TestE2EToolKilled(t *testing.T) {
	t.Parallel()
	tool, mark := toolWith(t, withDaemon, 3, toolOrder{})
	tool.kill9(t)
	noneLeft(t, mark, 5*time.Second)
	goneWithin(t, tool.Guard, 5*time.Second)
}

func TestE2EToolKilledWithStubbornApp(t *testing.T) {
	t.Parallel()
	tool, mark := toolWith(t, stubborn, 3, toolOrder{})
	tool.kill9(t)
	noneLeft(t, mark, 5*time.Second)
	goneWithin(t, tool.Guard, 5*time.Second)
}

func TestE2EToolPanics(t *testing.T) {
	t.Parallel()
	log := servertest.LogFile(t)
	m := newMark(log)
	spec := m.on(known.Spec{Command: gunicornWith(t, servertest.Module(t, withDaemon), "--preload", "mod:app"), Env: map[string]string{"PYTHONPATH": noTitles(t)}})
	tool := startTool(t, toolOrder{Spec: spec, Panic: true})
	_ = tool.cmd.Wait()
	if code := tool.cmd.ProcessState.ExitCode(); code != 2 {
		t.Errorf("exit code %d: it did not panic", code)
	}
	noneLeft(t, m, 5*time.Second)
	goneWithin(t, tool.Guard, 5*time.Second)
}

func TestE2EGuardKilled(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, withDaemon), "--preload", "mod:app"), Env: map[string]string{"PYTHONPATH": noTitles(t)}})
	if n := len(r.mark.living()); n != 4 {
		t.Fatalf("%d processes, want guard, master, worker and daemon", n)
	}
	if err := syscall.Kill(r.guardian.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.Exited():
	case <-time.After(5 * time.Second):
		t.Error("Exited is not closed")
	}
	noneLeft(t, r.mark, 5*time.Second)
	f := r.Failure("soak")
	showFailure(t, f)
	says(t, f, 1, "the guard that watches gunicorn was killed in the middle of the run")
	stopped, err := r.Stop(t.Context())
	if err != nil || stopped.Left != 0 {
		t.Errorf("%+v %v", stopped, err)
	}
}

// Tool and guard at once, as pkill -9 would if they had the same name: what is left is the server's own good manners.
func TestE2EToolAndGuardKilled(t *testing.T) {
	t.Parallel()
	tool, mark := toolWith(t, okApp, 2, toolOrder{})
	if err := tool.cmd.Process.Signal(syscall.SIGSTOP); err != nil { // or it would do the guard's work
		t.Fatal(err)
	}
	if err := syscall.Kill(tool.Guard, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	tool.kill9(t)
	noneLeft(t, mark, 10*time.Second)
}

// The terminal's Ctrl-C goes to the tool's process group, in which neither the guard nor the app may be.
func TestE2ECtrlC(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, okApp), "mod:app")})
	own := syscall.Getpgrp()
	for _, pid := range append(r.Tree(), r.guardian.PID) {
		if s, err := linux.Here.Stat(pid); err != nil || s.Group == own {
			t.Errorf("%d %q is in the tool's process group (%v)", pid, linux.Here.Args(pid), err)
		}
	}
	// And the guard itself, asked to end, takes the app along.
	if err := syscall.Kill(r.guardian.PID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	noneLeft(t, r.mark, 5*time.Second)
}

// A tree that makes new processes faster than one can read it.
func TestE2EForkHeavy(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, `
import os, signal, time
def breed(until):
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while time.time() < until:      # a chain: each one forks the next and ends
        if os.fork() != 0:
            time.sleep(0.002)
            os._exit(0)
until = time.time() + 40
for _ in range(4):
    if os.fork() == 0:
        breed(until)
        os._exit(0)
`+okApp), "--preload", "mod:app")})
	eventually(t, "several generations", func() bool { return len(r.Tree()) > 3 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stopped, err := r.Stop(ctx)
	if err != nil || stopped.Left != 0 || stopped.Killed == 0 {
		t.Errorf("%+v %v", stopped, err)
	}
	if over := stopped.Seconds - guard.OrphanGrace.Seconds(); over > 2 {
		t.Errorf("it took %v s to catch them", over)
	}
	t.Logf("%+v", stopped)
	noneLeft(t, r.mark, 0)
}
