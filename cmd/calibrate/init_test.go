package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/cmd/calibrate/config"
	"workermem/cmd/calibrate/propose"
)

// TestInit holds what is found in each folder of fixtures/init, and the file that is proposed, to the text in testdata/init. The
// file is one that calibrate reads, with the same command, and holds no value of a variable.
func TestInit(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(fixtures(t), "init", "*"))
	if err != nil || len(folders) < 10 {
		t.Fatal(folders, err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			env, stdout, stderr := testEnv(t, nil)
			env.Dir = folder
			code := Main(t.Context(), env, []string{"init", "--print"})
			golden(t, filepath.Join("testdata", "init", filepath.Base(folder)+".golden"), stderr.String()+stdout.String())
			if _, err := os.Stat(filepath.Join(folder, config.Name)); err == nil {
				t.Error("a file was written")
			}
			if strings.Contains(stdout.String(), "hunter2") {
				t.Error("a secret is in the file")
			}
			found := propose.Look(folder)
			taken := slices.IndexFunc(found, propose.Found.Starts)
			if (code == exitUsage) != (taken < 0) {
				t.Errorf("exit code %d, taken %d of %+v", code, taken, found)
			}
			if taken >= 0 {
				readAgain(t, stdout.String(), found[taken].Args())
			}
		})
	}
}

// What stands behind # in the file, until somebody takes it in: examples, and names of variables whose values were left out.
var (
	exampleLine = regexp.MustCompile(`(?m)^# ((?:  )*(?:- |[A-Za-z_-]+:))`)
	noValue     = regexp.MustCompile(`(?m)^(#   [A-Z_]+:)$`)
)

// readAgain holds that a file is one for calibrate, and that it still is with all its examples.
func readAgain(t *testing.T, text string, command []string) {
	t.Helper()
	whole := exampleLine.ReplaceAllString(noValue.ReplaceAllString(text, "$1 x"), "$1")
	if !strings.Contains(whole, "\nhost:\n  memory: 1G\n") {
		t.Error("no examples were taken in")
	}
	for _, one := range []string{text, whole} {
		file, wrong := config.Parse(config.Name, []byte(one), configKeys())
		if len(wrong) > 0 || !slices.Equal(file.Command, command) {
			t.Errorf("%q, want %q, wrong %+v\n%s", file.Command, command, wrong, one)
		}
	}
}

// It is written once, and never over another; what was typed is taken as it is.
func TestInitNeverWritesOver(t *testing.T) {
	env, stdout, stderr := testEnv(t, nil)
	write(t, env.Dir, "Procfile", "web: gunicorn app:app\n")
	command := []string{"serve", "it's", "a: b", "$HOME", "\x1b"}
	if code := Main(t.Context(), env, append([]string{"init", "--"}, command...)); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	path := filepath.Join(env.Dir, config.Name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	readAgain(t, string(text), command)
	if !strings.Contains(stdout.String(), "next: calibrate run") {
		t.Error(stdout)
	}
	for _, args := range [][]string{{"init"}, {"init", "--measure"}} {
		if code := Main(t.Context(), env, args); code != exitUsage || !strings.Contains(stderr.String(), "is there already") {
			t.Errorf("%q: exit code %d: %s", args, code, stderr)
		}
	}
	if again, err := os.ReadFile(path); err != nil || string(again) != string(text) {
		t.Errorf("%v: it is another file now:\n%s", err, again)
	}
	if _, err := os.Stat(filepath.Join(env.Dir, ".calibrate")); err == nil {
		t.Error("something was measured")
	}
}

// A command of a megabyte is written as it is, and shown in a few lines.
func TestInitOfALongLine(t *testing.T) {
	env, stdout, stderr := testEnv(t, nil)
	long := "gunicorn " + strings.Repeat("x", 1_000_000)
	write(t, env.Dir, "Procfile", "web: "+long+"\n")
	code := soon(t, "init", func() int { return Main(t.Context(), env, []string{"init", "--print"}) })
	if code != 0 || !strings.Contains(stdout.String(), long) || strings.Count(stderr.String(), "\n") > 24 {
		t.Errorf("exit code %d, %.500s", code, stderr)
	}
}

// A command that starts nothing, or that a file of text can't hold, is refused, and nothing is written.
func TestInitRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		procfile string
		command  []string
		says     string
	}{
		"no UTF-8":        {"", []string{"gunicorn", "\xff\xfe"}, "word 2 of the command isn't UTF-8"},
		"empty":           {"", []string{""}, "the command is empty"},
		"an empty first":  {"", []string{" ", "app:app"}, "the command is empty"},
		"empty in a file": {"web: ''\n", nil, "the command is empty"},
	} {
		env, stdout, stderr := testEnv(t, nil)
		args := []string{"init"}
		if tc.procfile != "" {
			write(t, env.Dir, "Procfile", tc.procfile)
		} else {
			args = append(append(args, "--"), tc.command...)
		}
		code := Main(t.Context(), env, args)
		if _, err := os.Stat(filepath.Join(env.Dir, config.Name)); code != exitUsage || err == nil || !strings.Contains(stderr.String(), tc.says) {
			t.Errorf("%s: exit code %d, %v, %s%s", name, code, err, stdout, stderr)
		}
	}
}

