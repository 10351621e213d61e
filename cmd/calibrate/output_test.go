package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// soon fails where something waits for what never comes, such as a pipe's other end.
func soon[T any](t *testing.T, what string, do func() T) T {
	t.Helper()
	done := make(chan T, 1)
	go func() { done <- do() }()
	select {
	case got := <-done:
		return got
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: it waits", what)
		panic("unreachable")
	}
}

// notFiles makes a pipe, a folder, a link to an endless device, and a large file.
func notFiles(t *testing.T) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	pipe, folder, zero, large := filepath.Join(dir, "pipe"), filepath.Join(dir, "folder"), filepath.Join(dir, "zero"), filepath.Join(dir, "large")
	for _, err := range []error{syscall.Mkfifo(pipe, 0o644), os.Mkdir(folder, 0o755), os.Symlink("/dev/zero", zero), os.WriteFile(large, nil, 0o644), os.Truncate(large, 1<<30)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return []string{pipe, folder, zero, large}
}

// A baseline that is no file is neither read to an end that it doesn't have, nor written over.
func TestBaselineIsAFile(t *testing.T) {
	for _, path := range notFiles(t) {
		for _, more := range [][]string{nil, {"--update-baseline"}} {
			env, _, stderr := testEnv(t, nil)
			args := append([]string{"check", filepath.Join(fixtures(t), "runs", "creeping"), "--baseline", path}, more...)
			if code := soon(t, path, func() int { return Main(t.Context(), env, args) }); code != exitUsage || !strings.Contains(stderr.String(), "can't be read") {
				t.Errorf("%q: exit code %d, %s", args, code, stderr)
			}
		}
	}
}

// What lies where a baseline's temporary file goes is somebody else's: it isn't written to, and not removed.
func TestBaselineBesideAnother(t *testing.T) {
	env, _, stderr := testEnv(t, nil)
	other := filepath.Join(env.Dir, "precious")
	write(t, env.Dir, "precious", "precious")
	if err := os.Symlink(other, filepath.Join(env.Dir, ".calibrate.baseline.json.new")); err != nil {
		t.Fatal(err)
	}
	code := Main(t.Context(), env, []string{"check", filepath.Join(fixtures(t), "runs", "creeping"), "--update-baseline"})
	text, _ := os.ReadFile(other)
	if _, err := os.Lstat(filepath.Join(env.Dir, "calibrate.baseline.json")); err == nil || code != exitTool || !strings.Contains(stderr.String(), "is in the way") || string(text) != "precious" {
		t.Errorf("exit code %d, %s\n%s", code, stderr, text)
	}
}

// A CI's file that is a pipe is not waited for, and what is no file is not written to.
func TestToldToNoFile(t *testing.T) {
	d := recordedRun(t, "creeping")
	for _, path := range notFiles(t)[:3] {
		env, _, stderr := inCI(t, map[string]string{"GITHUB_ACTIONS": "true", summaryVariable: path})
		soon(t, path, func() bool { (&ciFlags{}).tell(env, &formatFlag{}, d); return true })
		if !strings.Contains(stderr.String(), "not told to github") || !strings.Contains(stderr.String(), "is not a regular file") {
			t.Errorf("%s: %s", path, stderr)
		}
		project := t.TempDir()
		if err := os.Symlink(path, filepath.Join(project, metricsFile)); err != nil {
			t.Fatal(err)
		}
		env, _, stderr = inCI(t, map[string]string{"GITLAB_CI": "true", projectVariable: project})
		soon(t, path, func() bool { (&ciFlags{}).tell(env, &formatFlag{}, d); return true })
		if !strings.Contains(stderr.String(), "not told to gitlab") {
			t.Errorf("%s: %s", path, stderr)
		}
	}
}
