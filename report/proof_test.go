package report

import (
	"strings"
	"testing"

	"workermem/calibrate"
)

func proofOf(t *testing.T, r calibrate.Result) string { return drawn(t, Proof(r), "text", Options{}) }

func TestProofGolden(t *testing.T) {
	golden(t, "proof-alone.md", drawn(t, Proof(recorded(t)["proof"]), "markdown", Options{}))
	golden(t, "proof-alone.txt", proofOf(t, recorded(t)["proof"]))
}

// Every way for a proof to end has its headline, and none but the one that holds says that something is proved.
func TestProofVerdicts(t *testing.T) {
	for verdict, want := range map[calibrate.ProofVerdict]string{
		calibrate.ProofHolds: "PROVED ", calibrate.ProofOff: "OFF ", calibrate.ProofKilled: "KILLED FOR MEMORY ",
		calibrate.ProofOverLimit: "OVER ITS LIMIT ", calibrate.ProofInconclusive: "NOT PROVED ",
	} {
		r := recorded(t)["proof"]
		proof := *r.Proof
		proof.Verdict = verdict
		r.Proof = &proof
		if got := strings.Split(proofOf(t, r), "\n")[1]; !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", verdict, got)
		}
	}
	r := recorded(t)["proof"]
	r.Proof = &calibrate.Proof{Verdict: calibrate.ProofInconclusive, Interrupted: &calibrate.Interruption{Words: "Ctrl-C"}, Trials: []calibrate.Trial{}}
	if got := proofOf(t, r); !strings.Contains(got, "NOT PROVED") || !strings.Contains(got, "by: Ctrl-C") {
		t.Error(got)
	}
}