// What a command holds of secrets is in the file, or it wouldn't start, and nowhere else; the file says so.
func TestInitShowsNoSecret(t *testing.T) {
	const line = "SECRET_KEY=hunter2 DATABASE_URL=postgres://u:hunter2@db/x gunicorn --token hunter2 app:app"
	env, stdout, stderr := testEnv(t, nil)
	write(t, env.Dir, "Procfile", "web: "+line+"\n")
	write(t, env.Dir, "package.json", `{"scripts": {"start": "node --token hunter2 server.js"}}`)
	if code := Main(t.Context(), env, []string{"init"}); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	said := strings.Join(strings.Fields(stdout.String()+stderr.String()), " ")
	if strings.Contains(said, "hunter2") || strings.Count(said, "belongs in env:") != 2 || !strings.Contains(said, "gunicorn --token ***") {
		t.Error(said)
	}
	text, err := os.ReadFile(filepath.Join(env.Dir, config.Name))
	must(t, err)
	readAgain(t, string(text), []string{"sh", "-c", line})
	if !strings.Contains(string(text), "# It may hold secrets.") {
		t.Errorf("%s", text)
	}
}

// Not every variable is a secret: no advice is given where nothing looks like one.
func TestInitOfAPlainVariable(t *testing.T) {
	env, stdout, stderr := testEnv(t, nil)
	write(t, env.Dir, "Procfile", "web: RAILS_ENV=production PYTHONPATH=src gunicorn app:app\n")
	if code := Main(t.Context(), env, []string{"init"}); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	text, err := os.ReadFile(filepath.Join(env.Dir, config.Name))
	must(t, err)
	if said := stdout.String() + stderr.String() + string(text); strings.Contains(said, "secret") {
		t.Error(said)
	}
}

// Limits are a quarter above what was measured, round, and hold the run that they come from.
func TestLimitsOf(t *testing.T) {
	for run, want := range map[string][]string{
		"creeping": {"peak <= 132MB", "creep <= 3KB"},
		"withheld": {"peak <= 114MB", "creep <= 1KB"},
		"cores":    {"peak <= 38MB", "creep <= 1KB", "cpu <= 5.5ms"},
		"sweep":    {"peak <= 70MB", "creep <= 6KB"},
	} {
		m, err := calibrate.LoadFolder(filepath.Join(fixtures(t), "runs", run))
		if err != nil {
			t.Fatal(err)
		}
		got := limitsOf(m.Result)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", run, got, want)
		}
		for _, text := range got {
			limit, err := calibrate.ParseLimit(text)
			if err != nil {
				t.Errorf("%s: %v", run, err)
				continue
			}
			if v := max(*limit.Metric().Read(m.Result).Value, 0); *limit.Bound < 1.25*v || *limit.Bound > 1.4*v+1024 {
				t.Errorf("%s: %s of a measured %g", run, limit, v)
			}
		}
	}
}

