package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/loadgen"
)

// running is a Gunicorn that calibrate has not started.
type running struct {
	master int
	url    string
	log    string // access log
	exited chan struct{}
}

// serve starts the fixture app with three workers, which keep 16 KB a request, as the user, and waits for its answer.
func serve(t *testing.T, uid int, flags ...string) *running {
	t.Helper()
	return serveWith(t, uid, nil, filepath.Join(openDir(t, uid), "access.log"), flags...)
}

// serveWith is serve with an environment, and an access log.
func serveWith(t *testing.T, uid int, env []string, log string, flags ...string) *running {
	t.Helper()
	gunicorn := needServer(t, "gunicorn")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	dir := filepath.Dir(log)
	s := &running{url: "http://" + address, log: log, exited: make(chan struct{})}
	args := append([]string{"-w", "3", "--threads", "4", "-b", address, "--access-logfile", s.log}, flags...)
	cmd := as(uid, dir, exec.Command(gunicorn, append(args, "app:app")...))
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH="+filepath.Join(fixtures(t), "wsgi"), "CALIBRATE_KEEP_BYTES=16384")
	cmd.Env = append(cmd.Env, env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.master = cmd.Process.Pid
	go func() { _ = cmd.Wait(); close(s.exited) }()
	t.Cleanup(func() { s.end(t) })
	var answers int64
	await(t, "an answer of the server", func() bool {
		if !s.answers() {
			return false
		}
		answers++
		return len(s.workers()) == 3
	})
	// A worker logs a request after its answer: a line that comes late would be a request of the watch.
	await(t, "its line in the access log", func() bool { return s.served(t) >= answers })
	return s
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

// openDir is a folder of a user, in one that every user may look into.
func openDir(t *testing.T, uid int) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "calibrate-attach") //nolint:usetesting // what t.TempDir makes is in a folder for this user alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if uid != os.Getuid() {
		if err := os.Chown(dir, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func as(uid int, dir string, cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Setsid: true}
	if uid != os.Getuid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
	}
	return cmd
}

// needsServerOf skips where a user can't run the servers: their Python may be in the home of another.
func needsServerOf(t *testing.T, uid int) {
	t.Helper()
	if err := as(uid, "/", exec.Command(needServer(t, "gunicorn"), "--version")).Run(); err != nil {
		t.Skipf("user %d can't run gunicorn where it is installed: %v", uid, err)
	}
}

func (s *running) end(t *testing.T) {
	t.Helper()
	_ = syscall.Kill(s.master, syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(10 * time.Second):
		_ = syscall.Kill(-s.master, syscall.SIGKILL) // its session, which nobody else is in
		t.Error("the server didn't end by itself")
	}
}

