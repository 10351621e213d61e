package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workermem/calibrate"
	"workermem/calibrate/server"
	"workermem/sampler"
)

// Stacks of threads, on the real servers: what they span, what of that is memory, and how many fit where addresses are limited.

// startFixture starts a server, in the folder of the fixture apps.
func startFixture(t *testing.T, spec server.Spec) calibrate.App {
	t.Helper()
	launch, err := server.Recognise(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	app, err := launch.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := app.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return app
}

// workerOf is the app's only worker, open for reading.
func workerOf(t *testing.T, app calibrate.App) (calibrate.Probe, int) {
	t.Helper()
	pids, err := app.Workers()
	if err != nil || len(pids) != 1 {
		t.Fatalf("workers %v %v", pids, err)
	}
	p, err := sampler.New().Open(pids[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p, pids[0]
}

// atOnce sends so many requests at once, and waits for them; what becomes of them is the caller's to see.
func atOnce(url string, requests int) {
	var all sync.WaitGroup
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range requests {
		all.Go(func() {
			if res, err := client.Get(url); err == nil {
				res.Body.Close()
			}
		})
	}
	all.Wait()
}

// modWSGI is the fixture's Apache with so many threads and other options of WSGIDaemonProcess.
func modWSGI(t *testing.T, threads int, options string) server.Spec {
	t.Helper()
	apache := needTool(t, "/usr/sbin/apache2")
	text, err := os.ReadFile(filepath.Join(fixtures(t), "apache", "pyramid.conf"))
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "apache.conf")
	with := strings.Replace(string(text), "processes=4 threads=4", "processes=1 "+options, 1)
	if with == string(text) {
		t.Fatal("the fixture has another WSGIDaemonProcess")
	}
	if err := os.WriteFile(conf, []byte(with), 0o644); err != nil {
		t.Fatal(err)
	}
	return server.Spec{Command: []string{apache, "-C", "Define FIXTURES " + fixtures(t), "-f", conf}, Threads: threads, Env: map[string]string{"CALIBRATE_HOLD_MS": "20"}}
}

// Of T threads and mod_wsgi's own two each has a stack of ulimit -s, or of stack-size=, of which some pages are memory. A
// sixteenth of the stack saves fifteen sixteenths of its addresses, and no memory.
func TestE2EStacksOfModWSGI(t *testing.T) {
	skipShort(t)
	t.Parallel()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_STACK, &limit); err != nil || limit.Cur > 1<<30 {
		t.Skip("ulimit -s is unlimited here")
	}
	guard := int64(os.Getpagesize())
	rss := map[int64]int64{}
	for _, c := range []struct {
		threads int
		options string
		size    int64
	}{{4, "", int64(limit.Cur)}, {15, "", int64(limit.Cur)}, {15, "stack-size=524288", 512 << 10}} {
		t.Run(fmt.Sprintf("%d threads %s", c.threads, c.options), func(t *testing.T) {
			app := startFixture(t, modWSGI(t, c.threads, c.options))
			for range 5 {
				atOnce(app.Info().URL, 2*c.threads)
			}
			p, _ := workerOf(t, app)
			v, err := p.Virtual()
			if err != nil {
				t.Fatal(err)
			}
			s := v.Stacks
			t.Logf("%.0f MB of addresses, %.0f MB reserved; %d stacks of %.2f MB, %.0f KB of them in memory", mb(v.PeakBytes), mb(v.ReservedBytes), s.Count, mb(s.EachBytes), float64(s.ResidentBytes)/1024)
			if v.Threads != c.threads+3 || s.Count != v.Threads-1 || s.EachBytes != c.size+guard || s.Bytes != int64(s.Count)*(c.size+guard) {
				t.Errorf("%+v", v)
			}
			if s.ResidentBytes < int64(s.Count)*4<<10 || s.ResidentBytes > int64(s.Count)*64<<10 {
				t.Errorf("%d bytes of %d stacks are in memory, want some pages of each", s.ResidentBytes, s.Count)
			}
			if v.StackLimitBytes != int64(limit.Cur) || v.Limit != nil || v.ReservedBytes < 64<<20 {
				t.Errorf("%+v", v)
			}
			if c.threads == 15 {
				if rss[c.size], _, err = p.Read(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if saved := mb(rss[int64(limit.Cur)] - rss[512<<10]); saved < -3 || saved > 3 {
		t.Errorf("smaller stacks saved %.1f MB of memory", saved)
	}
}

// A gthread worker under ulimit -v gets no more threads than fit, and no fewer than fit if each has an arena of its own. At one
// more it ends, with all its requests.
func TestE2EThreadsUnderULimit(t *testing.T) {
	skipShort(t)
	t.Parallel()
	const limit, threads = 500_000 << 10, 4
	app := startFixture(t, server.Spec{
		Command: []string{"sh", "-c", "ulimit -v 500000; exec " + needServer(t, "gunicorn") + " -b 127.0.0.1:{port} --threads 200 app:app"},
		Env:     map[string]string{"CALIBRATE_HOLD_MS": "1500", "PYTHONPATH": filepath.Join(fixtures(t), "wsgi"), "PYTHONDONTWRITEBYTECODE": "1"}, Path: "/pid",
	})
	atOnce(app.Info().URL, threads)
	p, pid := workerOf(t, app)
	v, err := p.Virtual()
	if err != nil {
		t.Fatal(err)
	}
	least, most, known := v.MoreThreads()
	if v.Limit == nil || v.Limit.Kind != calibrate.LimitAddresses || v.Limit.Bytes != limit || !known || least < 1 || most < least {
		t.Fatalf("%+v: %d to %d", v, least, most)
	}
	before := v.Threads
	crowd := make(chan struct{})
	go func() { defer close(crowd); atOnce(app.Info().URL, int(most)+40) }()
	reached := before
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		s, err := p.Status()
		if err != nil {
			break // it has ended
		}
		reached = max(reached, s.Threads)
	}
	<-crowd
	t.Logf("%d threads, room for %d to %d more; it reached %d", before, least, most, reached)
	if more := int64(reached - before); more < least-1 || more > most { // what the requests map themselves may cost one
		t.Errorf("it got %d more threads, want %d to %d", more, least, most)
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
		t.Error("the worker lives, though it got no more threads")
	}
}
