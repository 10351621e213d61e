package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
)

// checkout writes the Flask app with an environment of its own into a folder.
func checkout(t *testing.T, dir string, env ...string) {
	t.Helper()
	text := "import os\n"
	for _, one := range env {
		name, value, _ := strings.Cut(one, "=")
		text += "os.environ[" + quoted(name) + "] = " + quoted(value) + "\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "version.py"), []byte(text+"from app import app\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// comparedIn is the file of a session's only comparison.
func comparedIn(t *testing.T, s *session) string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(s.dir, ".calibrate", "compare", "*", calibrate.CompareFile))
	if len(files) != 1 {
		t.Fatalf("compare.json: %q\n%s", files, s.stderr.String())
	}
	return files[0]
}

func comparison(t *testing.T, s *session) (c calibrate.Comparison) {
	t.Helper()
	file := comparedIn(t, s)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &c); err != nil || c.Schema != calibrate.CompareSchema {
		t.Fatal(err, c.Schema)
	}
	for _, p := range c.Pairs {
		for _, of := range []calibrate.OfVersion{p.Base, p.Head} {
			if _, err := calibrate.LoadFolder(filepath.Join(filepath.Dir(file), of.Folder)); err != nil {
				t.Errorf("the run %s is not kept: %v", of.Folder, err)
			}
		}
	}
	return c
}

// comparing compares the Flask app with another version of it, by what any machine tells of memory.
func comparing(t *testing.T, head string, flags ...string) *session {
	t.Helper()
	base := t.TempDir()
	checkout(t, base)
	return start(t, nil, slices.Concat([]string{"compare", "--env", "CALIBRATE_HOLD_MS=5", "--base", base, "--head", head}, flags,
		[]string{"--", needServer(t, "gunicorn"), "--threads", "4", "version:app"})...)
}

// checkedOut is a version of the Flask app with an environment of its own.
func checkedOut(t *testing.T, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	checkout(t, dir, env...)
	return dir
}

var memoryLimits = []string{"--limit", "peak <= +5% or +4MB", "--limit", "plateau <= +5% or +4MB", "--limit", "creep <= +1KB"}

// TestE2ECompare compares checkouts of a real app on a real server, which are the same.
func TestE2ECompare(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := comparing(t, checkedOut(t), memoryLimits...)
	s.endsWith(t, 0, 5*time.Minute)
	c := comparison(t, s)
	if said := s.stdout.String(); c.Verdict != calibrate.ComparePassed || strings.Count(said, "\n") != 1 && len(said) > 400 || !strings.HasPrefix(said, "no regression") {
		t.Errorf("%s: %q", c.Verdict, said)
	}
}

// TestE2ECompareLarger compares with 20 MB more, also as the runs were saved.
func TestE2ECompareLarger(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := comparing(t, checkedOut(t, "CALIBRATE_IMPORT_MB=20"), append([]string{"--duration", "8s"}, memoryLimits...)...)
	s.endsWith(t, int(calibrate.KindRegression), 10*time.Minute)
	c := comparison(t, s)
	if said := s.stdout.String(); !strings.Contains(said, "REGRESSION") || !strings.Contains(said, "memory before any request +") {
		t.Error(said)
	}
	if len(c.Pairs) != 3 || c.Compared[0].Metric != "peak" || c.Compared[0].Failed != 3 {
		t.Errorf("%d pairs: %+v", len(c.Pairs), c.Compared[0])
	}
	folder := filepath.Dir(comparedIn(t, s))
	for _, tc := range []struct {
		base, head string
		code       calibrate.Kind
	}{
		{c.Pairs[0].Base.Folder, c.Pairs[0].Head.Folder, calibrate.KindRegression}, {c.Pairs[0].Head.Folder, c.Pairs[0].Base.Folder, 0},
	} {
		saved := start(t, nil, "compare", "--json", "--limit", "peak <= +5% or +4MB", filepath.Join(folder, tc.base), filepath.Join(folder, tc.head))
		saved.endsWith(t, int(tc.code), time.Minute)
	}
}

// TestE2ECompareNothing compares with an app that doesn't start, and by a limit that such runs can't tell.
func TestE2ECompareNothing(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := comparing(t, checkedOut(t, "CALIBRATE_FAIL=import"))
	s.endsWith(t, int(calibrate.KindApp), time.Minute)
	if said := s.stderr.String(); !strings.Contains(said, "head: ") {
		t.Error(said)
	}
	s = comparing(t, checkedOut(t), "--duration", "2s", "--limit", "restart >= -5%") // needs creep
	s.endsWith(t, int(calibrate.KindInconclusive), 5*time.Minute)
}

