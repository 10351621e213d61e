package server

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/guard"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

func TestRecogniseComplaints(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	servertest.Write(t, file, "x")
	for want, spec := range map[string]known.Spec{
		"no command to run":                         {},
		"no-such-command: command not found":        {Command: []string{"no-such-command"}},
		"no such file":                              {Command: []string{"./no-such-file", "{port}"}},
		"permission denied":                         {Command: []string{file, "{port}"}},
		"no way to tell sleep which port":           {Command: []string{"sleep", "1"}},
		"{prot} is not a placeholder":               {Command: []string{"sleep", "{prot}"}},
		"example.com is not this machine":           {Command: []string{"sleep", "1"}, URL: "http://example.com"},
		"the path \"x\" is not one":                 {Command: []string{"sleep", "{port}"}, Path: "x"},
		"3 threads asked for, but sleep has no":     {Command: []string{"sleep", "{port}"}, Threads: 3},
		"2 workers asked for, but sleep has no":     {Command: []string{"sleep", "{port}"}, Workers: 2},
		"no way to tell sh which port to listen on": {Command: []string{"sh", "-c", "cd x && gunicorn app:app"}},
	} {
		_, err := Recognise(t.Context(), spec)
		servertest.Usage(t, err, want)
		var f *calibrate.Failure
		if errors.As(err, &f) && strings.Contains(want, "tell sh") && !strings.Contains(f.Try, "calibrate run -- gunicorn app:app, ") {
			t.Errorf("try: %s", f.Try)
		}
	}
}

// A command that says its port is told where {port} goes. The port of what the app asks is none of its own.
func TestPlaceForPort(t *testing.T) {
	for command, want := range map[string]string{
		"sleep --host 127.0.0.1 --port 8080":     "says 8080: --port {port}; or --url http://127.0.0.1:8080 ",
		"sleep -p 80":                            "says 80: -p {port}; or",
		"sleep -Dserver.port=8080 -jar x.jar":    "says 8080: -Dserver.port={port}; or",
		"sleep --ServerApp.port=8888":            "says 8888: --ServerApp.port={port}; or",
		"sleep --listen=0.0.0.0:8000 app":        "says 8000: --listen=0.0.0.0:{port}; or",
		"sleep :9292":                            "says 9292: :{port}; or",
		"sleep --db-port 5432 redis://r:6379":    "where the command says it; or",
		"sleep --broker=rabbit:5672 --port auto": "where the command says it; or",
	} {
		_, err := Recognise(t.Context(), known.Spec{Command: strings.Fields(command)})
		var f *calibrate.Failure
		if !errors.As(err, &f) || !strings.Contains(f.Try, want) {
			t.Errorf("%s: %+v\nwant %s", command, err, want)
		}
	}
}

// A guard that is killed while a version or a configuration is asked for is no fault of the command's.
func TestGuardKilledWhileAsking(t *testing.T) {
	for _, c := range []struct{ command, asked, want string }{
		{"uvicorn", "--version", "the guard that watches uvicorn was killed while its version was asked for"},
		{"gunicorn", "--version", "the guard that watches gunicorn was killed while its version was asked for"},
		{"gunicorn -c x.py", "--print-config", "the guard that watches gunicorn was killed while its configuration was asked for"},
	} {
		server := strings.Fields(c.command)
		file := servertest.Script(t, filepath.Join(t.TempDir(), server[0]),
			"if [ \"$1\" = "+c.asked+" ]; then kill -9 $PPID; sleep 10; fi\necho 'gunicorn (version 27.0.1)'")
		_, err := Recognise(t.Context(), known.Spec{Command: slices.Concat([]string{file}, server[1:], []string{"app:app"})})
		var f *calibrate.Failure
		if !errors.As(err, &f) || f.Kind != calibrate.KindTool || f.Error() != c.want || !strings.Contains(f.Try, guard.Name) {
			t.Errorf("%s: %+v", c.command, err)
		}
	}
}

func TestFolderThatIsGone(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	_, err := Recognise(t.Context(), known.Spec{Command: []string{"true"}, URL: "http://127.0.0.1:1"})
	servertest.Usage(t, err, "this folder is gone")
}

func TestShellThatStartsUvicorn(t *testing.T) {
	_, err := Recognise(t.Context(), known.Spec{Command: []string{"sh", "-c", "cd x && uvicorn app:app"}})
	servertest.Usage(t, err, "no way to tell sh which port to listen on")
	l := recognised(t, known.Spec{Command: []string{"sh", "-c", "cd x && uvicorn --port {port} app:app"}})
	if w := l.Warnings(); len(w) != 1 || w[0].Code != "shell-wrapper" || !strings.Contains(w[0].Text, "starts uvicorn") {
		t.Errorf("%+v", w)
	}
	u := fakeUvicorn(t, "0.54.0")
	if l := recognised(t, known.Spec{Command: []string{"sh", "-c", "A=b exec " + u + " app:app"}}); l.Info().Server != "uvicorn" {
		t.Errorf("%+v", l.Info())
	}
}

// A command that says its number of workers is asked back, unless it leaves that to calibrate.
func TestFixedWorkers(t *testing.T) {
	for command, want := range map[string]string{
		"true --workers=1 {port}":         "the command itself says --workers=1, ",
		"true --port {port} -w 4":         "the command itself says -w 4, ",
		"true --num-workers 2 {port}":     "the command itself says --num-workers 2, ",
		"true --workers={workers} {port}": "",
		"true -w {port}":                  "",
		"true -words 3 {port}":            "",
	} {
		l := recognised(t, known.Spec{Command: strings.Fields(command)})
		got := ""
		if all := l.Warnings(); len(all) > 0 {
			got = all[0].Text
			if !strings.Contains(all[0].Try, "write {workers} there") {
				t.Error(all[0].Try)
			}
		}
		if (want == "") != (got == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}

func TestNegativeMemoryLimit(t *testing.T) {
	_, err := Recognise(t.Context(), known.Spec{Command: []string{"true"}, MemoryLimit: -1})
	if err == nil || !strings.Contains(err.Error(), "memory limit") {
		t.Error(err)
	}
}

func TestDefaultPath(t *testing.T) {
	for _, c := range []struct {
		command []string
		want    string
	}{
		{[]string{"pypnm", "serve"}, "/health"},
		{[]string{"sh", "-c", "exec pypnm serve"}, "/health"},
		{[]string{"lmsctl", "serve"}, "/"}, // its /health asks the database one thing
		{[]string{"gunicorn", "app:app"}, "/"},
		{nil, "/"},
	} {
		if got := DefaultPath(c.command); got != c.want {
			t.Errorf("%q: %s", c.command, got)
		}
	}
}

// The answer of any command holds for what its script may start.
func TestAnyCommandBoots(t *testing.T) {
	log := []string{"Booting worker with pid: 1", "Booting worker with pid: 2", "CRITICAL WORKER TIMEOUT (pid:1)"}
	if got, want := (anycommand.Server{Known: servers}).Booting(log), (known.BootLog{Started: 2, Timeout: "--timeout"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := (anycommand.Server{Known: servers}).Booting([]string{"Listening at: http://127.0.0.1:8000"}); got != (known.BootLog{}) {
		t.Errorf("%+v", got)
	}
}
