package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"workermem/calibrate"
)

// visitHere runs doctor in this process, with no PATH: so no server is found, and none is asked.
func visitHere(t *testing.T, environment map[string]string, args ...string) (stdout string, code int) {
	t.Helper()
	var out, trouble bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &trouble, Dir: t.TempDir(),
		Getenv: func(name string) string { return environment[name] }}
	code = Main(context.Background(), env, append([]string{"doctor"}, args...))
	if trouble.Len() > 0 {
		t.Errorf("stderr: %s", trouble.String())
	}
	if left, _ := os.ReadDir(env.Dir); len(left) > 0 {
		t.Errorf("it made %v", left)
	}
	return out.String(), code
}

// The last line says whether run works here; the JSON says the same.
func TestDoctorHere(t *testing.T) {
	text, code := visitHere(t, nil)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := lines[len(lines)-1]; code != 0 || !strings.HasPrefix(last, "calibrate run works here; ") {
		t.Errorf("exit code %d, last line %q", code, last)
	}
	data, code := visitHere(t, map[string]string{"CI": "true", "GITLAB_CI": "true"}, "--json")
	var c calibrate.Checkup
	if err := json.Unmarshal([]byte(data), &c); err != nil || code != 0 || !c.Works {
		t.Fatalf("exit code %d, works %v, %v", code, c.Works, err)
	}
	for _, f := range c.Findings {
		if f.Name == "ci" && (f.State != calibrate.StateLimited || !strings.Contains(f.Text, "CI, GITLAB_CI")) {
			t.Errorf("%s: %s", f.State, f.Text)
		}
	}
}

// leftOver is an orphan of which some processes can't be ended.
type leftOver struct {
	name string
	left int
}

func (o leftOver) String() string { return o.name }
func (o leftOver) End() int       { return o.left }

// One that can't be ended keeps none of the others alive, and all of those are named.
func TestEveryOrphanIsEnded(t *testing.T) {
	var trouble bytes.Buffer
	err := endAll(Env{Stderr: &trouble}, []leftOver{{"stuck", 2}, {"first", 0}, {"held", 1}, {"second", 0}})
	var f *calibrate.Failure
	if !errors.As(err, &f) || f.Kind != calibrate.KindTool || !strings.HasSuffix(f.What, ": stuck; held") || f.Why != "what lives on: 3 processes" {
		t.Errorf("%+v", err)
	}
	if said := trouble.String(); strings.Count(said, "ended an app of an earlier run") != 2 || !strings.Contains(said, "first") || !strings.Contains(said, "second") {
		t.Error(said)
	}
	if err := endAll(Env{Stderr: &trouble}, []leftOver{{"first", 0}}); err != nil {
		t.Error(err)
	}
}

// Who interrupts it waits for no server, and gets no half of an answer.
func TestDoctorInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(signalled{os.Interrupt})
	var out, trouble bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &trouble, Dir: t.TempDir(), Getenv: func(string) string { return "" }}
	if code := Main(ctx, env, []string{"doctor"}); code != exitInterrupted || out.Len() > 0 || !strings.Contains(trouble.String(), "Ctrl-C") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, out.String(), trouble.String())
	}
}

func TestDoctorOnAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	var trouble bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: full, Stderr: &trouble, Dir: t.TempDir(), Getenv: func(string) string { return "" }}
	if code := Main(context.Background(), env, []string{"doctor"}); code != exitTool || !strings.Contains(trouble.String(), "free some space") {
		t.Errorf("exit code %d, stderr %q", code, trouble.String())
	}
}

func TestServerFolders(t *testing.T) {
	env := Env{Dir: "/srv/app", Getenv: func(name string) string { return map[string]string{"VIRTUAL_ENV": "/opt/venv"}[name] }}
	if got := strings.Join(serverFolders(env), " "); got != "/opt/venv/bin /srv/app/.venv/bin /srv/app/venv/bin" {
		t.Error(got)
	}
}
