package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
)

// session is a run of the calibrate binary as a user has it: another process, in an empty folder.
type session struct {
	*exec.Cmd
	dir             string
	stdout, stderr  lockedBuffer
	mu              sync.Mutex
	known, sessions map[int]bool // processes and sessions that were once its own
}

// start runs calibrate. env are NAME=VALUE for the app; they are inherited, as a user's own are.
func start(t *testing.T, env []string, args ...string) *session {
	t.Helper()
	return startIn(t, t.TempDir(), env, args...)
}

func startIn(t *testing.T, folder string, env []string, args ...string) *session {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args = append([]string{"calibrate"}, args...)
	return startAs(t, folder, env, cmd)
}

// startAs is for calibrate behind another program, such as a shell that sets limits.
func startAs(t *testing.T, folder string, env []string, cmd *exec.Cmd) *session {
	t.Helper()
	s := &session{Cmd: cmd, dir: folder, known: map[int]bool{}, sessions: map[int]bool{}}
	s.Dir, s.Stdout, s.Stderr = s.dir, &s.stdout, &s.stderr
	s.Env = append(os.Environ(), append(env, "PATH="+venvBin(t)+":"+os.Getenv("PATH"), "PYTHONPATH="+filepath.Join(fixtures(t), "wsgi"))...)
	s.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		for { // what the tool starts has to be seen while the tool lives
			select {
			case <-ended:
				return
			case <-time.After(100 * time.Millisecond):
				s.tree()
			}
		}
	}()
	t.Cleanup(func() {
		close(ended)
		_ = s.Process.Kill()
		s.nothingLeft(t)
	})
	return s
}

// end waits for the session and returns its exit code.
func (s *session) end(t *testing.T, limit time.Duration) int {
	t.Helper()
	timer := time.AfterFunc(limit, func() { _ = s.Process.Kill() })
	err := s.Wait()
	if !timer.Stop() {
		t.Fatalf("not done after %s\n%s%s", limit, s.stdout.String(), s.stderr.String())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

// until waits for a text on stderr.
func (s *session) until(t *testing.T, text string, limit time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if strings.Contains(s.stderr.String(), text) {
			return
		}
	}
	t.Fatalf("no %q within %s in:\n%s", text, limit, s.stderr.String())
}

func (s *session) result(t *testing.T) calibrate.Result {
	t.Helper()
	folder := filepath.Join(s.dir, ".calibrate", "runs", latestLink)
	m, err := calibrate.LoadFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	asSchemaSays(t, filepath.Join(folder, calibrate.ResultFile))
	return m.Result
}

// tree is the tool and every process below it. What it once held is remembered with its sessions, so that what is
// adopted by somebody else, or takes another name, is still known.
func (s *session) tree() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	parents, sessions := processes()
	s.known[s.Process.Pid] = true
	for grown := true; grown; {
		grown = false
		for pid, parent := range parents {
			if s.known[parent] && !s.known[pid] {
				s.known[pid], s.sessions[sessions[pid]], grown = true, true, true
			}
		}
	}
	var alive []int
	for pid := range parents {
		if s.known[pid] || s.sessions[sessions[pid]] {
			alive = append(alive, pid)
		}
	}
	return alive
}

// processes reads the parent and the session of every process that isn't a zombie.
func processes() (parents, sessions map[int]int) {
	parents, sessions = map[int]int{}, map[int]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(text), ") ") // the fixture processes have no bracket in their names
		fields := strings.Fields(after)
		if len(fields) < 4 || fields[0] == "Z" {
			continue
		}
		parents[pid], _ = strconv.Atoi(fields[1])
		sessions[pid], _ = strconv.Atoi(fields[3])
	}
	return parents, sessions
}

func (s *session) nothingLeft(t *testing.T) {
	t.Helper()
	if left := s.left(5 * time.Second); len(left) > 0 || len(groupsOf(s.Process.Pid)) > 0 {
		t.Errorf("left behind: %v %v", left, groupsOf(s.Process.Pid))
	}
}

