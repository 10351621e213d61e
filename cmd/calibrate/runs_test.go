package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
)

// What was measured is nothing to commit, unless the user has said otherwise.
func TestKeepFromGit(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, ".gitignore")
	keepFromGit(opened(folder))
	if text, err := os.ReadFile(file); err != nil || string(text) != "*\n" {
		t.Fatalf("%q, %v", text, err)
	}
	if err := os.WriteFile(file, []byte("app.log\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	keepFromGit(opened(folder))
	if text, _ := os.ReadFile(file); string(text) != "app.log\n" {
		t.Errorf("the user's own was written over: %q", text)
	}
}

// The latest run is one of those beside the link. What else bears its name hides none of them, and leads nowhere else.
func TestLatestRun(t *testing.T) {
	for name, c := range map[string]struct {
		latest func(t *testing.T, path string)
		want   string
	}{
		"no link":                        {func(*testing.T, string) {}, "20261121-2"},
		"a link to a run":                {linkTo("20261121-1"), "20261121-1"},
		"a link to a run that is gone":   {linkTo("20261121-0"), "20261121-2"},
		"a link elsewhere":               {linkTo("../elsewhere"), "20261121-2"},
		"a link to the run the long way": {linkTo("../runs/20261121-1"), "20261121-2"},
		"a link to the runs":             {linkTo("."), "20261121-2"},
		"a link to itself":               {linkTo(latestLink), "20261121-2"},
		"a folder":                       {func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, "20261121-2"},
		"a file":                         {text("20261121-1"), "20261121-2"},
		"a pipe":                         {pipe, "20261121-2"},
	} {
		t.Run(name, func(t *testing.T) {
			env, _, _ := testEnv(t, nil)
			for _, run := range []string{"runs/20261121-1", "runs/20261121-2", "elsewhere"} {
				must(t, os.MkdirAll(filepath.Join(env.Dir, ".calibrate", run), 0o700))
			}
			c.latest(t, filepath.Join(runsFolder(env), latestLink))
			for _, asked := range []string{"", latestLink} {
				if got, err := findRun(env, asked); err != nil || got != filepath.Join(runsFolder(env), c.want) {
					t.Errorf("%q: %s, %v", asked, got, err)
				}
			}
			pointLatest(opened(runsFolder(env)), "20261121-1")
			entries, err := os.ReadDir(runsFolder(env))
			if err != nil || len(entries) > 3 {
				t.Errorf("something is left: %v, %v", entries, err)
			}
		})
	}
}

// Who works in another's folder is not led out of it by links that the other has laid. One's own may lead to a larger disk.
func TestOpenRunThroughLinks(t *testing.T) {
	for _, link := range []string{".calibrate", ".calibrate/runs"} {
		env, _, _ := testEnv(t, nil)
		elsewhere := t.TempDir()
		path := filepath.Join(env.Dir, link)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		linkTo(elsewhere)(t, path)
		folder, _, err := openRun(env, "")
		if err != nil {
			t.Fatalf("%s of one's own: %v", link, err)
		}
		folder.Close()
		ofNobody(t, path)
		if _, _, err := openRun(env, ""); err == nil || !strings.Contains(err.Error(), path+" is a link of another user's") {
			t.Errorf("%s: %v", link, err)
		}
	}
}

// What is written minutes later goes to where the run is, whatever has come into the way's place.
func TestLatestIsBesideTheRun(t *testing.T) {
	env, _, _ := testEnv(t, nil)
	folder, id, err := openRun(env, "")
	must(t, err)
	defer folder.Close()
	place, moved, elsewhere := filepath.Join(env.Dir, ".calibrate"), filepath.Join(env.Dir, "moved"), t.TempDir()
	must(t, os.Rename(place, moved))
	must(t, os.Mkdir(filepath.Join(elsewhere, "runs"), 0o700))
	must(t, os.Symlink(elsewhere, place))
	must(t, folder.Save(calibrate.Result{ID: id, Phases: []calibrate.Phase{{Name: calibrate.PhaseBoot}}}))
	if got, err := os.Readlink(filepath.Join(moved, "runs", latestLink)); err != nil || got != id {
		t.Errorf("the latest is %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(moved, ".gitignore")); err != nil {
		t.Error(err)
	}
	for _, folder := range []string{elsewhere, filepath.Join(elsewhere, "runs")} {
		if entries, err := os.ReadDir(folder); err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() != "runs" }) {
			t.Errorf("written elsewhere: %v, %v", entries, err)
		}
	}
}

