package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

func TestE2EUvicornStops(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 2} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			r := start(t, known.Spec{Command: uvicornWith(t, servertest.Module(t, okASGI), "mod:app"), Workers: workers})
			idle := &http.Client{} // keeps its connection
			defer idle.CloseIdleConnections()
			res, err := idle.Get(r.Info().URL)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
			answered := make(chan string, 1)
			go func() { answered <- r.get("/ms/1000") }()
			eventually(t, "the request under way", func() bool { return r.established() >= 2 })
			stopped, err := r.Stop(t.Context())
			if err != nil || stopped.Killed != 0 || stopped.Left != 0 || stopped.Seconds > 8 {
				t.Errorf("%+v %v", stopped, err)
			}
			if body := <-answered; body == "" {
				t.Error("the request in flight was cut off")
			}
		})
	}
}

// Uvicorn waits for a request without end; we don't.
func TestE2EUvicornHangs(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: uvicornWith(t, servertest.Module(t, okASGI), "mod:app")})
	go func() {
		if res, err := plainClient().Get(r.Info().URL + "/ms/60000"); err == nil {
			res.Body.Close()
		}
	}()
	eventually(t, "the request under way", func() bool { return r.established() == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // an interrupted run has less patience
	stopped, err := r.Stop(ctx)
	if err != nil || stopped.Killed != 1 || stopped.Left != 0 || stopped.Seconds > 6 {
		t.Errorf("%+v %v", stopped, err)
	}
}

func TestE2EUvicornToolKilled(t *testing.T) {
	t.Parallel()
	m := mark{value: fmt.Sprintf("%d-%d-", os.Getpid(), marks.Add(1)), log: "none"}
	tool := startTool(t, toolOrder{Spec: m.on(known.Spec{Command: uvicornWith(t, servertest.Module(t, okASGI), "mod:app"), Workers: 2})})
	eventually(t, "the whole tree", func() bool { return len(m.living()) == 4 }) // parent, tracker, two workers
	tool.kill9(t)
	noneLeft(t, m, 5*time.Second)
	goneWithin(t, tool.Guard, 5*time.Second)
}

func TestE2EUvicornWorkerReplaced(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: uvicornWith(t, servertest.Module(t, okASGI), "mod:app"), Workers: 2})
	eventually(t, "both workers", func() bool { workers, _ := r.Workers(); return len(workers) == 2 })
	before, _ := r.Workers()
	if err := syscall.Kill(before[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another worker", func() bool {
		workers, _ := r.Workers()
		return len(workers) == 2 && !slices.Equal(workers, before)
	})
	f := r.Failure("soak")
	showFailure(t, f)
	says(t, f, calibrate.KindInconclusive, "the worker was replaced", "Child process")
}
