package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var failures = flag.Bool("failures", false, "provoke every failure on real servers (make failures)")

// failureCase is something that goes wrong with an app on a server, and how calibrate run must end.
type failureCase struct {
	name    string
	command string   // $FIXTURES and $VENV stand for their folders, $PORT for a port that is taken
	knob    string   // NAME=VALUE of the app's environment
	flags   string   // of calibrate run
	code    int      // exit code: the app's fault is 3, no answer that holds is 4, what was asked for can't be is 2
	says    []string // what the message has to say
	limitMB int      // of the control group that calibrate runs in, as in a container
}

const (
	uwsgiFlask = "uwsgi --plugin python3 --pythonpath $VENV/site-packages --master --module app:app"
	apacheConf = "/usr/sbin/apache2 -f $FIXTURES/apache/pyramid.conf"
	pumaRack   = "puma --no-config $FIXTURES/rack/config.ru"
	nodeApp    = "node $FIXTURES/node/server.js"
)

var failureCases = []failureCase{
	{name: "import error", command: "gunicorn app:app", knob: "CALIBRATE_FAIL=import", code: 3, says: []string{"could not import", "ImportError: CALIBRATE_FAIL=import"}},
	{name: "import error", command: "gunicorn --preload app:app", knob: "CALIBRATE_FAIL=import", code: 3, says: []string{"ImportError: CALIBRATE_FAIL=import"}},
	{name: "import error", command: "uvicorn app:app", knob: "CALIBRATE_FAIL=import", code: 3, says: []string{"ImportError: CALIBRATE_FAIL=import"}},
	{name: "import error", command: uwsgiFlask, knob: "CALIBRATE_FAIL=import", code: 3, says: []string{"could not be imported", "ImportError: CALIBRATE_FAIL=import"}},
	{name: "import error", command: apacheConf, knob: "CALIBRATE_FAIL=import", code: 3, says: []string{"could not be loaded", "ImportError: CALIBRATE_FAIL=import"}},
	{name: "import error", command: pumaRack, knob: "CALIBRATE_FAIL=import", code: 3, says: []string{"could not be loaded", "LoadError: CALIBRATE_FAIL=import"}},
	{name: "import error", command: nodeApp, knob: "CALIBRATE_FAIL=import", flags: "--env PORT={port} --boot-deadline 20s", code: 3, says: []string{"CALIBRATE_FAIL=import"}},

	{name: "missing attribute", command: "gunicorn app:nothing", code: 3, says: []string{"not found", "'nothing'"}},
	{name: "missing attribute", command: "uvicorn app:nothing", code: 3, says: []string{"not found", `"nothing"`}},
	{name: "missing attribute", command: strings.Replace(uwsgiFlask, "app:app", "app:nothing", 1), code: 3, says: []string{"not found"}},
	{name: "missing app", command: "puma --no-config $FIXTURES/rack/nothing.ru", code: 3, says: []string{"there is no"}},

	{name: "crash loop", command: "gunicorn app:app", knob: "CALIBRATE_FAIL=exit", code: 3, says: []string{"over and over"}},
	{name: "crash loop", command: pumaRack, knob: "CALIBRATE_FAIL=exit", code: 3, says: []string{"over and over"}},

	{name: "boot slower than --boot-deadline", command: "gunicorn app:app", knob: "CALIBRATE_IMPORT_SECONDS=30", flags: "--boot-deadline 3s", code: 3, says: []string{"never answered", "--boot-deadline"}},
	{name: "boot slower than --boot-deadline", command: "uvicorn app:app", knob: "CALIBRATE_IMPORT_SECONDS=30", flags: "--boot-deadline 3s", code: 3, says: []string{"nothing listened", "--boot-deadline"}},
	{name: "boot slower than the server's timeout", command: "puma -C $FIXTURES/rack/config/impatient.rb $FIXTURES/rack/config.ru", knob: "CALIBRATE_IMPORT_SECONDS=30", flags: "--boot-deadline 30s",
		code: 3, says: []string{"worker_boot_timeout"}},

	{name: "port taken", command: "gunicorn app:app", flags: "--url http://127.0.0.1:$PORT", code: 2, says: []string{"already listens at"}},
	{name: "port taken", command: pumaRack, flags: "--url http://127.0.0.1:$PORT", code: 2, says: []string{"already listens at"}},

	{name: "worker timeout", command: "gunicorn --timeout 1 app:app", knob: "CALIBRATE_FAIL=hang", code: 3, says: []string{"never answered", "--timeout"}},
	{name: "worker timeout", command: uwsgiFlask + " --harakiri 1", knob: "CALIBRATE_FAIL=hang", flags: "--boot-deadline 8s", code: 3, says: []string{"harakiri"}},

	{name: "killed for memory", command: "gunicorn --threads 4 app:app", flags: "--path /spike?mb=150&ms=300", limitMB: 400, code: 3, says: []string{"the kernel ended", "oom_kill"}},
	{name: "killed for memory", command: "uvicorn --log-level warning app:app", flags: "--path /spike?mb=150&ms=300", limitMB: 400, code: 3, says: []string{"the kernel ended", "oom_kill"}},

	{name: "worker replaced in the run", command: "gunicorn app:app", knob: "CALIBRATE_FAIL=die:300", code: 4, says: []string{"worker was replaced"}},
	{name: "worker replaced in the run", command: "gunicorn app:app", knob: "CALIBRATE_FAIL=kill:300", code: 4, says: []string{"worker was replaced", "SIGKILL"}},
	{name: "worker replaced in the run", command: uwsgiFlask, knob: "CALIBRATE_FAIL=kill:300", code: 4, says: []string{"worker was replaced"}},
	{name: "worker replaced in the run", command: pumaRack, knob: "CALIBRATE_FAIL=kill:300", code: 4, says: []string{"worker was replaced"}},
	{name: "killed in the run, and with it the server", command: "uvicorn --log-level warning app:app", knob: "CALIBRATE_FAIL=kill:300", code: 3, says: []string{"signal 9"}},

	{name: "listens but never answers", command: "gunicorn app:app", knob: "CALIBRATE_FAIL=hang", flags: "--boot-deadline 3s", code: 3, says: []string{"listens at", "never answered"}},
	{name: "listens but never answers", command: "uvicorn app:app", knob: "CALIBRATE_FAIL=hang", flags: "--boot-deadline 12s", code: 3, says: []string{"listens at", "never answered"}},
	{name: "listens but never answers", command: uwsgiFlask, knob: "CALIBRATE_FAIL=hang", flags: "--boot-deadline 3s", code: 3, says: []string{"listens at", "never answered"}},
	{name: "listens but never answers", command: pumaRack, knob: "CALIBRATE_FAIL=hang", flags: "--boot-deadline 3s", code: 3, says: []string{"listens at", "never answered"}},
	{name: "listens but never answers", command: apacheConf, knob: "CALIBRATE_IMPORT_SECONDS=30", flags: "--boot-deadline 3s", code: 3, says: []string{"listens at", "never answered"}},

	{name: "answers 500 for ever", command: "gunicorn app:app", knob: "CALIBRATE_FAIL=status500", flags: "--boot-deadline 5s", code: 3, says: []string{"answered 500"}},
	{name: "answers 500 for ever", command: "uvicorn app:app", knob: "CALIBRATE_FAIL=status500", flags: "--boot-deadline 12s", code: 3, says: []string{"answered 500"}},
	{name: "answers 500 for ever", command: uwsgiFlask, knob: "CALIBRATE_FAIL=status500", flags: "--boot-deadline 5s", code: 3, says: []string{"answered 500"}},
	{name: "answers 500 for ever", command: pumaRack, knob: "CALIBRATE_FAIL=status500", flags: "--boot-deadline 5s", code: 3, says: []string{"answered 500"}},

	{name: "no such page", command: "gunicorn app:app", flags: "--path /status/404", code: 4, says: []string{"404", "--path"}},
	{name: "redirects to a login page", command: "gunicorn login_app:app", knob: "CALIBRATE_PASSWORD=x", code: 4, says: []string{"login", "--before"}},
}

