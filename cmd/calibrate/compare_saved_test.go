package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"workermem/calibrate"
)

// What is silenced is in the comparison, which its page goes by.
func TestCompareSilenced(t *testing.T) {
	flat, creeping := filepath.Join(fixtures(t), "runs", "flat"), filepath.Join(fixtures(t), "runs", "creeping")
	for config, flags := range map[string][]string{"command: gunicorn app:app\n": {"--silence", "paused"}, "silence: [paused]\n": nil} {
		env, stdout, stderr := testEnv(t, nil)
		write(t, env.Dir, "calibrate.yaml", config)
		if code := Main(t.Context(), env, append([]string{"compare", "--json", "--limit", "peak <= +1GB", flat, creeping}, flags...)); code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		var c calibrate.Comparison
		must(t, json.Unmarshal([]byte(stdout.String()), &c))
		if !slices.Equal(c.Silenced, []string{"paused"}) {
			t.Errorf("%q, %q: %q is silenced", config, flags, c.Silenced)
		}
	}
}

// Of a run without its samples nobody knows when memory had settled, so no part that rests on that is told.
func TestCompareWithoutSamples(t *testing.T) {
	runs := filepath.Join(fixtures(t), "runs")
	alone := filepath.Join(t.TempDir(), calibrate.ResultFile)
	text, err := os.ReadFile(filepath.Join(runs, "flat", calibrate.ResultFile))
	must(t, err)
	must(t, os.WriteFile(alone, text, 0o600))
	for base, whole := range map[string]bool{filepath.Join(runs, "flat"): true, alone: false} {
		env, stdout, stderr := testEnv(t, nil)
		if code := Main(t.Context(), env, []string{"compare", "--json", "--limit", "peak <= +1GB", base, filepath.Join(runs, "creeping")}); code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		var c calibrate.Comparison
		must(t, json.Unmarshal([]byte(stdout.String()), &c))
		if at := c.Pairs[0].Base.PlateauRequests; (at != nil) != whole || whole && *at <= 0 {
			t.Errorf("%s: the plateau was read at %v requests", base, at)
		}
		for _, name := range []calibrate.PartName{calibrate.PartSettled, calibrate.PartWorkingSet} {
			if told := slices.ContainsFunc(c.Parts, func(p calibrate.Part) bool { return p.Name == name }); told != whole {
				t.Errorf("%s: %s is told: %v", base, name, told)
			}
		}
		if !slices.ContainsFunc(c.Parts, func(p calibrate.Part) bool { return p.Name == calibrate.PartIdle }) {
			t.Errorf("%s: nothing is told of %s", base, calibrate.PartIdle)
		}
	}
}
