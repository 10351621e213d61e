package server

import (
	"os"
	"path/filepath"
	"testing"

	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// To ask uWSGI is to run these, so that it isn't asked.
func TestUWSGIHooksAreNotRun(t *testing.T) {
	t.Chdir(t.TempDir())
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	u := filepath.Join(dir, "uwsgi")
	servertest.Write(t, u, "#!/bin/sh\ntouch ran\n")
	if err := os.Chmod(u, 0o755); err != nil {
		t.Fatal(err)
	}
	servertest.Write(t, "hook.ini", "[uwsgi]\n  exec-asap = touch zz\n")
	servertest.Write(t, "hook.yml", "uwsgi:\n  hook-asap: exec:touch zz\n")
	servertest.Write(t, "sub/outer.ini", "[uwsgi]\nini = %d../hook.ini\n")
	servertest.Write(t, "outer.json", `{"uwsgi": {"yml": "hook.yml"}}`)
	for name, words := range map[string][]string{
		"an option":            {u, "--exec-asap", "touch zz"},
		"with its value":       {u, "--hook-asap=exec:touch zz"},
		"cut short":            {u, "--exec-asa", "touch zz"},
		"a variable":           {"env", "UWSGI_HOOK_ASAP=exec:touch zz", u},
		"a file":               {u, "hook.ini"},
		"a section of it":      {u, "--ini", "hook.ini:uwsgi"},
		"a file of a variable": {"env", "UWSGI_YAML=hook.yml", u},
		"a file in a file":     {u, "--ini=" + filepath.Join(dir, "sub/outer.ini")},
		"in another language":  {u, "--json", "outer.json"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Recognise(t.Context(), known.Spec{Command: words})
			servertest.Usage(t, err, " would be run by asking uwsgi")
		})
	}
	_, err = Recognise(t.Context(), known.Spec{Command: []string{u, "x.ini"}, Env: map[string]string{"UWSGI_EXEC_ASAP": "touch zz"}})
	servertest.Usage(t, err, "EXEC_ASAP would be run")
	if known.FileExists("ran") {
		t.Error("it was run")
	}
}

func TestUWSGIHooksElsewhere(t *testing.T) {
	t.Chdir(t.TempDir())
	servertest.Write(t, "a.ini", "[uwsgi]\n; exec-asap = touch zz\nexec-pre-app = true\nini = a.ini\n")
	recognised(t, known.Spec{Command: []string{fakeUWSGI(t, ""), "--hook-as-user", "exec:true", "a.ini"}})
}

// What --show-config prints of it would be read as settings.
func TestUWSGISeveralLines(t *testing.T) {
	for _, words := range [][]string{{"--env", "K=a\nhttp = :80"}, {"--set=k=a\nb"}} {
		_, err := Recognise(t.Context(), known.Spec{Command: append([]string{fakeUWSGI(t, "")}, words...)})
		servertest.Usage(t, err, "several lines")
	}
	_, err := Recognise(t.Context(), known.Spec{Command: []string{fakeUWSGI(t, "")}, Env: map[string]string{"UWSGI_ENV": "K=a\nb"}})
	servertest.Usage(t, err, "several lines")
	recognised(t, known.Spec{Command: []string{"env", "K=a\nb", fakeUWSGI(t, "")}, Env: map[string]string{"KEY": "-----BEGIN\nabc"}})
}