// TestFailures provokes each failure as a user meets it, and holds the exit code and the message to what went wrong.
func TestFailures(t *testing.T) {
	if !*failures {
		t.Skip("runs for some minutes: make failures")
	}
	said := make([]string, len(failureCases))
	t.Run("all", func(t *testing.T) {
		for i, c := range failureCases {
			t.Run(strings.ReplaceAll(c.name+" "+wordsOf(c.command)[0], " ", "_"), func(t *testing.T) {
				t.Parallel()
				said[i] = c.provoke(t)
			})
		}
	})
	t.Logf("\n%s", strings.Join(said, "\n"))
}

// provoke runs a case and returns what is told of it.
func (c failureCase) provoke(t *testing.T) string {
	s := start(t, nil, c.args(t)...)
	if c.limitMB > 0 {
		enter(t, s.Process.Pid, c.limitMB) // before the tool has come to start anything
	}
	code := s.end(t, 2*time.Minute)
	message := c.message(s)
	if code != c.code {
		t.Errorf("exit code %d, want %d", code, c.code)
	}
	for _, words := range c.says {
		if !strings.Contains(message, words) {
			t.Errorf("the message doesn't say %q", words)
		}
	}
	if t.Failed() {
		t.Logf("%s%s", s.stdout.String(), s.stderr.String())
	}
	asked := strings.Join(slices.DeleteFunc([]string{c.knob, "calibrate run", c.flags, "--", short([]string{c.command})}, func(s string) bool { return s == "" }), " ")
	return fmt.Sprintf("%s: %s\n  exit code %d\n  %s", c.name, asked, code, strings.Join(strings.Split(strings.TrimSpace(message), "\n"), "\n  "))
}

