package server

import (
	"slices"
	"testing"
)

// A shell is left out only if its command is simple, and of a server whose command is rewritten.
func TestUnshelled(t *testing.T) {
	for script, want := range map[string][]string{
		"exec gunicorn app:app":  {"gunicorn", "app:app"},
		"A=B pypnm serve":        {"env", "A=B", "pypnm", "serve"},
		"echo gunicorn":          nil,
		"unicorn -l {port}":      nil,
		"A=B":                    nil,
		"exec":                   nil,
		"":                       nil,
		"cd app && gunicorn app": nil,
	} {
		if got := unshelled(seeThrough([]string{"sh", "-c", script})); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", script, got, want)
		}
	}
}

// The answer of any command holds for what its script may start.
func TestAnyCommandBoots(t *testing.T) {
	log := []string{"Booting worker with pid: 1", "Booting worker with pid: 2", "CRITICAL WORKER TIMEOUT (pid:1)"}
	if got, want := (anyCommand{servers}).booting(log), (bootLog{started: 2, timeout: "--timeout"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := (anyCommand{servers}).booting([]string{"Listening at: http://127.0.0.1:8000"}); got != (bootLog{}) {
		t.Errorf("%+v", got)
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