// TestE2EFailureIsTold has an app that doesn't start: compare and check say so in the format that was asked for, and to the CI.
func TestE2EFailureIsTold(t *testing.T) {
	skipShort(t)
	t.Parallel()
	base, head := t.TempDir(), t.TempDir()
	for name, args := range map[string][]string{
		"compare": {"--base", base, "--head", head},
		"check":   {"--limit", "peak <= 1GB"},
	} {
		t.Run(name, func(t *testing.T) {
			project := t.TempDir()
			s := start(t, []string{"GITLAB_CI=true", projectVariable + "=" + project}, slices.Concat([]string{name, "--format", "junit"}, args, []string{"--", "false", "{port}"})...)
			s.endsWith(t, int(calibrate.KindApp), time.Minute)
			kept, err := os.ReadFile(filepath.Join(project, junitFile))
			if err != nil {
				t.Fatalf("%v\n%s", err, s.stderr.String())
			}
			if !strings.Contains(string(kept), `errors="1"`) || s.stdout.String() != string(kept) {
				t.Errorf("%s\n%s", s.stdout.String(), kept)
			}
		})
	}
}

// versions is a repository with the Flask app on main, and a head that keeps 16 KB a request.
type versions struct{ repo string }

func newVersions(t *testing.T) versions {
	t.Helper()
	v := versions{t.TempDir()}
	v.git(t, "init", "--quiet", "--initial-branch", "main")
	checkout(t, v.repo)
	v.git(t, "add", "version.py")
	v.git(t, "commit", "--quiet", "-m", "base")
	checkout(t, v.repo, "CALIBRATE_KEEP_BYTES=16384")
	return v
}

func (v versions) git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", v.repo, "-c", "user.name=test", "-c", "user.email=test@example.org"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func (v versions) compare(t *testing.T, args ...string) *session {
	t.Helper()
	return start(t, nil, slices.Concat([]string{"compare", "--head", v.repo, "--base-ref", "main", "--limit", "creep <= +1KB", "--env", "CALIBRATE_HOLD_MS=5"}, args,
		[]string{"--", needServer(t, "gunicorn"), "--threads", "2", "version:app"})...)
}

// clean holds that the base's worktree is gone.
func (v versions) clean(t *testing.T) {
	t.Helper()
	const patience = 5 * time.Second // for the guard, if calibrate was killed
	for deadline := time.Now().Add(patience); strings.Count(v.git(t, "worktree", "list"), "\n") != 1; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("worktrees are left:\n%s", v.git(t, "worktree", "list"))
		}
	}
}

// TestE2ECompareRef compares with a git ref, whose worktree is gone at the end.
func TestE2ECompareRef(t *testing.T) {
	skipShort(t)
	t.Parallel()
	v := newVersions(t)
	s := v.compare(t, "--duration", "8s", "--setup", "echo prepared > prepared.txt")
	s.endsWith(t, int(calibrate.KindRegression), 10*time.Minute)
	if said := s.stdout.String(); !strings.Contains(said, "creep grew") || !strings.Contains(said, "at main") {
		t.Error(said)
	}
	v.clean(t)
	if _, err := os.Stat(filepath.Join(v.repo, "prepared.txt")); err == nil {
		t.Error("the setup ran in the head's folder")
	}
}

// TestE2ECompareRefCut holds that the worktree is gone, too, where a comparison doesn't come to its end.
func TestE2ECompareRefCut(t *testing.T) {
	skipShort(t)
	t.Parallel()
	v := newVersions(t)
	t.Run("an interrupt", func(t *testing.T) {
		s := v.compare(t)
		s.until(t, "base, soak", 2*time.Minute)
		if err := s.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		s.endsWith(t, 130, 30*time.Second)
		v.clean(t)
		if c := comparison(t, s); c.Complete || c.Interrupted == nil || c.Interrupted.Kind != calibrate.InterruptedByUser {
			t.Errorf("%+v", c.Interrupted)
		}
	})
	t.Run("a setup that fails", func(t *testing.T) {
		s := v.compare(t, "--setup", "PASSWORD=hunter2; true https://user:hunter2@example.org/simple \x1b[31m; exit 3")
		s.endsWith(t, int(calibrate.KindApp), time.Minute)
		if said := s.stderr.String(); !strings.Contains(said, "exit code 3") || strings.Contains(said, "hunter2") || strings.Contains(said, "\x1b") {
			t.Error(said)
		}
		v.clean(t)
	})
	for name, hooked := range map[string]bool{"a kill in the setup": false, "a kill in a hook of git's": true} {
		t.Run(name, func(t *testing.T) { // what lives on then is found at the session's end
			killedInSetup(t, v, hooked)
			v.clean(t)
		})
	}
	t.Run("a ref that isn't there", func(t *testing.T) {
		s := v.compare(t, "--base-ref", "nowhere")
		s.endsWith(t, int(calibrate.KindUsage), time.Minute)
		v.clean(t)
	})
}

// killedInSetup kills a comparison while the base's worktree is set up, or while git runs a hook for it.
func killedInSetup(t *testing.T, v versions, hooked bool) {
	t.Helper()
	begun := filepath.Join(t.TempDir(), "begun")
	text := "touch " + begun + "; setsid sleep 600 & sleep 600"
	args := []string{"--setup", text}
	if hooked {
		args = nil
		hook := filepath.Join(v.repo, ".git", "hooks", "post-checkout")
		if err := os.WriteFile(hook, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(hook)
	}
	s := v.compare(t, args...)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(begun); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(s.stderr.String())
		}
	}
	s.tree() // of which all is known by now
	if err := s.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	s.nothingLeft(t)
}