// args are those of calibrate. A port that is taken is held until the test ends.
func (c failureCase) args(t *testing.T) []string {
	app, command := "wsgi", wordsOf(c.command)
	if command[0] == "uvicorn" {
		app = "asgi"
	}
	args := []string{"run", "--env", "PYTHONPATH=" + filepath.Join(fixtures(t), app)}
	if c.knob != "" {
		args = append(args, "--env", c.knob)
	}
	for _, flag := range strings.Fields(c.flags) {
		if before, is := strings.CutSuffix(flag, "$PORT"); is {
			flag = before + takenPort(t)
		}
		args = append(args, flag)
	}
	args = append(args, "--")
	if command[0] == "/usr/sbin/apache2" {
		return slices.Concat(args, typed(t, []string{command[0], "-C", "Define FIXTURES $FIXTURES"}), typed(t, command)[1:])
	}
	return slices.Concat(args, typed(t, command))
}

func takenPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// enter puts a process into a new control group with a limit, v1's as root makes them.
func enter(t *testing.T, pid, limitMB int) {
	t.Helper()
	text, _ := os.ReadFile("/proc/self/cgroup")
	own := v1Memory.FindSubmatch(text)
	if own == nil {
		t.Skip("the memory controller isn't in v1")
	}
	folder := filepath.Join("/sys/fs/cgroup/memory", string(own[1]), fmt.Sprintf("calibrate-failures-%d", pid))
	if err := os.Mkdir(folder, 0o755); err != nil {
		needGroup(t, err.Error())
	}
	t.Cleanup(func() { // of a session that has ended
		if err := os.Remove(folder); err != nil {
			t.Error(err)
		}
	})
	for file, value := range map[string]int{"memory.limit_in_bytes": limitMB << 20, "cgroup.procs": pid} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(fmt.Sprint(value)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// message is what the session's user reads of what went wrong: the error, or where the report is whole, its doubts.
func (c failureCase) message(s *session) string {
	if _, message, is := strings.Cut(s.stderr.String(), "error: "); is {
		return "error: " + message
	}
	_, doubts, _ := strings.Cut(s.stdout.String(), "\nWarnings\n")
	return doubts
}
