package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A panic is one message, exit code 1, and a file that says where it was; no secret of the command line is in either.
func TestACrashIsOneMessageAndAFile(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	var said bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &said, Stderr: &said, Dir: t.TempDir(), Width: func() int { return 80 }, Getenv: func(string) string { panic("index out of range\ntoken=hunter2") }}
	code := Main(t.Context(), env, []string{"run", "--header-env", "Authorization=SECRET", "--", "gunicorn", "--token=hunter2", "app:app"})
	files, _ := filepath.Glob(filepath.Join(folder, "calibrate-crash-*.txt"))
	if code != exitTool || len(files) != 1 || !strings.HasPrefix(said.String(), "error: a fault in calibrate itself: index out of range\n") || strings.Count(said.String(), "\n") > 4 {
		t.Fatalf("exit code %d, %d files\n%s", code, len(files), said.String())
	}
	text, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(text), "crash_test.go") || !strings.Contains(string(text), "command: run --header-env") {
		t.Errorf("%v\n%s", err, text)
	}
	if strings.Contains(said.String()+string(text), "hunter2") {
		t.Error("it tells the secret")
	}
}