// A folder that can't be made says why, and what helps against that.
func TestOpenRunRefuses(t *testing.T) {
	env, _, stderr := testEnv(t, nil)
	for _, c := range []struct {
		out       string
		says, try string
	}{
		{"/proc/run", "mkdir /proc/run: no such file", "name another folder"},
		{"/dev/null/run", "not a directory", "name a folder with --out"},
		{runsIn(t, readOnly), "read-only file system", "mount the disk so that it can be written, or name another folder with --out"},
		{runsIn(t, full), "no space left on device", "free some space, or name another folder with --out"},
	} {
		_, _, err := openRun(env, c.out)
		failure, is := errors.AsType[*calibrate.Failure](err)
		if !is || failure.Kind != calibrate.KindUsage || !strings.Contains(failure.What, c.says) || !strings.Contains(failure.Try, c.try) {
			t.Errorf("%s: %+v", c.out, err)
		}
	}
	shared := t.TempDir()
	must(t, os.Chmod(shared, 0o777))
	folder, _, err := openRun(env, shared)
	if err != nil || !strings.Contains(stderr.String(), "others can write to "+shared) {
		t.Errorf("%v, %q", err, stderr)
	}
	folder.Close()
}

const (
	readOnly = "ro,size=1m"
	full     = "size=1m,nr_inodes=1" // as many as its root has
)

