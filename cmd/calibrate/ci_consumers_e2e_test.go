package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// consumer is a program that reads one of the formats of others (fixtures/consumers).
func consumer(t *testing.T, name string) string {
	t.Helper()
	skipShort(t)
	return needServer(t, "../consumers/bin/"+name)
}

// written is a recorded run in a format, as a file.
func written(t *testing.T, run, format string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), format)
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	env, _, stderr := inCI(t, nil)
	env.Stdout = file
	if code := Main(context.Background(), env, []string{"report", filepath.Join(fixtures(t), "runs", run), "--format", format, "--app", "shop"}); code != 0 {
		t.Fatalf("%d: %s", code, stderr)
	}
	return path
}

func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// readBy is what fixtures/consumers/read.py, by the library of that format, makes of files.
func readBy[T any](t *testing.T, format string, files ...string) (read T) {
	t.Helper()
	out := output(t, consumer(t, "python"), append([]string{filepath.Join(fixtures(t), "consumers", "read.py"), format}, files...)...)
	if err := json.Unmarshal([]byte(out), &read); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return read
}

// readOne is what it makes of one file.
func readOne[T any](t *testing.T, format, file string) T {
	t.Helper()
	return readBy[map[string]T](t, format, file)[file]
}

// benchstat shows bytes in Mi, and which way is better; a line that it can't read it complains of with its file and number.
func TestE2EBenchstatReads(t *testing.T) {
	t.Parallel()
	benchstat := consumer(t, "benchstat")
	base, head := written(t, "flat", "benchfmt"), written(t, "creeping", "benchfmt")
	out := output(t, benchstat, "base="+base, "head="+head)
	for _, want := range []string{"worker-B", "91.00Mi", "168.00Mi", "after-10k-B", "Calibrate/app=shop/threads=4", "rps", "server: gunicorn"} {
		if !strings.Contains(out, want) {
			t.Errorf("it lacks %s:\n%s", want, out)
		}
	}
	if strings.Contains(out, "benchfmt:") {
		t.Errorf("a line was not understood:\n%s", out)
	}
}

// prometheus_client's parser is that of the specification: of order, units, and the end.
func TestE2EOpenMetricsParserReads(t *testing.T) {
	t.Parallel()
	type sample struct {
		Name, Type, Unit, Help string
		Value                  float64
		Labels                 map[string]string
	}
	samples := readOne[[]sample](t, "openmetrics", written(t, "creeping", "openmetrics"))
	units := map[string]string{}
	for _, s := range samples {
		units[s.Name] = s.Unit
		if s.Type != "gauge" || s.Help == "" || len(s.Labels) != 1 || s.Labels["app"] != "shop" {
			t.Errorf("%+v", s)
		}
	}
	if len(units) != len(samples) || units["calibrate_worker_bytes"] != "bytes" || units["calibrate_creep_bytes_per_request"] != "bytes_per_request" {
		t.Errorf("%v", units)
	}
}

func TestE2EJUnitParserReads(t *testing.T) {
	t.Parallel()
	type result struct{ Kind, Type, Message, Text string }
	type junitCase struct {
		Suite, Class, Name string
		Results            []result
	}
	for run, kind := range map[string]string{"creeping": "", "nothing-fits": "failure", "partial": "error", "inconclusive": "skipped"} {
		cases := readOne[[]junitCase](t, "junit", written(t, run, "junit"))
		if len(cases) != 1 || cases[0].Class != "calibrate.shop" || cases[0].Suite != "calibrate.shop" || (len(cases[0].Results) == 0) != (kind == "") {
			t.Fatalf("%s: %+v", run, cases)
		}
		for _, r := range cases[0].Results {
			if r.Kind != kind || r.Message == "" || r.Text != r.Message {
				t.Errorf("%s: %+v", run, r)
			}
		}
	}
}

// Bencher's schema, and that its figures are the run's.
func TestE2EBencherSchemaHolds(t *testing.T) {
	t.Parallel()
	for _, run := range []string{"creeping", "flat", "partial", "attach-time"} {
		file := written(t, run, "bmf")
		all := readBy[map[string]map[string]map[string]map[string]float64](t, "valid", filepath.Join(fixtures(t), "consumers", "bmf.json"), file)[file]
		if len(all) != 1 {
			t.Errorf("%s: %v", run, all)
		}
		if peak := all["shop"]["peak-bytes"]["value"]; run == "creeping" && peak != 110329856 {
			t.Errorf("peak is %v", peak)
		}
	}
}

// ownAction is how the manual names the action, which nobody but its publisher knows.
const ownAction = "OWNER/calibrate/.github/actions/calibrate@COMMIT"

