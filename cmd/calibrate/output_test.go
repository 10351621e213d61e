package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"workermem/calibrate"
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

// What a kill left of a baseline, or somebody has put beside it, is in nobody's way: it isn't written to, and not removed.
func TestBaselineBesideAnother(t *testing.T) {
	env, _, stderr := testEnv(t, nil)
	other := filepath.Join(env.Dir, "precious")
	write(t, env.Dir, "precious", "precious")
	if err := os.Symlink(other, filepath.Join(env.Dir, ".calibrate.baseline.json.new")); err != nil {
		t.Fatal(err)
	}
	code := Main(t.Context(), env, []string{"check", filepath.Join(fixtures(t), "runs", "creeping"), "--update-baseline"})
	text, _ := os.ReadFile(other)
	if _, err := os.Lstat(filepath.Join(env.Dir, "calibrate.baseline.json")); err != nil || code != 0 || string(text) != "precious" {
		t.Errorf("exit code %d, %v, %s\n%s", code, err, stderr, text)
	}
}

// A full disk is no wrong usage, and a wrong place is.
func TestUnwritable(t *testing.T) {
	for number, kind := range map[syscall.Errno]calibrate.Kind{
		syscall.ENOSPC: calibrate.KindTool, syscall.EDQUOT: calibrate.KindTool, syscall.EIO: calibrate.KindTool, syscall.EROFS: calibrate.KindTool,
		syscall.ENOENT: calibrate.KindUsage, syscall.EACCES: calibrate.KindUsage, syscall.ENOTDIR: calibrate.KindUsage,
	} {
		err := unwritable("the table", "name another", &fs.PathError{Op: "write", Path: "runs.csv", Err: number})
		failure, is := errors.AsType[*calibrate.Failure](err)
		if !is || failure.Kind != kind || failure.Try == "" || !strings.HasPrefix(failure.Error(), "the table can't be written: ") {
			t.Errorf("%v: %+v", number, err)
		}
	}
}

// A page that can't be written comes after all else: what was measured keeps its outcome, and is the baseline.
func TestPageThatCantBeWritten(t *testing.T) {
	r, err := loadRun(Env{}, filepath.Join(fixtures(t), "runs", "creeping"))
	must(t, err)
	for _, c := range []struct {
		limit string
		code  int
		says  string
	}{
		{"worker <= 1MB", int(calibrate.KindLimit), "the page can't be written: "},
		{"worker <= 1GB", exitTool, "error: the page can't be written"},
	} {
		env, stdout, stderr := inCI(t, map[string]string{"GITLAB_CI": "true", projectVariable: t.TempDir()})
		f := checkFlags{own: pflag.NewFlagSet("check", pflag.ContinueOnError)}
		must(t, f.limits.Set(c.limit))
		f.baseline.update, f.baseline.force = true, true
		f.format.page.path = filepath.Join(env.Dir, "gone", "page.html")
		if code := exitCode(env, f.judge(env, r)); code != c.code || stdout.Len() == 0 || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%s: exit code %d, want %d: %s", c.limit, code, c.code, stderr)
		}
		if !strings.Contains(stderr.String(), "written for GitLab") || !strings.Contains(stderr.String(), "wrote "+calibrate.BaselineFile) {
			t.Errorf("%s: something was left out: %s", c.limit, stderr)
		}
	}
}

// A file that may be written, and not read, may be a page: its owner says so.
func TestPageThatCantBeRead(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	path := filepath.Join(t.TempDir(), "page.html")
	must(t, os.WriteFile(path, []byte("<"), 0o200))
	if err := (&pageFile{}).Set(path); err != nil {
		t.Error(err)
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
