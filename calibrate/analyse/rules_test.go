package analyse

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"testing"

	"workermem/calibrate"
)

// What the recorded runs come to, by which rules.
const (
	hashedRules = 8
	hashOfRuns  = "3cb10fffd61cf0bd"
)

// Whoever changes what the same journals come to raises calibrate.Rules, so that saved runs are read by the new ones and say so.
func TestRulesAreRaised(t *testing.T) {
	folders, err := filepath.Glob("../../fixtures/runs/*/result.json")
	if err != nil || len(folders) < 8 {
		t.Fatalf("%d runs, %v", len(folders), err)
	}
	sum := sha256.New()
	for _, file := range folders {
		r, err := Load(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []any{r.Worker, r.Load, r.Creep, r.Law, r.Concurrency, r.Recommendation, r.Candidates, r.Formulas, r.Sweep, r.Triage, r.Speed} {
			writeFigures(sum, reflect.ValueOf(part))
		}
		for _, w := range r.Warnings {
			fmt.Fprintln(sum, w.Code)
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil))[:16]; got != hashOfRuns || calibrate.Rules != hashedRules {
		t.Errorf("by rules %d the recorded runs come to %s; by rules %d they came to %s. "+
			"If the analysis has changed, raise calibrate.Rules; if the runs or the fields have, only this hash", calibrate.Rules, got, hashedRules, hashOfRuns)
	}
}

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
