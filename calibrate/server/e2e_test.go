package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// The tests named TestE2E run real servers: those of fixtures/.venv (make servers), or of $CALIBRATE_VENV.

// gunicornWith is a command that runs the app of a folder.
func gunicornWith(t *testing.T, dir string, args ...string) []string {
	return slices.Concat([]string{servertest.Venv(t, "gunicorn"), "--chdir", dir}, args)
}

const okApp = `
import os
def app(environ, start_response):
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
`

// okASGI answers with its pid, after so many milliseconds as the path says (/ms/500).
const okASGI = `
import asyncio, os
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"].startswith("/ms/"):
        await asyncio.sleep(int(scope["path"][4:]) / 1000)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": (str(os.getpid()) + "\n").encode()})
`

// failedStartup is an ASGI app that can't start, and says so.
const failedStartup = `
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
`

// Every app of the tests is marked, in its environment and by its log file, so that its processes are found wherever
// they went: not by parent, group or session, which is what the code under test goes by. (setproctitle writes over
// the environment, and a daemon closes its log; a process that does both would be missed.)
const markName = "CALIBRATE_TEST_MARK"

type mark struct {
	value string
	log   string
}

var marks atomic.Int64

func newMark(log *os.File) mark {
	return mark{fmt.Sprintf("%d-%d-", os.Getpid(), marks.Add(1)), log.Name()}
}

// on puts the mark on an app.
func (m mark) on(s known.Spec) known.Spec {
	env := map[string]string{markName: m.value}
	maps.Copy(env, s.Env)
	s.Env = env
	return s
}

// living are the processes that carry the mark.
func (m mark) living() []int {
	all, _ := linux.Here.Processes()
	return slices.DeleteFunc(all, func(pid int) bool {
		s, err := linux.Here.Stat(pid)
		return err != nil || !s.Alive() || pid == os.Getpid() || !m.is(pid)
	})
}

func (m mark) is(pid int) bool {
	dir := fmt.Sprintf("/proc/%d/", pid)
	if env, err := os.ReadFile(dir + "environ"); err == nil && bytes.Contains(env, []byte(markName+"="+m.value)) {
		return true
	}
	for _, fd := range []string{"1", "2"} {
		if file, err := os.Readlink(dir + "fd/" + fd); err == nil && file == m.log {
			return true
		}
	}
	return false
}

// noneLeft fails unless every process with the mark is gone within the time.
func noneLeft(t *testing.T, m mark, within time.Duration) {
	t.Helper()
	var left []int
	for deadline := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		if left = m.living(); len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			break
		}
	}
	for _, pid := range left {
		t.Errorf("left behind: %d %q", pid, linux.Here.Args(pid))
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// running is an app of a test.
type running struct {
	*App
	t    *testing.T
	mark mark
	log  *os.File
}

// start runs a spec and, at the test's end, stops it and looks for what it left.
func start(t *testing.T, spec known.Spec) *running {
	t.Helper()
	r, err := tryStart(t, spec)
	if err != nil {
		showFailure(t, err)
		t.Fatal(err)
	}
	return r
}

func tryStart(t *testing.T, spec known.Spec) (*running, error) {
	t.Helper()
	servertest.NotShort(t)
	log := servertest.LogFile(t)
	mark := newMark(log)
	spec.Log = log
	l, err := Recognise(t.Context(), mark.on(spec))
	if err != nil {
		return nil, err
	}
	app, err := l.Start(context.Background())
	if err != nil {
		if app != nil {
			t.Errorf("an app beside the error: %v", app)
		}
		noneLeft(t, mark, 0) // a failed start leaves nothing
		return nil, err
	}
	r := &running{App: app.(*App), t: t, mark: mark, log: log}
	if len(mark.living()) < 2 {
		t.Errorf("the mark is on %v only", mark.living()) // guard and app at least
	}
	t.Cleanup(func() {
		if _, err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		noneLeft(t, mark, 0)
		if r.group != "" && known.FileExists(r.group) {
			t.Errorf("the control group %s is left behind", r.group)
		}
	})
	return r, nil
}

// get asks the app, and returns the body.
func (r *running) get(path string) string {
	r.t.Helper()
	body, err := ask(r.Info().URL + path)
	if err != nil {
		r.t.Fatal(err)
	}
	return body
}

// plainClient makes one connection a request, as readiness does.
func plainClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

func ask(url string) (string, error) {
	client := plainClient()
	client.Timeout = 10 * time.Second
	res, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return strings.TrimSpace(string(body)), err
}

// ownWarnings are those about the app itself: another test may just have left a control group behind, which a start tells.
func (r *running) ownWarnings() []calibrate.Warning {
	return slices.DeleteFunc(r.Warnings(), func(w calibrate.Warning) bool { return w.Code == "orphaned-app" })
}

// worker is the pid of the only worker.
func (r *running) worker() int {
	r.t.Helper()
	workers, err := r.Workers()
	if err != nil || len(workers) != 1 {
		r.t.Fatalf("workers %v (%v), want one; rule %q", workers, err, r.Info().WorkerRule)
	}
	return workers[0]
}

// answering fails unless the app, asked who it is, names the worker that was found.
func (r *running) answering() {
	r.t.Helper()
	if got, want := r.get("/"), strconv.Itoa(r.worker()); got != want {
		r.t.Errorf("the request was answered by %s, the worker found is %s (%s)", got, want, r.Info().WorkerRule)
	}
}

// failure is the *calibrate.Failure that a start ends with.
func failure(t *testing.T, spec known.Spec) *calibrate.Failure {
	t.Helper()
	_, err := tryStart(t, spec)
	if err == nil {
		t.Fatal("it started")
	}
	var f *calibrate.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%T: %v", err, err)
	}
	showFailure(t, err)
	return f
}