func (s *running) answers() bool {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(s.url + "/")
	if err != nil {
		return false
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode == http.StatusOK && string(body) == "ok\n"
}

// served is how many requests the access log has.
func (s *running) served(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	return int64(strings.Count(string(text), "\n"))
}

func (s *running) workers() []int {
	var pids []int
	parents, _ := processes()
	for pid, parent := range parents {
		if parent == s.master {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// unharmed checks at the end that the server serves on, by the same processes.
func (s *running) unharmed(t *testing.T) {
	t.Helper()
	workers := s.workers()
	t.Cleanup(func() {
		if now := s.workers(); !slices.Equal(now, workers) || !s.answers() {
			t.Errorf("workers %v, were %v; answers %v", now, workers, s.answers())
		}
	})
}

// asked puts load on the server, from this process, until the test ends.
func (s *running) asked(t *testing.T, rate float64) {
	t.Helper()
	s.askedFor(t, rate, 3*time.Minute)
}

// askedFor is asked for a time.
func (s *running) askedFor(t *testing.T, rate float64, lasts time.Duration) {
	t.Helper()
	targets, err := loadgen.Paths([]string{"/?token=secret"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), lasts)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = loadgen.New(targets, loadgen.Options{}).Attack(ctx, s.url, calibrate.Pace{Rate: rate}, nil)
	}()
	t.Cleanup(func() { cancel(); <-done })
	time.Sleep(time.Second)
}

func (s *session) endsWith(t *testing.T, code int, limit time.Duration) {
	t.Helper()
	if got := s.end(t, limit); got != code {
		t.Fatalf("exit code %d, want %d\n%s%s", got, code, s.stdout.String(), s.stderr.String())
	}
}

// kept is what the app keeps of a request: 16 KB, and Python's own object around them.
const kept = 16384 * 1.005

func TestE2EAttachByAccessLog(t *testing.T) {
	skipShort(t)
	t.Parallel()
	server := serve(t, os.Getuid())
	server.asked(t, 300)
	server.unharmed(t)
	s := start(t, nil, "attach", "--pid", strconv.Itoa(server.workers()[1]), "--access-log", server.log)
	s.endsWith(t, 0, 3*time.Minute)
	r := s.result(t)
	if r.Creep.By != calibrate.ByRequest || r.Creep.Verdict != "creeping" {
		t.Fatalf("creep %+v", r.Creep)
	}
	within(t, "creep", *r.Creep.BytesPerRequest, kept, 0.03)
	if *r.Creep.Low > kept || *r.Creep.High < kept {
		t.Errorf("%.0f to %.0f doesn't hold %.0f", *r.Creep.Low, *r.Creep.High, kept)
	}
	if l := r.Watch.Log; l == nil || len(l.Doubts) > 0 || l.OwnWriters != 4 || l.OtherServers != 0 || l.FirstForm != l.Lines {
		t.Errorf("the log: %+v", l)
	}
	if lines := server.served(t); r.Watch.Requests < 8000 || r.Watch.Requests > lines {
		t.Errorf("%d requests were counted, of %d in the log", r.Watch.Requests, lines)
	}
	if r.Worker.Workers != 3 || r.Worker.Restarts != 0 || r.Worker.PeakSource != calibrate.PeakMarkSince || r.Worker.End == nil {
		t.Errorf("worker %+v", r.Worker)
	}
	if r.Target.PID != server.master || r.Target.NamedPID != server.workers()[1] || r.Target.ServerVersion == "" || r.Mode != calibrate.ModeAttach {
		t.Errorf("target %+v", r.Target)
	}
	if rec := r.Recommendation; rec.MaxRequests == 0 || rec.Workers < 2 || rec.Withheld != nil {
		t.Errorf("recommended %+v", rec)
	}
	for _, file := range []string{"result.json", "samples.jsonl", "load.jsonl", "app.log"} {
		text, err := os.ReadFile(filepath.Join(s.dir, ".calibrate", "runs", latestLink, file))
		if err != nil || strings.Contains(string(text), "secret") {
			t.Errorf("%s: %v; it holds what the access log does: %v", file, err, strings.Contains(string(text), "secret"))
		}
	}
}

func TestE2EAttachByTime(t *testing.T) {
	skipShort(t)
	t.Parallel()
	server := serve(t, os.Getuid())
	server.asked(t, 200)
	server.unharmed(t)
	began, before := time.Now(), server.served(t)
	s := start(t, nil, "attach", "--pid", strconv.Itoa(server.master), "--duration", "35s", "--threads", "4")
	s.endsWith(t, 4, time.Minute)                                          // it grows too fast for a sizing
	rate := float64(server.served(t)-before) / time.Since(began).Seconds() // what a busy machine made of the 200
	r := s.result(t)
	if r.Creep.By != calibrate.ByTime || r.Creep.Verdict != "creeping" || r.Creep.BytesPerRequest != nil {
		t.Fatalf("creep %+v", r.Creep)
	}
	within(t, "growth", *r.Creep.BytesPerSecond, rate*kept/3, 0.2)
	if rec := r.Recommendation; rec.Workers != 0 || rec.Withheld == nil || rec.Withheld.Kind != calibrate.WithheldGrowth {
		t.Errorf("recommended %+v", rec)
	}
	if out := s.stdout.String(); !strings.Contains(out, "memory grows with time") || strings.Contains(out, "--max-requests") {
		t.Errorf("the report says\n%s", out)
	}
}

// The load ends while two watches go on, one that counts and one that doesn't.
func TestE2EAttachSeesTheLoadEnd(t *testing.T) {
	skipShort(t)
	t.Parallel()
	const rate, lasts = 100, 12 * time.Second
	server := serve(t, os.Getuid())
	server.askedFor(t, rate, lasts)
	server.unharmed(t)
	before := server.served(t)
	counted := start(t, nil, "attach", "--pid", strconv.Itoa(server.master), "--duration", "49s", "--access-log", server.log)
	timed := start(t, nil, "attach", "--pid", strconv.Itoa(server.master), "--duration", "49s")
	for name, s := range map[string]*session{"counted": counted, "by time": timed} {
		if code := s.end(t, 2*time.Minute); code != 0 && code != 4 {
			t.Fatalf("%s: exit code %d\n%s", name, code, s.stderr.String())
		}
		w := s.result(t).Watch
		if !warned(s.result(t), "load-ended") || w.QuietSeconds < 35 || w.QuietSeconds > 60 || w.LoadSeconds+w.QuietSeconds > w.Seconds+1 {
			t.Errorf("%s: %+v\n%s", name, w, s.stdout.String())
		}
	}
	w := counted.result(t).Watch
	served := float64(server.served(t)-before) / w.LoadSeconds // as many as a busy machine let through
	within(t, "rate", w.Rate(), served, 0.1)
	if !strings.Contains(counted.stdout.String(), "with load") {
		t.Errorf("the report says\n%s", counted.stdout.String())
	}
}

// One log may have two lines for each request, or those of two servers.
func TestE2EAttachDoubtsTheLog(t *testing.T) {
	skipShort(t)
	t.Parallel()
	for name, c := range map[string]struct {
		env    func(log string) []string
		others bool // another Gunicorn writes to it, too
		want   []calibrate.LogDoubt
	}{
		"the app logs, too": {env: func(log string) []string { return []string{"CALIBRATE_LOG=" + log} }, want: []calibrate.LogDoubt{calibrate.LogTwice}},
		"two servers":       {others: true, want: []calibrate.LogDoubt{calibrate.LogShared}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := filepath.Join(openDir(t, os.Getuid()), "access.log")
			var env []string
			if c.env != nil {
				env = c.env(log)
			}
			server := serveWith(t, os.Getuid(), env, log)
			server.asked(t, 200)
			if c.others {
				serveWith(t, os.Getuid(), nil, log).asked(t, 70)
			}
			s := start(t, nil, "attach", "--pid", strconv.Itoa(server.master), "--access-log", log, "--duration", "16s")
			if code := s.end(t, 2*time.Minute); code != 0 && code != 4 {
				t.Fatalf("exit code %d\n%s", code, s.stderr.String())
			}
			r := s.result(t)
			seen := r.Watch.Log
			if seen == nil || !slices.Equal(seen.Doubts, c.want) || !warned(r, "log-"+string(c.want[0])) || seen.OwnWriters == 0 {
				t.Fatalf("%+v, warnings %+v, want %q", seen, r.Warnings, c.want)
			}
			if !c.others {
				within(t, "requests", float64(r.Watch.Requests), float64(seen.Lines)/2, 0.01)
				within(t, "creep", *r.Creep.BytesPerRequest, kept, 0.05)
			} else if r.Watch.Requests < seen.Lines*98/100 || seen.OtherServers != 1 {
				t.Errorf("%d requests of %+v", r.Watch.Requests, seen)
			}
		})
	}
}

// A server that nobody asks for anything is flat in time, and nothing is said of requests.
func TestE2EAttachToAnIdleServer(t *testing.T) {
	skipShort(t)
	t.Parallel()
	server := serve(t, os.Getuid())
	server.unharmed(t)
	counted := start(t, nil, "attach", "--pid", strconv.Itoa(server.master), "--duration", "12s", "--access-log", server.log)
	timed := start(t, nil, "attach", "--pid", strconv.Itoa(server.master), "--duration", "12s")
	counted.endsWith(t, 4, time.Minute)
	if r := counted.result(t); r.Creep.Verdict != "inconclusive" || !warned(r, "no-requests") || r.Recommendation.Withheld == nil {
		t.Errorf("by request: creep %+v, warnings %+v", r.Creep, r.Warnings)
	}
	_ = timed.end(t, time.Minute)
	if r := timed.result(t); r.Creep.BytesPerRequest != nil || r.Creep.Verdict == "creeping" || !warned(r, "idle") || r.Recommendation.MaxRequests != 0 {
		t.Errorf("by time: creep %+v, watch %+v, warnings %+v", r.Creep, r.Watch, r.Warnings)
	}
}

func TestE2EAttachWithItsOwnLoad(t *testing.T) {
	skipShort(t)
	t.Parallel()
	server := serve(t, os.Getuid())
	server.unharmed(t)
	s := start(t, nil, "attach", "--pid", strconv.Itoa(server.master), "--url", server.url, "--rate", "300", "--duration", "15s")
	s.endsWith(t, 0, time.Minute)
	r := s.result(t)
	if r.Creep.Verdict != "creeping" || r.Watch.Counter != calibrate.CounterLoad || r.Load.Requests < 1000 || r.Load.Succeeded != r.Load.Requests {
		t.Fatalf("creep %+v, load %+v", r.Creep, r.Load)
	}
	within(t, "creep", *r.Creep.BytesPerRequest, kept, 0.03)
}

func warned(r calibrate.Result, code string) bool {
	return slices.ContainsFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == code })
}