// actionlint reads every workflow of the manual, with the inputs that the action takes; and the steps of the action itself, as
// those of a workflow with the same inputs.
func TestE2EActionlintReads(t *testing.T) {
	t.Parallel()
	actionlint := consumer(t, "actionlint")
	text, a := readAction(t)
	workflows := map[string]string{"action.yml": asWorkflow(t, a)}
	for _, b := range blocks(t) {
		if b.language == "yaml" && strings.Contains(b.text, "\njobs:") {
			workflows[strconv.Itoa(len(workflows))+".yml"] = strings.ReplaceAll(b.text, ownAction, "./.github/actions/calibrate")
		}
	}
	if len(workflows) < 3 {
		t.Fatalf("the manual shows %d workflows", len(workflows)-1)
	}
	if out, err := linted(t, actionlint, text, workflows); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for name, broken := range workflows { // it would have complained
		if name == "action.yml" {
			continue
		}
		out, err := linted(t, actionlint, text, map[string]string{name: strings.Replace(broken, "args:", "arsg:", 1)})
		if err == nil || !strings.Contains(out, "arsg") {
			t.Errorf("an input that the action doesn't have: %v\n%s", err, out)
		}
	}
}

// The action builds calibrate from the checkout that it is in itself, wherever the workflow is.
func TestE2EActionBuilds(t *testing.T) {
	skipShort(t)
	t.Parallel()
	_, a := readAction(t)
	path, err := filepath.Abs(filepath.Dir(actionFile))
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	cmd := exec.Command("bash", "-eo", "pipefail", "-c", a.step(t, "Build calibrate").Run)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "GITHUB_ACTION_PATH="+path, "RUNNER_TEMP="+temp)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out := output(t, filepath.Join(temp, "calibrate-bin", "calibrate"), "check", "--help"); !strings.Contains(out, "--no-ci") {
		t.Error(out)
	}
}

// linted is what actionlint says of a repository with these workflows and the action.
func linted(t *testing.T, actionlint string, action []byte, workflows map[string]string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{".git/HEAD": "", ".github/actions/calibrate/action.yml": string(action)}
	for name, text := range workflows {
		files[".github/workflows/"+name] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(actionlint, "-no-color")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// asWorkflow is a workflow with the action's inputs, outputs and steps.
func asWorkflow(t *testing.T, a action) string {
	t.Helper()
	inputs := map[string]any{}
	for name, input := range a.Inputs {
		inputs[name] = map[string]string{"type": "string", "default": input["default"]}
	}
	outputs := map[string]string{}
	for name, output := range a.Outputs {
		outputs[name] = output["value"]
	}
	var steps []map[string]any
	for _, s := range a.Runs.Steps {
		step := map[string]any{"name": s.Name, "continue-on-error": s.GoesOn}
		for key, value := range map[string]string{"id": s.ID, "if": s.If, "shell": s.Shell, "run": s.Run, "uses": s.Uses, "working-directory": s.Dir} {
			if value != "" {
				step[key] = value
			}
		}
		for key, value := range map[string]map[string]string{"env": s.Env, "with": s.With} {
			if value != nil {
				step[key] = value
			}
		}
		steps = append(steps, step)
	}
	text, err := yaml.Marshal(map[string]any{
		"on":   map[string]any{"workflow_call": map[string]any{"inputs": inputs}},
		"jobs": map[string]any{"action": map[string]any{"runs-on": "ubuntu-latest", "outputs": outputs, "steps": steps}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The manual's other YAML can be read, too; the files that GitLab's job names are those that are written.
func TestGuideYAML(t *testing.T) {
	gitlab := 0
	for _, b := range blocks(t) {
		if b.language != "yaml" {
			continue
		}
		var read any
		if err := yaml.Unmarshal([]byte(b.text), &read); err != nil {
			t.Errorf("%s: %v\n%s", b.path, err, b.text)
		}
		top, _ := read.(map[string]any)
		job, _ := top["calibrate"].(map[string]any)
		if job == nil {
			continue
		}
		gitlab++
		artifacts, _ := job["artifacts"].(map[string]any)
		reports, _ := artifacts["reports"].(map[string]any)
		if reports["junit"] != junitFile || reports["metrics"] != metricsFile || artifacts["when"] != "always" {
			t.Errorf("%v", job)
		}
		for _, line := range job["script"].([]any) {
			if err := parses(strings.Fields(line.(string))[1:]); err != nil {
				t.Errorf("%v: %v", line, err)
			}
		}
	}
	if gitlab != 1 {
		t.Errorf("%d jobs for GitLab", gitlab)
	}
}
