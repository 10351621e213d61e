package server

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// lmsEnv is what NOW LMS needs: a database that its own command has made, and a folder for its files.
func lmsEnv(t *testing.T, lmsctl string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	env := map[string]string{
		"DATABASE_URL": "sqlite:///" + filepath.Join(dir, "lms.db"), "NOW_LMS_DATA_DIR": filepath.Join(dir, "data"),
		"SECRET_KEY": strings.Repeat("k", 40), "HOME": dir,
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, lmsctl, "database", "init")
	cmd.Env = os.Environ()
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("lmsctl database init: %v\n%s", err, out)
	}
	return env
}

// copiedLMS is the same with a copy of database and files, for an app that runs beside others.
func copiedLMS(t *testing.T, env map[string]string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(env["HOME"])); err != nil {
		t.Fatal(err)
	}
	copied := map[string]string{}
	for name, value := range env {
		copied[name] = strings.ReplaceAll(value, env["HOME"], dir)
	}
	return copied
}

// environOf is a variable of a living process.
func environOf(t *testing.T, pid int, name string) (value string, set bool) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range bytes.Split(text, []byte{0}) {
		if value, is := bytes.CutPrefix(v, []byte(name+"=")); is {
			return string(value), true
		}
	}
	return "", false
}

// The real NOW LMS, as its guide starts it and as it is by default, in an environment that would make it another app.
func TestE2ENowLMS(t *testing.T) {
	lmsctl := servertest.Venv(t, "../nowlms/bin/lmsctl")
	clearLMS(t)
	initial := lmsEnv(t, lmsctl)
	t.Setenv("CI", "true")
	t.Setenv("NODE_ENV", "development")
	for name, c := range map[string]struct {
		command          []string
		workers, threads int
		processes        int
		rule             calibrate.RuleKind
	}{
		"gunicorn":                       {[]string{lmsctl, "serve", "--wsgi-server", "gunicorn"}, 1, 0, 2, calibrate.RuleChild},
		"gunicorn, 2 workers, 4 threads": {[]string{lmsctl, "serve", "--wsgi-server", "gunicorn"}, 2, 4, 3, calibrate.RuleChild},
		"waitress, 4 threads":            {[]string{lmsctl, "serve"}, 1, 4, 1, calibrate.RuleAlone},
		"wsgi:app":                       {[]string{filepath.Join(filepath.Dir(lmsctl), "gunicorn"), "--preload", "now_lms:lms_app"}, 2, 4, 3, calibrate.RuleChild},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := copiedLMS(t, initial)
			r := start(t, known.Spec{Command: c.command, Env: env, Workers: c.workers, Threads: c.threads})
			found, err := r.Workers()
			if err != nil || len(found) != c.workers || r.Info().WorkerRule.Kind != c.rule || len(r.Tree()) != c.processes {
				t.Fatalf("workers %v (%v) by %q, tree %v", found, err, r.Info().WorkerRule, r.Tree())
			}
			if c.threads > 0 && r.Info().Threads != c.threads {
				t.Errorf("%d threads", r.Info().Threads)
			}
			servertest.HasChange(t, r.Info(), "CI is taken out")
			for _, name := range []string{"CI", "NODE_ENV"} {
				if value, set := environOf(t, found[0], name); set {
					t.Errorf("%s=%s reached the app", name, value)
				}
			}
			for range 10 {
				if page := r.get("/"); !strings.Contains(page, "<html") {
					t.Fatalf("not a page: %.200s", page)
				}
			}
			if again, _ := r.Workers(); !slices.Equal(again, found) || r.watch.Replacements() != 0 {
				t.Errorf("found %v, then %v", found, again)
			}
			if known.FileExists(filepath.Join(env["HOME"], ".gunicorn", "gunicorn.ctl")) {
				t.Error("it took the control socket")
			}
			if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 || stopped.Left != 0 {
				t.Errorf("%+v %v", stopped, err)
			}
		})
	}
	t.Run("without a database", func(t *testing.T) {
		t.Parallel()
		lmsWithoutDatabase(t, lmsctl)
	})
}

// A database without tables is said to be that.
func lmsWithoutDatabase(t *testing.T, lmsctl string) {
	t.Helper()
	dir := t.TempDir()
	f := failure(t, known.Spec{Command: []string{lmsctl, "serve"}, BootDeadline: 20 * time.Second,
		Env: map[string]string{"DATABASE_URL": "sqlite:///" + filepath.Join(dir, "none.db"), "NOW_LMS_DATA_DIR": dir, "HOME": dir}})
	if !strings.Contains(f.What, "answered 500") || !strings.Contains(f.Why, "no such table") {
		t.Errorf("%s: %s", f.What, f.Why)
	}
}
