package main

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
)

var faults = flag.Bool("faults", false, "every fault of an app, of the machine and of calibrate itself (make faults)")

// fault is something that is done to calibrate, and what its user must read then. Whatever it is, nothing may be left of the app,
// and calibrate itself must stay small.
type fault struct {
	name  string
	path  string   // that is asked for, of raw.py
	host  string   // at which raw.py listens; "" for 127.0.0.1
	flags string   // of calibrate run
	shell string   // runs calibrate "$@"; "" for just that
	code  int      // exit code
	says  []string // what is read
	quick bool     // it is done by every run of the end-to-end tests

	tool  func(t *testing.T, dir string) // makes another calibrate, as dir/calibrate; nil: it is this one
	holds func(calibrate.Result) bool    // nil: whatever was measured
}

const briefly = "--quick --max-soak 2s --rate 20 "

var faultCases = []fault{
	{name: "no status line", path: "/malformed", code: 4, says: []string{"isn't HTTP/1"}},
	{name: "HTTP/0.9", path: "/bare", code: 4, says: []string{"HTTP/0.9"}},
	{name: "HTTP/1.0", path: "/old", flags: briefly, code: 0, says: []string{"all ok"}},
	{name: "1xx answers", path: "/hints", flags: briefly, code: 0, says: []string{"all ok"}},
	{name: "1xx without end", path: "/all-hints", code: 4, says: []string{"more than 256 KB of headers"}},
	{name: "9 MB of headers", path: "/headers", code: 4, says: []string{"more than 256 KB of headers"}},
	{name: "9 MB of headers in the middle", path: "/later", flags: "--concurrency 32", code: 4, says: []string{"more than 256 KB of headers"}},
	{name: "chunks without end", path: "/chunks", flags: "--boot-deadline 4s", code: 4, says: []string{"an answer that does not end"}},
	{name: "a compressed bomb", path: "/bomb", flags: briefly + "--boot-deadline 30s", code: 0, says: []string{"all ok"}},
	{name: "a compressed bomb at the login", path: "/", flags: briefly + "--before bomb.txt", code: 4, says: []string{"no cookie was set"}},
	{name: "a redirect to itself", path: "/loop", code: 4, says: []string{"a redirect to /loop", "back to where it came from"}},
	{name: "no answer", path: "/nothing", flags: "--boot-deadline 2s", code: 3, says: []string{"closed without an answer"}},
	{name: "half an answer", path: "/half", flags: "--boot-deadline 2s", code: 3, says: []string{"broke off before its end"}},
	{name: "a reset", path: "/reset", flags: "--boot-deadline 2s", code: 3, says: []string{"the connection was reset"}},
	{name: "silence", path: "/silent", flags: "--boot-deadline 2s", code: 3, says: []string{"listens at 127.0.0.1", "never answered"}},
	{name: "IPv6 alone", quick: true, path: "/", host: "::1", flags: "--boot-deadline 2s", code: 3, says: []string{"listens at [::1]:", "and not at 127.0.0.1:", "IPv6 only", "--url http://[::1]:"}},

	{name: "few open files", quick: true, path: "/", shell: `ulimit -n 20; exec calibrate "$@"`, code: 1, says: []string{"calibrate itself has too little to work with", "may open only 20 files", "ulimit -n 4096"}},
	{name: "few addresses", path: "/", shell: `ulimit -v 1900000; exec calibrate "$@"`, code: 1, says: []string{"calibrate itself has too little to work with", "ulimit -v"}},
	{name: "few processes", path: "/", shell: tasks(24), code: 1, says: []string{"calibrate itself has too little to work with", "more threads may be started (pids.max of "}},
	{name: "fewer files than clients", path: "/", flags: briefly + "--concurrency 64", shell: `ulimit -n 48; exec calibrate "$@"`, code: 1, says: []string{"calibrate itself could not send", "too many open files", "ulimit -n 4096"}},
	{name: "killed together with its guard", quick: true, path: "/", flags: "--env RAW_DEAF=1", shell: killedTogether, code: 0, says: []string{"an app of an earlier run lives on", "doctor --end-orphans", "ended an app of an earlier run: 1 process, python (pid "}},
	{name: "a panic", quick: true, path: "/", shell: `TMPDIR=. ` + crashVariable + `=panic calibrate "$@"; code=$?; cat calibrate-crash-*.txt; calibrate version; exit $code`, code: 1,
		says: []string{"error: a fault in calibrate itself: a planted fault try: report it, with ./calibrate-crash-", "main_test.go:"}},
	{name: "Go's runtime gives up", quick: true, path: "/", shell: `TMPDIR=. ` + crashVariable + `=fatal calibrate "$@" 2>said; code=$?; sleep 1; cat said >&2; grep goroutine said && exit 99; cat calibrate-crash-*.txt; calibrate version; exit $code`, code: 2,
		says: []string{"error: a fault in calibrate itself: fatal error: sync: unlock of unlocked mutex try: report it, with ./calibrate-crash-", "goroutine "}},
	{name: "children that are never reaped", path: "/", flags: briefly + "--env RAW_ZOMBIES=1", code: 0, says: []string{"all ok"}},
	{name: "the terminal is closed", path: "/", shell: sent("kill -HUP $p"), code: 130, says: []string{"interrupted in phase soak", "hangup"}},
	{name: "Ctrl-C, and again at once", path: "/", shell: sent("kill -INT $p; sleep 1.2; kill -INT $p"), code: 130},
	{name: "the reader leaves", path: "/", flags: briefly, shell: `calibrate "$@" | head -1; exit ${PIPESTATUS[0]}`, code: 0},
	{name: "the port is stolen", quick: true, path: "/", flags: "--rate 50 --duration 20s --env RAW_LEAVES=8", shell: stolen, code: 4,
		says: []string{"the app no longer listens at 127.0.0.1:", "a program that the command didn't start does"}},
	{name: "another worker each second", path: "/", flags: briefly + "--env RAW_WORKERS=replaced", code: 4, says: []string{"whether memory creeps is not known yet"}},
	{name: "a worker becomes a zombie", path: "/", flags: "--rate 20 --duration 12s --env RAW_WORKERS=zombie", code: 4}, // by its end, or by requests that nobody answers
	{name: "the wall clock steps", path: "/", flags: "--rate 20 --duration 12s", tool: steppedClock, shell: thatTool, code: 0, says: []string{"all ok"}, holds: notCharged},
	{name: "the machine sleeps", path: "/", flags: "--rate 20 --duration 12s", tool: sleptThrough, shell: thatTool, code: 0, says: []string{"all ok", "the machine was suspended for 1 h in phase"}, holds: notCharged},
	{name: "two in one folder", path: "/", flags: briefly, shell: `calibrate "$@" >other 2>&1 & calibrate "$@"; code=$?; wait $! ; grep -q "all ok" other && exit $code`, code: 0, says: []string{"all ok"}},
	{name: "a read-only file system", path: "/", shell: mounted("ro"), code: 2, says: []string{"read-only"}},
	{name: "a full file system", path: "/", shell: mounted("size=1m"), code: 1, says: []string{"disk"}},
	{name: "a file system that fills up", path: "/", shell: fillsUp, code: 1, says: []string{"the disk of the run's folder is nearly full, and the run has ended"}},
	{name: "the folder is deleted", path: "/", shell: sent("rm -r .calibrate"), code: 1, says: []string{"the run's folder was deleted, and the run has ended", "nothing is kept"}},
	{name: "stopped for a while", quick: true, path: "/", flags: "--rate 20 --duration 12s", shell: stopped("STOP"), code: 0, says: []string{"calibrate itself did not run for 3", "in phase soak", "all ok"}, holds: notCharged},
	{name: "Ctrl-Z and on", path: "/", flags: "--rate 20 --duration 12s", shell: stopped("TSTP"), code: 0, says: []string{"calibrate itself did not run for 3", "all ok"}, holds: notCharged},
}