// runsIn is a folder to be made on a disk of its own.
func runsIn(t *testing.T, options string) string {
	t.Helper()
	disk, rest := t.TempDir(), options
	flags := uintptr(0)
	if after, is := strings.CutPrefix(options, "ro,"); is {
		flags, rest = syscall.MS_RDONLY, after
	}
	if err := syscall.Mount("none", disk, "tmpfs", flags, rest); err != nil {
		t.Skip("needs root, for a disk of its own: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	return filepath.Join(disk, "run")
}

// Nothing is said to be kept that isn't, whatever ended the run.
func TestEndedSaysWhatIsKept(t *testing.T) {
	for _, kept := range []bool{true, false} {
		for _, kind := range []calibrate.Kind{calibrate.KindInterrupted, calibrate.KindTool, calibrate.KindApp} {
			env, _, stderr := testEnv(t, nil)
			run := filepath.Join(runsFolder(env), goodRun)
			if kept {
				write(t, run, calibrate.ResultFile, "{}")
			}
			err := ended(env, run, &calibrate.Failure{Kind: kind, What: "it ended"})
			exitCode(env, err)
			said := strings.Join(strings.Fields(stderr.String()), " ")
			if strings.Contains(said, "nothing is kept") == kept || strings.Contains(said, "is kept in "+shown(env, run)) != (kept && kind != calibrate.KindInterrupted) ||
				strings.Contains(said, "calibrate report "+shown(env, run)) != (kept && kind == calibrate.KindInterrupted) {
				t.Errorf("kept %v, kind %d: %s", kept, kind, said)
			}
			stderr.Reset()
			if savedIn(env, run, calibrate.ResultFile); strings.Contains(stderr.String(), "saved in") != kept {
				t.Errorf("kept %v: %s", kept, stderr)
			}
		}
	}
}

// A run whose folder is deleted ends within seconds, and doesn't say that it is kept.
func TestE2EFolderDeletedMeanwhile(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := start(t, nil, "demo")
	s.until(t, "soak", time.Minute)
	must(t, os.RemoveAll(filepath.Join(s.dir, ".calibrate")))
	code := s.end(t, 40*time.Second)
	said := strings.Join(strings.Fields(s.stderr.String()), " ")
	if code != exitTool || !strings.Contains(said, "nothing is kept") || !strings.Contains(said, "the run's folder was deleted, and the run has ended") ||
		strings.Contains(said, "kept in") || strings.Contains(said, "free some space") {
		t.Errorf("exit code %d: %s", code, said)
	}
}

// Whole is a run that has all that was planned, whatever ended it. What is missing is named in the list and on the page.
func TestRunsSaysWhatIsMissing(t *testing.T) {
	done := func(undone ...string) (all []any) {
		for _, phase := range []string{"boot", "soak", "peak", "scale", "sweep"} {
			all = append(all, map[string]any{"phase": phase, "done": !slices.Contains(undone, phase)})
		}
		return all
	}
	for name, c := range map[string]struct {
		steps       []any
		interrupted any
		state, says string
	}{
		"of an older version":           {nil, nil, "whole", ""},
		"with all":                      {done(), nil, "whole", ""},
		"killed in the scaling":         {done("scale", "sweep"), nil, "partial", "cut short by: the end of calibrate itself (killed?). Planned and missing: scale, sweep; the rest is final"},
		"killed in the sweep":           {done("sweep"), nil, "partial", "Planned and missing: sweep;"},
		"interrupted in the sweep":      {done("sweep"), map[string]any{"kind": "user", "phase": "sweep", "words": "Ctrl-C"}, "partial", "cut short by: Ctrl-C. Planned and missing: sweep;"},
		"interrupted, of an older one":  {nil, map[string]any{"kind": "user", "phase": "sweep", "words": "Ctrl-C"}, "partial", "cut short by: Ctrl-C."},
		"with a step that nobody knows": {[]any{map[string]any{"phase": reset, "done": false}}, nil, "partial", "Planned and missing:"},
	} {
		t.Run(name, func(t *testing.T) {
			env, stdout, stderr := testEnv(t, nil)
			run := filepath.Join(runsFolder(env), goodRun)
			must(t, os.CopyFS(run, os.DirFS(filepath.Join(fixtures(t), "runs", "creeping"))))
			change("", "steps", c.steps)(t, run)
			change("", "interrupted", c.interrupted)(t, run)
			if code := Main(t.Context(), env, []string{"runs"}); code != 0 || !strings.Contains(stdout.String(), goodRun+"  "+c.state) {
				t.Errorf("exit code %d: %s%s", code, stdout, stderr)
			}
			stdout.Reset()
			Main(t.Context(), env, []string{"report"})
			if said := strings.Join(strings.Fields(stdout.String()), " "); strings.Contains(said, "PARTIAL RUN") != (c.says != "") || !strings.Contains(said, c.says) || strings.Contains(said, "\x1b") {
				t.Errorf("not %q: %s", c.says, said)
			}
		})
	}
}

// A run that is killed beside its main app says what is missing.
func TestE2EKilledWhileItScales(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := flask(t, nil, "--rate", "50", "--duration", "2s")
	s.until(t, "scale", time.Minute)
	time.Sleep(time.Second) // what is killed before it has started a guard leaves an empty group to the next run
	must(t, s.Process.Kill())
	s.end(t, 10*time.Second)
	r := s.result(t)
	if !r.Complete || r.AsPlanned() || !slices.Equal(r.Undone(), []string{calibrate.PhaseScale}) || r.Interrupted.Kind != calibrate.InterruptedByKill {
		t.Errorf("complete %v, missing %q, interrupted %+v", r.Complete, r.Undone(), r.Interrupted)
	}
	if list := startIn(t, s.dir, nil, "runs"); list.end(t, 10*time.Second) != 0 || !strings.Contains(list.stdout.String(), "partial") {
		t.Error(list.stdout.String())
	}
	for limit, want := range map[string]int{"peak <= 900MB": 0, "worker <= 900MB": 4, "worker <= 1MB": 10, "total(2x4) <= 9GB": 4} {
		check := startIn(t, s.dir, nil, "check", "--limit", limit)
		if code := check.end(t, 10*time.Second); code != want || !strings.Contains(squeezed(check.stdout.String()), "cut short before scale") {
			t.Errorf("%s: exit code %d, want %d: %s", limit, code, want, check.stdout.String())
		}
	}
}