func showFailure(t *testing.T, err error) {
	t.Helper()
	var f *calibrate.Failure
	if errors.As(err, &f) {
		t.Logf("%s\n  why: %s\n  try: %s\n  log: %s", f.What, f.Why, f.Try, strings.Join(f.Log, "\n       "))
	}
}

// says fails unless a failure is of the kind, and its sentences hold the texts.
func says(t *testing.T, f *calibrate.Failure, kind calibrate.Kind, texts ...string) {
	t.Helper()
	if f.Kind != kind {
		t.Errorf("kind %d, want %d", f.Kind, kind)
	}
	for _, text := range texts {
		if !strings.Contains(f.What+"\n"+f.Why, text) {
			t.Errorf("%q is not in: %s: %s", text, f.What, f.Why)
		}
	}
	if f.Try == "" {
		t.Error("nothing to try")
	}
}

// eventually waits for something. Its limit is for what never comes, not for a busy machine.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// dupWithoutCloexec is a descriptor that a child inherits.
func dupWithoutCloexec(f *os.File) (*os.File, error) {
	fd, err := unix.Dup(int(f.Fd()))
	return os.NewFile(uintptr(fd), "leaky"), err
}

func within(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	t.Logf("%s: %.0f, should be %.0f", what, got, want)
	if got < want*(1-share) || got > want*(1+share) {
		t.Errorf("%s: %.0f, want %.0f within %.0f %%", what, got, want, 100*share)
	}
}

// growth is what a worker's resident memory grows by a request, in bytes: between two counts of requests, each after
// enough of them for the heap to have settled.
func (r *running) growth(t *testing.T, worker, warm, requests int) float64 {
	t.Helper()
	r.load(t, warm)
	before := resident(t, worker)
	r.load(t, requests)
	return float64(resident(t, worker)-before) / float64(requests)
}

// load asks so many times, two at once, and returns what came.
func (r *running) load(t *testing.T, n int) string {
	t.Helper()
	bodies := make([]string, n)
	var wg sync.WaitGroup
	next := make(chan int)
	for range 2 {
		wg.Go(func() {
			for i := range next {
				bodies[i] = r.get("/")
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return strings.Join(bodies, "\n")
}

func (r *running) loadUntilKnown() (answered []int) { return loadUntilKnown(r) }

// loadUntilKnown loads an app by eight clients, each with a connection for every request, and looks for its workers meanwhile, as
// a run does, until they are no guess any more. It returns who answered.
func loadUntilKnown(app calibrate.App) (answered []int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var done atomic.Bool
	began, url := time.Now(), app.Info().URL
	for range 8 {
		wg.Go(func() {
			for !done.Load() {
				body, err := ask(url)
				pid, err2 := strconv.Atoi(body)
				mu.Lock()
				if err == nil && err2 == nil && !slices.Contains(answered, pid) {
					answered = append(answered, pid)
				}
				mu.Unlock()
			}
		})
	}
	for time.Since(began) < 2*time.Second || time.Since(began) < 20*time.Second && app.Info().WorkerRule.Kind == calibrate.RuleGuess {
		_, _ = app.Workers()
		time.Sleep(calibrate.SampleInterval)
	}
	done.Store(true)
	wg.Wait()
	slices.Sort(answered)
	return answered
}

// eachAnswers says whether each of the workers, and nobody else, has answered.
func (r *running) eachAnswers(workers []int) func() bool {
	answered := map[int]bool{}
	return func() bool {
		for _, pid := range strings.Fields(r.load(r.t, 50)) {
			if !slices.Contains(workers, atoi(r.t, pid)) {
				r.t.Fatalf("answered by %s, the workers found are %v (%s)", pid, workers, r.Info().WorkerRule)
			}
			answered[atoi(r.t, pid)] = true
		}
		return len(answered) == len(workers)
	}
}

// refused is how many requests of so many clients, each doing n of them, were answered 503.
func (r *running) refused(clients, n int, path string) int {
	var refused atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			client := plainClient()
			for range n {
				res, err := client.Get(r.Info().URL + path)
				if err != nil {
					r.t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode == http.StatusServiceUnavailable {
					refused.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return int(refused.Load())
}

// established counts the connections that the app's port has.
func (r *running) established() int {
	data, err := os.ReadFile("/proc/self/net/tcp")
	if err != nil {
		r.t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) > 3 && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", r.address.Port)) && fields[3] == "01" { // TCP_ESTABLISHED
			n++
		}
	}
	return n
}

func goneWithin(t *testing.T, pid int, within time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if s, err := linux.Here.Stat(pid); err != nil || !s.Alive() {
			return
		}
	}
	t.Errorf("%d %q is still there", pid, strings.Join(linux.Here.Args(pid), " "))
	_ = syscall.Kill(pid, syscall.SIGKILL)
}