// As long as nobody knows whether a worker creeps its peak is limited, of which a check can tell.
func TestLimitsOfAnUnsettledRun(t *testing.T) {
	for run, want := range map[string]string{"inconclusive": "peak", "flat": "worker"} {
		r, err := loadRun(Env{}, filepath.Join(fixtures(t), "runs", run))
		must(t, err)
		got := limitsOf(r)
		if len(got) == 0 || !strings.HasPrefix(got[0], want+" <= ") || strings.Contains(strings.Join(got[1:], ", "), "worker") {
			t.Errorf("%s: %q", run, got)
		}
	}
}

// A limit of CPU time holds for the machine that it was measured on: CI's is another.
func TestStarterLimits(t *testing.T) {
	text := starter{limits: []string{"worker <= 40MB", "creep <= 1KB", "cpu <= 5.5ms"}}.yaml()
	if !strings.Contains(text, "\n    - worker <= 40MB\n    - creep <= 1KB\n    # - cpu <= 5.5ms # on this machine") {
		t.Error(text)
	}
}

// What init measures, of an app that keeps nothing, is what the file then holds: calibrate run takes it from there.
func TestE2EInit(t *testing.T) {
	skipShort(t)
	t.Parallel()
	needServer(t, "gunicorn")
	folder := t.TempDir()
	app, err := os.ReadFile(filepath.Join(fixtures(t), "wsgi", "app.py"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, folder, "app.py", string(app))
	write(t, folder, "Procfile", "web: gunicorn --threads 4 app:app --bind 0.0.0.0:$PORT\n")
	s := startIn(t, folder, nil, "init", "--measure")
	s.endsWith(t, 0, 3*time.Minute)
	r := s.result(t)
	if r.Creep.Verdict == calibrate.Creeping || r.Recommendation.MaxRequests != 0 { // inconclusive beside busy neighbours
		t.Errorf("verdict %s, max-requests %d", r.Creep.Verdict, r.Recommendation.MaxRequests)
	}
	limited := "worker"
	if r.Creep.Unsettled() {
		limited = "peak"
	}
	text, err := os.ReadFile(filepath.Join(folder, config.Name))
	if err != nil || !strings.Contains(string(text), "\n    - "+limited+" <= ") || !strings.Contains(string(text), "\n    # - cpu <= ") {
		t.Fatalf("%v\n%s", err, text)
	}
	write(t, folder, config.Name, string(text)+"env: {SECRET_KEY: hunter2, CALIBRATE_KEEP_BYTES: 16384}\n")
	s = startIn(t, folder, nil, "run", "--profile", "quick", "--max-soak", "30s", "--verbose")
	if code := s.end(t, 2*time.Minute); code != 0 && code != int(calibrate.KindInconclusive) {
		t.Fatalf("exit code %d\n%s", code, s.stderr.String())
	}
	if !strings.Contains(s.stdout.String(), "config       calibrate.yaml, profile quick") {
		t.Error(s.stdout.String())
	}
	r = s.result(t)
	if c := r.Plan.Config; c == nil || c.Profile != "quick" || !c.Has("command") || !c.Has("quick") || !c.Has("env SECRET_KEY") || c.Has("max-soak") {
		t.Errorf("%+v", c)
	}
	if b := r.Creep.BytesPerRequest; r.Creep.Verdict == calibrate.Creeping && (*r.Creep.Low > 17000 || *r.Creep.High < 16384) || b == nil {
		t.Errorf("creep %+v: the app's environment is not the file's", r.Creep)
	}
	s = startIn(t, folder, nil, "prove", "--max-time", "10s")
	if code := s.end(t, 2*time.Minute); code == exitUsage || code == exitTool { // a run doesn't keep SECRET_KEY: it is taken from the file again
		t.Errorf("prove: exit code %d\n%s", code, s.stderr.String())
	}
	kept, err := os.ReadFile(filepath.Join(folder, ".calibrate", "runs", latestLink, calibrate.ResultFile))
	if err != nil || strings.Contains(string(kept)+s.stdout.String()+s.stderr.String(), "hunter2") {
		t.Error("a secret is kept", err)
	}
}