// Root sees everything of another user's server; another user sees what is for everyone to see, and says what is missing.
func TestE2EAttachAcrossUsers(t *testing.T) {
	skipShort(t)
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root may start a server or calibrate as another user")
	}
	for _, c := range []struct {
		name         string
		server, tool int
	}{{"root watches nobody", nobody, 0}, {"nobody watches root", 0, nobody}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needsServerOf(t, c.server)
			server := serve(t, c.server)
			server.asked(t, 200)
			server.unharmed(t)
			dir := openDir(t, c.tool)
			cmd := as(c.tool, dir, exec.Command(copyOfCalibrate(t), "attach", "--pid", strconv.Itoa(server.master),
				"--access-log", server.log, "--duration", "15s", "--json", "--out", "run"))
			cmd.Args[0] = "calibrate"
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			m, err := calibrate.LoadFolder(filepath.Join(dir, "run"))
			if err != nil || len(out) == 0 {
				t.Fatal(err)
			}
			r := m.Result
			if r.Creep.Verdict != "creeping" || r.Worker.Workers != 3 {
				t.Fatalf("creep %+v, worker %+v", r.Creep, r.Worker)
			}
			within(t, "creep", *r.Creep.BytesPerRequest, kept, 0.05)
			stranger := c.tool != 0
			if warned(r, "no-page-tables") != stranger || (r.Worker.End == nil) != stranger || (r.Worker.MarginalSource == calibrate.MarginalRSS) != stranger {
				t.Errorf("page tables: %+v, %s, %+v", r.Worker.End, r.Worker.MarginalSource, r.Warnings)
			}
			if r.Worker.PeakSource != calibrate.PeakMarkSince || (r.Target.ServerVersion == "") != stranger || (len(r.Target.Ports) == 0) != stranger {
				t.Errorf("peak from %s; target %+v", r.Worker.PeakSource, r.Target)
			}
		})
	}
}

