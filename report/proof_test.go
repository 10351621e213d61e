package report

import (
	"strings"
	"testing"

	"workermem/calibrate"
)

func proofOf(t *testing.T, r calibrate.Result) string {
	return drawn(t, Proof(r), "text", Options{Verbose: true})
}

func TestProofGolden(t *testing.T) {
	golden(t, "proof-alone.md", drawn(t, Proof(recorded(t)["proof"]), "markdown", Options{}))
	golden(t, "proof-alone.txt", proofOf(t, recorded(t)["proof"]))
	golden(t, "proof-alone-short.txt", drawn(t, Proof(recorded(t)["proof"]), "text", Options{}))
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

// A proof whose workers served less than the measured one says so, and what may still come.
func TestProofOfYoungWorkers(t *testing.T) {
	r := recorded(t)["proof"]
	proof := *r.Proof
	one := proof.Trials[0]
	one.Workers, one.Requests, one.ExpectedBytes, one.ObservedBytes, one.YoungBytes = 5, 30_065, 511*mb, 434*mb, 62*mb
	proof.Trials, proof.Reason = []calibrate.Trial{one}, calibrate.ProofNear
	r.Proof, r.Worker.Requests = &proof, 73_285
	one.RatePerSecond, r.Load.RateSent = 777, 971
	slow := one
	slow.ObservedBytes = 376 * mb
	flat := func() string { return strings.Join(strings.Fields(proofOf(t, r)), " ") }
	got := flat()
	proof.Trials[0] = slow
	if want := "slower each worker served 155/s, the measured one 971/s"; strings.Contains(got, "slower") || !strings.Contains(flat(), want) {
		t.Errorf("no %q where too little was taken in\n%s", want, flat())
	}
	for _, want := range []string{
		"449 MB to 511 MB expected for the requests served, 434 MB observed (-2.9 %)",
		"heaps each worker had 6 013 of the 73 285 requests that the measured one had, and may still grow: 62 MB of what is expected comes only with more of them, if at all",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
