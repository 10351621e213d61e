package analyse

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"workermem/calibrate"
)

// What the recorded runs come to, by which rules.
const (
	hashedRules = 11
	hashOfRuns  = "9da55e75a56991fd"
)

// And the figures of their metrics, by what those rest on.
var hashesOfMetrics = map[calibrate.Ground]struct {
	rules int
	hash  string
}{
	calibrate.GroundMemory:  {8, "a9399f7625249be5"},
	calibrate.GroundCPU:     {10, "ceabf172b97c5beb"},
	calibrate.GroundTimes:   {0, "2cc1967566b3d922"},
	calibrate.GroundServed:  {11, "552a5430409015a9"},
	calibrate.GroundErrors:  {0, "8c22b38cdde86c41"},
	calibrate.GroundAnswers: {11, "6909edc00f2ee62e"},
}

// Whoever changes what the same journals come to raises calibrate.Rules, so that saved runs are read by the new ones and say so.
func TestRulesAreRaised(t *testing.T) {
	sum := sha256.New()
	for _, r := range recordedRuns(t) {
		for _, part := range []any{r.Worker, r.Load, r.Creep, r.Law, r.Concurrency, r.Recommendation, r.Candidates, r.Formulas, r.Sweep, r.Triage, r.Speed} {
			writeFigures(sum, reflect.ValueOf(part))
		}
		for _, w := range r.Warnings {
			fmt.Fprintln(sum, w.Code)
		}
	}
	if got := shortSum(sum); got != hashOfRuns || calibrate.Rules != hashedRules {
		t.Errorf("by rules %d the recorded runs come to %s; by rules %d they came to %s. "+
			"If the analysis has changed, raise calibrate.Rules; if the runs or the fields have, only this hash", calibrate.Rules, got, hashedRules, hashOfRuns)
	}
}

// Whoever changes how a metric's figure is got raises the rules of its ground, so that no baseline of before is held against it;
// and of no other ground, so that baselines last.
func TestRulesOfGroundsAreRaised(t *testing.T) {
	sums := map[calibrate.Ground]hash.Hash{}
	for _, r := range recordedRuns(t) {
		for _, m := range slices.Concat(calibrate.Metrics(), calibrate.UsualChanges().Metrics()) {
			if sums[m.Rests()] == nil {
				sums[m.Rests()] = sha256.New()
			}
			fmt.Fprintln(sums[m.Rests()], m.Name)
			writeFigures(sums[m.Rests()], reflect.ValueOf(m.Read(r)))
		}
	}
	for ground, sum := range sums {
		if got, was := shortSum(sum), hashesOfMetrics[ground]; got != was.hash || calibrate.RulesOf(ground) != was.rules {
			t.Errorf("metrics of %s come to %s by rules %d; by rules %d they came to %s. If how they are got has changed, raise the "+
				"rules of this ground to calibrate.Rules; if the runs or the register have, only this hash",
				ground, got, calibrate.RulesOf(ground), was.rules, was.hash)
		}
	}
	if len(sums) != len(hashesOfMetrics) {
		t.Errorf("metrics rest on %d grounds, of %d", len(sums), len(hashesOfMetrics))
	}
}

// recordedRuns are those of fixtures/runs.
func recordedRuns(t *testing.T) (all []calibrate.Result) {
	t.Helper()
	files, err := filepath.Glob("../../fixtures/runs/*/result.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d runs, %v", len(files), err)
	}
	for _, file := range files {
		r, err := Load(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func shortSum(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil))[:16] }

// writeFigures writes what isn't zero, without names: a key that is renamed is no other figure. Six digits are the same on every
// processor.
func writeFigures(to io.Writer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			writeFigures(to, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			writeFigures(to, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			writeFigures(to, v.Field(i))
		}
	case reflect.Float64:
		if !v.IsZero() {
			fmt.Fprintf(to, "%.6g\n", v.Float())
		}
	default:
		if !v.IsZero() {
			fmt.Fprintln(to, v)
		}
	}
}