// left are the session's processes that live on, though they and its control groups had so long to go.
func (s *session) left(within time.Duration) (pids []int) {
	for deadline := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		pids = s.tree()
		if len(pids)+len(groupsOf(s.Process.Pid)) == 0 || time.Now().After(deadline) {
			return pids
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

var _ io.Writer = (*lockedBuffer)(nil)

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func within(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if math.Abs(got-want) > share*math.Abs(want) {
		t.Errorf("%s: measured %.0f, true %.0f: off by %.1f %%, more than %.0f %%", what, got, want, 100*(got-want)/want, 100*share)
	}
}

// The peak, and what a request takes of CPU time, are right on any machine, and the interval holds the creep. It is within a fifth
// of it, and the interval of the waiting holds that, where the app was warm when the soak began. A machine busy with other work
// serves too few requests for it by then; the soak may have the rest of the warm-up in it, and the verdict that nothing can be told.
func TestE2EDemoFindsItsTruth(t *testing.T) {
	skipShort(t)
	s := start(t, nil, "demo")
	code := s.end(t, 2*time.Minute)
	if code != 0 && code != 4 {
		t.Fatalf("exit code %d\n%s%s", code, s.stdout.String(), s.stderr.String())
	}
	r := s.result(t)
	if r.Truth == nil || r.Creep.BytesPerRequest == nil || r.Creep.Low == nil || r.Creep.High == nil {
		t.Fatalf("truth %v, creep %v", r.Truth, r.Creep)
	}
	if strings.Contains(s.stdout.String(), "not-scaled") {
		t.Error("the demo warns of workers that nobody can set")
	}
	kept := r.Truth.KeptBytesPerRequest
	within(t, "peak", float64(r.Worker.PeakRSSBytes), float64(r.Truth.PeakRSSBytes), 0.05)
	if *r.Creep.Low > 1.05*kept || *r.Creep.High < 0.95*kept || r.Creep.Verdict == "flat" {
		t.Errorf("%s, %.0f to %.0f doesn't hold %.0f", r.Creep.Verdict, *r.Creep.Low, *r.Creep.High, kept)
	}
	if r.Speed == nil {
		t.Fatalf("no speed\n%s", s.stdout.String())
	}
	if predicted := strings.Contains(squeezed(s.stdout.String()), "by its own law; predicted"); !predicted && r.Speed.Doubt == "" {
		t.Errorf("nothing is predicted\n%s", s.stdout.String())
	}
	within(t, "CPU time in us", r.Speed.Demand.Value*1e6, r.Truth.DemandSeconds*1e6, 0.05)
	if warm := answeredUntil(r, calibrate.PhaseWarmup); warm < 16*demoHalf { // as many as a quiet machine serves by then
		t.Logf("a busy machine: %d requests before the soak, so the creep of %.0f isn't held to 5 %% of %.0f", warm, *r.Creep.BytesPerRequest, kept)
		return
	}
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stdout.String())
	}
	if w := r.Speed.Waiting; w.Low > 1.05*r.Truth.WaitingSeconds || w.High < 0.95*r.Truth.WaitingSeconds {
		t.Errorf("waiting %+v doesn't hold %v", w, r.Truth.WaitingSeconds)
	}
	within(t, "creep", *r.Creep.BytesPerRequest, kept, 0.05)
	if *r.Creep.Low < 0.8*kept || *r.Creep.High > 1.2*kept {
		t.Errorf("%.0f to %.0f is more than a fifth off %.0f", *r.Creep.Low, *r.Creep.High, kept)
	}
}

// answeredUntil is how many requests were answered up to the end of a phase.
func answeredUntil(r calibrate.Result, phase string) (answered int64) {
	for _, p := range r.Phases {
		if p.Name == phase {
			answered = p.Answered
		}
	}
	return answered
}

// flask measures the fixture app on the current Gunicorn.
func flask(t *testing.T, env []string, flags ...string) *session {
	t.Helper()
	gunicorn := needServer(t, "gunicorn")
	args := append([]string{"run"}, flags...)
	return start(t, env, append(args, "--", gunicorn, "--threads", "4", "app:app")...)
}

func TestE2EGunicornThatKeeps16KB(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := flask(t, []string{"CALIBRATE_KEEP_BYTES=16384", "CALIBRATE_HOLD_MS=5"})
	if code := s.end(t, 3*time.Minute); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, s.stdout.String(), s.stderr.String())
	}
	r := s.result(t)
	if r.Creep.Verdict != "creeping" {
		t.Fatalf("verdict %s", r.Creep.Verdict)
	}
	within(t, "creep", *r.Creep.BytesPerRequest, 16384, 0.03) // Python's own object is another 0.5 %
	if r.Recommendation.MaxRequests == 0 || r.Recommendation.WorkerMemoryMB == 0 || r.Recommendation.Workers < 2 {
		t.Errorf("recommended %+v", r.Recommendation)
	}
	if r.Worker.PeakSource != calibrate.PeakMark || r.Target.Server != "gunicorn" || r.Target.Threads != 4 {
		t.Errorf("peak from %s of %s with %d threads", r.Worker.PeakSource, r.Target.Server, r.Target.Threads)
	}
	treeFits(t, r)
}

