package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"workermem/calibrate"
)

// actionFile is GitHub's action, which runs a gate and keeps its report.
const actionFile = "../../.github/actions/calibrate/action.yml"

type action struct {
	Inputs  map[string]map[string]string
	Outputs map[string]map[string]string
	Runs    struct {
		Using string
		Steps []actionStep
	}
}

type actionStep struct {
	Name, ID, If, Shell, Run, Uses string
	Dir                            string `yaml:"working-directory"`
	GoesOn                         bool   `yaml:"continue-on-error"`
	Env, With                      map[string]string
}

func readAction(t *testing.T) (text []byte, a action) {
	t.Helper()
	text, err := os.ReadFile(actionFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &a); err != nil || len(a.Runs.Steps) < 3 {
		t.Fatalf("%d steps, %v", len(a.Runs.Steps), err)
	}
	return text, a
}

// step is the action's one that has this name.
func (a action) step(t *testing.T, name string) actionStep {
	t.Helper()
	for _, s := range a.Runs.Steps {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("the action has no step %q", name)
	return actionStep{}
}

// What is given to the action is no part of its scripts, it asks for no token, and what it uses is pinned.
func TestActionIsSafe(t *testing.T) {
	text, a := readAction(t)
	for _, s := range a.Runs.Steps {
		if strings.Contains(s.Run, "${{") || s.Run != "" && s.Shell != "bash" {
			t.Errorf("%s: an expression in a script, or no bash", s.Name)
		}
		if _, at, has := strings.Cut(s.Uses, "@"); has && len(at) != len("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f") {
			t.Errorf("%s is not pinned by a commit", s.Uses)
		}
	}
	if strings.Contains(string(text), "token") || strings.Contains(string(text), "secrets.") || a.Runs.Using != "composite" {
		t.Errorf("a token in an action that measures:\n%s", text)
	}
}

// latestActed is the run that is there before the action runs.
const latestActed = "20261129-071706-f0d7"

// acted is what the action's steps came to, run by bash as GitHub's runner runs them.
type acted struct {
	outputs map[string]string
	code    int // of the last step
	log     string
	temp    string
}

func act(t *testing.T, inputs map[string]string) acted {
	t.Helper()
	_, a := readAction(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	calibrate := filepath.Join(temp, "calibrate")
	if err := os.Symlink(self, calibrate); err != nil { // the test binary is calibrate under that name
		t.Fatal(err)
	}
	latest := filepath.Join(temp, ".calibrate", "runs", latestActed)
	if err := os.CopyFS(latest, os.DirFS(filepath.Join(fixtures(t), "runs", "creeping"))); err != nil {
		t.Fatal(err)
	}
	given := map[string]string{"binary": calibrate}
	for name, input := range a.Inputs {
		if given[name] == "" {
			given[name] = input["default"]
		}
	}
	for name, value := range inputs {
		given[name] = value
	}
	output, summary := filepath.Join(temp, "output"), filepath.Join(temp, "summary")
	must(t, os.WriteFile(output, nil, 0o644)) // as the runner makes them
	must(t, os.WriteFile(summary, nil, 0o644))
	done := acted{outputs: map[string]string{}, temp: temp}
	for _, name := range []string{"Measure and judge", "Verdict"} {
		s := a.step(t, name)
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
		cmd.Dir = temp
		cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=true", "RUNNER_TEMP="+temp, outputVariable+"="+output, summaryVariable+"="+summary)
		for variable, expression := range s.Env {
			value := strings.TrimSuffix(strings.TrimPrefix(expression, "${{ "), " }}")
			if input, is := strings.CutPrefix(value, "inputs."); is {
				value = given[input]
			} else {
				value = done.outputs[strings.TrimPrefix(value, "steps.run.outputs.")]
			}
			cmd.Env = append(cmd.Env, variable+"="+value)
		}
		log, _ := cmd.CombinedOutput()
		done.log, done.code = done.log+string(log), cmd.ProcessState.ExitCode()
		written, _ := os.ReadFile(output)
		for line := range strings.Lines(string(written)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			done.outputs[name] = value
		}
	}
	return done
}

// The exit code is calibrate's, and a word; the report of a check is kept whatever it is, but that of a wrong command line.
func TestActionRuns(t *testing.T) {
	flat, err := filepath.Abs(filepath.Join(fixtures(t), "runs", "flat"))
	must(t, err)
	for name, tc := range map[string]struct {
		command, args string
		code          int
		result        string
	}{
		"holds":        {"check", "--limit 'peak <= 200MB'", 0, "ok"},
		"exceeded":     {"check", `--limit "peak <= 1MB"`, 10, "limit"},
		"inconclusive": {"check", `--limit 'cpu <= 1ms'`, 4, "inconclusive"},
		"does not fit": {"check", "--workers 64 --memory 512M", 5, "unfit"},
		"two runs":     {"compare", "latest '" + flat + "' --limit 'peak <= +5%'", 0, "ok"},
		"one run":      {"compare", latestActed + " latest --limit 'peak <= +5%'", 2, "failed"},
		"empty names":  {"check", "--limit 'peak <= 200MB' --baseline ''", 2, "failed"},
		"wrong usage":  {"check", "--limit 'wroker <= 1MB'", 2, "failed"},
		"no command":   {"chekc", "", 2, "failed"},
		"expansion":    {"check", "--limit 'peak <= 200MB' '$(touch pwned)' ; touch pwned `touch pwned`", 2, "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			done := act(t, map[string]string{"command": tc.command, "args": tc.args})
			if done.code != tc.code || done.outputs["result"] != tc.result {
				t.Errorf("exit code %d, %v\n%s", done.code, done.outputs, done.log)
			}
			_, err := os.Stat(filepath.Join(done.temp, "calibrate-report", "result.json"))
			if kept := err == nil; kept != (tc.command == "check" && tc.code != 2) || kept != (done.outputs["report"] != "") {
				t.Errorf("report kept: %v, %v", kept, done.outputs)
			}
			if _, err := os.Stat(filepath.Join(done.temp, "pwned")); err == nil {
				t.Error("the arguments were run")
			}
		})
	}
	for args, code := range map[string]int{"--limit 'cpu <= 1ms'": 0, "--limit 'peak <= 1MB'": 10} {
		if done := act(t, map[string]string{"args": args, "inconclusive": "warn"}); done.code != code || code == 0 && (done.outputs["result"] != "inconclusive" || !strings.Contains(done.log, "::warning")) {
			t.Errorf("%s, if no verdict is no failure: exit code %d, %v\n%s", args, done.code, done.outputs, done.log)
		}
	}
	if done := act(t, map[string]string{"args": "--limit 'peak"}); done.code == 0 {
		t.Errorf("a quote that doesn't end: %v\n%s", done.outputs, done.log)
	}
}

// kept is the id of the run that the action keeps, "" for none.
func (a acted) kept(t *testing.T) string {
	t.Helper()
	folder := a.outputs["report"]
	if folder == "" {
		return ""
	}
	r, err := loadRun(Env{}, filepath.Join(folder, calibrate.ResultFile))
	must(t, err)
	return r.ID
}

// What is kept is the run that was judged, and not the latest.
func TestActionKeepsWhatWasJudged(t *testing.T) {
	flat, err := loadRun(Env{}, filepath.Join(fixtures(t), "runs", "flat"))
	must(t, err)
	path, err := filepath.Abs(filepath.Join(fixtures(t), "runs", "flat"))
	must(t, err)
	for args, want := range map[string]string{
		"--limit 'peak <= 1GB'":                  latestActed,
		"--limit 'peak <= 1GB' '" + path + "'":   flat.ID,
		"--limit 'peak <= 1MB' '" + path + "'":   flat.ID,
		"--limit 'peak <= 1GB' --no-ci":          "",
		"--limit 'peak <= 1GB' '" + path + "/x'": "",
	} {
		if done := act(t, map[string]string{"args": args}); done.kept(t) != want {
			t.Errorf("%s: it keeps %q, want %q\n%s", args, done.kept(t), want, done.log)
		}
	}
}

// TestE2EActionOfNoApp has an app that doesn't start, beside a run of another.
func TestE2EActionOfNoApp(t *testing.T) {
	skipShort(t)
	t.Parallel()
	done := act(t, map[string]string{"args": "--limit 'peak <= 1GB' -- false {port}"})
	if done.code != int(calibrate.KindApp) || done.outputs["result"] != "failed" || done.outputs["run"] == "" || done.kept(t) != filepath.Base(done.outputs["run"]) {
		t.Errorf("exit code %d, %v, it keeps %q\n%s", done.code, done.outputs, done.kept(t), done.log)
	}
}

// A name that another job's artifact has is refused, which is no verdict.
func TestActionsArtifactIsNoVerdict(t *testing.T) {
	_, a := readAction(t)
	for _, s := range a.Runs.Steps {
		if uploads := strings.HasPrefix(s.Uses, "actions/upload-artifact@"); uploads != s.GoesOn {
			t.Errorf("%s: goes on after an error: %v", s.Name, s.GoesOn)
		}
	}
	if !a.step(t, "Keep the report").GoesOn {
		t.Error("no step uploads")
	}
}