// killedTogether leaves an app that ignores SIGTERM, asks what is left, and ends it.
const killedTogether = `calibrate "$@" 2>said & p=$!
until grep -q alone said; do sleep 0.1; done; kill -9 $p $(pgrep -P $p); sleep 1
calibrate doctor; exec calibrate doctor --end-orphans`

// stolen has another program take the app's port as soon as the app leaves it.
const stolen = `calibrate "$@" & p=$!
until [ -s left ]; do kill -0 $p || exit 98; sleep 0.02; done; python $FIXTURES/raw.py $(cat left) & thief=$!
wait $p; code=$?; kill $thief; exit $code`

// thatTool runs the calibrate that was made for it. What this one takes by itself is looked at elsewhere.
const thatTool = `./calibrate "$@"; code=$?; calibrate version; exit $code`

// fillsUp has somebody else fill the disk in the soak.
var fillsUp = `mkdir .calibrate; exec unshare -m bash -c 'mount -t tmpfs -o size=64m none .calibrate || exit 77
` + sent("head -c 40M /dev/zero >.calibrate/others") + `' bash "$@"`

// sent does something to calibrate in the soak.
func sent(kill string) string {
	return `set -m; calibrate "$@" 2>said & p=$!
until grep -q soak said; do sleep 0.1; done; sleep 2; ` + kill + `
wait $p; code=$?; cat said >&2; exit $code`
}