// copyOfCalibrate stands where every user may run it; the tests' own binary does not.
func copyOfCalibrate(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(openDir(t, os.Getuid()), "calibrate")
	if err := os.WriteFile(path, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// Workers that are recycled are what production does: counted, and no failure.
func TestE2EAttachToARecyclingServer(t *testing.T) {
	skipShort(t)
	t.Parallel()
	server := serve(t, os.Getuid(), "--max-requests", "300")
	server.asked(t, 200)
	s := start(t, nil, "attach", "--pid", strconv.Itoa(server.master), "--access-log", server.log, "--duration", "16s")
	if code := s.end(t, time.Minute); code != 0 && code != 4 {
		t.Fatalf("exit code %d\n%s", code, s.stderr.String())
	}
	r := s.result(t)
	if !r.Complete || r.Worker.Restarts < 2 || r.Worker.Workers != 3 || r.Recommendation.Withheld != nil {
		t.Errorf("complete %v, worker %+v, withheld %+v", r.Complete, r.Worker, r.Recommendation.Withheld)
	}
	if !strings.Contains(squeezed(s.stdout.String()), fmt.Sprintf("%d workers ended meanwhile", r.Worker.Restarts)) {
		t.Errorf("the report says nothing of %d restarts:\n%s", r.Worker.Restarts, s.stdout.String())
	}
	if !server.answers() {
		t.Error("the server doesn't answer any more")
	}
}

func TestE2EAttachToAServerThatEnds(t *testing.T) {
	skipShort(t)
	t.Parallel()
	server := serve(t, os.Getuid())
	server.asked(t, 100)
	s := start(t, nil, "attach", "--pid", strconv.Itoa(server.master), "--access-log", server.log)
	s.until(t, "0:05 watch", 20*time.Second)
	if err := syscall.Kill(server.master, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.endsWith(t, 3, 20*time.Second)
	if text := s.stderr.String(); !strings.Contains(text, "ended while it was watched") || !strings.Contains(text, "is kept in") {
		t.Errorf("it says\n%s", text)
	}
	if r := s.report(t); r.Complete || r.Worker.PeakRSSBytes == 0 || r.Watch.Requests == 0 || r.Recommendation.Withheld == nil {
		t.Errorf("complete %v, worker %+v, watch %+v", r.Complete, r.Worker, r.Watch)
	}
}

// However the watch ends, the server doesn't notice.
func TestE2EAttachEndedInTheMiddle(t *testing.T) {
	skipShort(t)
	t.Parallel()
	server := serve(t, os.Getuid())
	server.asked(t, 100)
	ends := []struct {
		signal syscall.Signal
		code   int
		watch  *session
	}{{signal: syscall.SIGINT, code: 130}, {signal: syscall.SIGTERM, code: 130}, {signal: syscall.SIGKILL, code: -1}}
	for i := range ends {
		ends[i].watch = start(t, nil, "attach", "--pid", strconv.Itoa(server.master), "--access-log", server.log)
	}
	for _, c := range ends {
		t.Run(c.signal.String(), func(t *testing.T) {
			server.unharmed(t)
			s := c.watch
			s.until(t, "0:05 watch", 20*time.Second)
			if err := s.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			s.endsWith(t, c.code, 10*time.Second)
			if printed := strings.Contains(s.stdout.String(), "PARTIAL RUN: cut short by"); printed != (c.code == 130) {
				t.Errorf("printed: %v\n%s", printed, s.stdout.String())
			}
			r := s.report(t)
			if r.Complete || r.Interrupted == nil || r.Worker.PeakRSSBytes == 0 || r.Watch.Requests == 0 || r.Creep.By != calibrate.ByRequest {
				t.Errorf("complete %v, interrupted %+v, watch %+v, creep %+v", r.Complete, r.Interrupted, r.Watch, r.Creep)
			}
			if read := r.Worker.End != nil; read != (c.code == 130) {
				t.Errorf("page tables were read: %v", read)
			}
		})
	}
}