// Threads that wait for each other, as those of an app do that takes two connections a request from too small a pool.
func TestE2EThreadsThatStall(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := flask(t, []string{"CALIBRATE_POOL=8", "CALIBRATE_HOLD_MS=10"}, "--duration", "1s")
	s.end(t, 3*time.Minute)
	r := s.result(t)
	i := slices.IndexFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == "stalled" })
	if i < 0 || !strings.Contains(r.Warnings[i].Text, "1 worker of 16 threads") {
		t.Errorf("warnings %v\n%s", r.Warnings, s.stderr.String())
	}
}

// However the tool ends in the middle of a soak, the app ends with it and what was measured is kept.
func TestE2EEndedInTheMiddle(t *testing.T) {
	skipShort(t)
	t.Parallel()
	for _, c := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 130}, {syscall.SIGKILL, -1}} {
		t.Run(c.signal.String(), func(t *testing.T) {
			t.Parallel()
			s := flask(t, []string{"CALIBRATE_KEEP_BYTES=16384", "CALIBRATE_HOLD_MS=5"})
			s.until(t, "soak", time.Minute)
			time.Sleep(3 * time.Second)
			if tree := s.tree(); len(tree) < 4 {
				t.Fatalf("tool, guard, master and worker should live, not %v", tree)
			}
			if err := s.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			if code := s.end(t, 20*time.Second); code != c.code {
				t.Errorf("exit code %d, want %d\n%s", code, c.code, s.stderr.String())
			}
			s.nothingLeft(t)
			r := s.report(t)
			if r.Complete || r.Interrupted == nil || r.Worker.PeakRSSBytes == 0 || r.Recommendation.Withheld == nil {
				t.Errorf("complete %v, interrupted %+v, peak %d, withheld %+v", r.Complete, r.Interrupted, r.Worker.PeakRSSBytes, r.Recommendation.Withheld)
			}
		})
	}
}

// report reads the session's run by calibrate report --json, as its user would.
func (s *session) report(t *testing.T) calibrate.Result {
	t.Helper()
	cmd := exec.Command(s.Path, "report", "--json")
	cmd.Args[0], cmd.Dir = "calibrate", s.dir
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var r calibrate.Result
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// An app that can't be measured ends the run with the exit code of what went wrong, and a message that says it.
func TestE2EAppsThatFail(t *testing.T) {
	skipShort(t)
	t.Parallel()
	for _, c := range []struct {
		name  string
		env   string
		flags []string
		code  int
		says  []string
	}{
		{"import error", "CALIBRATE_FAIL=import", nil, 3, []string{"CALIBRATE_FAIL=import", "ImportError"}},
		{"leaves at import", "CALIBRATE_FAIL=exit", []string{"--boot-deadline", "20s"}, 3, []string{"CALIBRATE_FAIL=exit"}},
		{"always 500", "CALIBRATE_FAIL=status500", []string{"--boot-deadline", "6s"}, 3, []string{"500"}},
		{"never answers", "CALIBRATE_FAIL=hang", []string{"--boot-deadline", "3s"}, 3, []string{"--boot-deadline"}},
		{"no such page", "", []string{"--path", "/status/404"}, 4, []string{"404", "--path"}},
		{"dies under load", "CALIBRATE_FAIL=die:500", nil, 4, []string{"worker"}},
		{"killed under load", "CALIBRATE_FAIL=kill:500", nil, 4, []string{"worker"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := flask(t, []string{c.env}, c.flags...)
			if code := s.end(t, time.Minute); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, words := range c.says {
				if !strings.Contains(s.stderr.String(), words) {
					t.Errorf("the message doesn't say %q", words)
				}
			}
			if t.Failed() {
				t.Logf("stderr:\n%s", s.stderr.String())
			}
			if out := s.stdout.String(); out != "" {
				t.Errorf("a failed run printed a result:\n%s", out)
			}
		})
	}
}