// mounted keeps the runs on a file system of its own.
func mounted(options string) string {
	return `mkdir .calibrate; exec unshare -m sh -c 'mount -t tmpfs -o ` + options + ` none .calibrate || exit 77; exec calibrate "$@"' sh "$@"`
}

// tasks allows so many threads and processes, where v1's controller of them can be had.
func tasks(most int) string {
	return fmt.Sprintf(`group=/sys/fs/cgroup/pids/calibrate-faults-$$; mkdir $group && echo %d >$group/pids.max || exit 77
(echo 0 >$group/cgroup.procs; exec calibrate "$@"); code=$?; until rmdir $group; do sleep 0.1; done; exit $code`, most)
}

// stopped has calibrate stopped by a signal in the soak, for three seconds.
func stopped(signal string) string {
	return sent("kill -" + signal + " $p; sleep 3; kill -CONT $p")
}

// notCharged says that no request took as long as calibrate was stopped, and that none is missing.
func notCharged(r calibrate.Result) bool {
	return r.Load.LatencySeconds.Max != nil && *r.Load.LatencySeconds.Max < 2.5 && math.Abs(r.Load.RateSent-20) < 1 && r.Load.Requests == 240
}

// TestFaults does each fault to a real run, and holds what is read, what is left, and what calibrate took itself.
func TestFaults(t *testing.T) {
	if !*faults {
		t.Skip("runs for some minutes: make faults")
	}
	provokeAll(t, faultCases, killedAtEveryWrite)
}

func TestE2EFaults(t *testing.T) {
	skipShort(t)
	if *faults {
		t.Skip("TestFaults does them")
	}
	provokeAll(t, slices.DeleteFunc(slices.Clone(faultCases), func(f fault) bool { return !f.quick }))
}

// provokeAll does the faults, and others that are more than one run.
func provokeAll(t *testing.T, cases []fault, others ...func(*testing.T) string) {
	said := make([]string, len(cases)+len(others))
	t.Run("all", func(t *testing.T) {
		for i, c := range cases {
			t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				said[i] = c.provoke(t)
			})
		}
		for i, do := range others {
			t.Run("others", func(t *testing.T) { said[len(cases)+i] = do(t) })
		}
	})
	t.Logf("\n%s", strings.Join(slices.DeleteFunc(said, func(row string) bool { return row == "" }), "\n"))
}

// provoke returns a row of the table: the fault, what happened, what was left, what the user read.
func (f fault) provoke(t *testing.T) string {
	dir := t.TempDir()
	text("GET /bomb\n")(t, filepath.Join(dir, "bomb.txt"))
	app := typed(t, []string{"python", "$FIXTURES/raw.py", "{port}", cmp.Or(f.host, "127.0.0.1")})
	command := slices.Concat([]string{"run", "--verbose", "--path", f.path}, strings.Fields(f.flags), []string{"--"}, app)
	status := filepath.Join(dir, "status")
	if f.tool != nil {
		f.tool(t, dir)
	}
	s := startAs(t, dir, []string{peakVariable + "=" + status, "FIXTURES=" + fixtures(t)}, exec.Command("bash", slices.Concat([]string{"-c", cmp.Or(f.shell, `exec calibrate "$@"`), "bash"}, command)...))
	code := s.end(t, 2*time.Minute)
	if code == 77 {
		t.Skip("there is no control group, or no file system, to be made for it here")
	}
	read := squeezed(s.stdout.String() + s.stderr.String())
	if code != f.code && !(f.code == 0 && code == 4) { // 4: so short a soak may not be enough for a verdict
		t.Errorf("exit code %d, want %d", code, f.code)
	}
	for _, words := range f.says {
		if !strings.Contains(read, words) {
			t.Errorf("it doesn't say %q", words)
		}
	}
	if f.holds != nil && !f.holds(s.result(t)) {
		t.Errorf("what was measured is not what it should be: %+v", s.result(t).Load)
	}
	peak := peakOf(t, status)
	if peak > mostPeakKB {
		t.Errorf("calibrate took %d KB", peak)
	}
	if t.Failed() {
		t.Logf("%s%s", s.stdout.String(), s.stderr.String())
	}
	s.nothingLeft(t)
	_, message, _ := strings.Cut(s.stderr.String(), "error: ")
	return fmt.Sprintf("%s: exit code %d, %d MB, nothing left\n  %s", f.name, code, peak>>10, strings.Join(strings.Split(strings.TrimSpace(message), "\n"), "\n  "))
}
