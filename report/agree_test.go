package report

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/server"
)

// What a page says agrees with itself.

var duration = regexp.MustCompile(`--duration [0-9]+[smh]`)

// A page has one advice on how long to measure.
func TestOneDurationToTry(t *testing.T) {
	for name, r := range recorded(t) {
		first := ""
		for _, found := range duration.FindAllString(strings.Join(strings.Fields(markdownOf(t, r)), " "), -1) {
			if first == "" {
				first = found
			}
			if found != first {
				t.Errorf("%s: %q, and %q", name, first, found)
			}
		}
	}
}

// What emit refuses to write is not there to be pasted.
func TestNothingToPasteThatEmitRefuses(t *testing.T) {
	for name, r := range recorded(t) {
		err := Emit(&bytes.Buffer{}, r, "env", server.Known())
		if typed := strings.Contains(textOf(t, r, Options{}), "\ntype:  "); err != nil && typed {
			t.Errorf("%s: there is a line to paste, and emit says: %v", name, err)
		}
	}
}

// A run that recommends nothing is told so whatever server it measured; another --for wouldn't help.
func TestEmitOfNothing(t *testing.T) {
	r := recorded(t)["withheld"]
	r.Target.Server = calibrate.OtherServer
	for kind, want := range map[string]calibrate.Kind{"": calibrate.KindInconclusive, "docker": calibrate.KindInconclusive, "nonsense": calibrate.KindUsage} {
		var failure *calibrate.Failure
		if err := Emit(&bytes.Buffer{}, r, kind, server.Known()); !errors.As(err, &failure) || failure.Kind != want {
			t.Errorf("--for %q: %v, want a failure of kind %v", kind, err, want)
		}
	}
}

// An interval that leaves zero out says that memory grows, and why that is no matter.
func TestFlatThatGrows(t *testing.T) {
	r := recorded(t)["flat"]
	bounds := func(low, slope, high float64) calibrate.Result {
		r.Creep.Low, r.Creep.BytesPerRequest, r.Creep.High = &low, &slope, &high
		return analyse.Resized(r)
	}
	grows := bounds(40, 60, 80)
	says(t, "verdict", verdictOf(grows), "flat: memory grows by at most 80 B a request, which does not matter here: 10 000 requests add at most 0.76 MB to a worker of 90.2 MB")
	page := textOf(t, grows, Options{})
	for _, wrong := range []string{"does not grow", "No creep found"} {
		if strings.Contains(page, wrong) {
			t.Errorf("%q of memory that grows:\n%s", wrong, page)
		}
	}
	if text := emitted(t, grows, ""); strings.Contains(text, "no creep was found") || !strings.Contains(text, "grows too little to matter") {
		t.Error(text)
	}
	says(t, "none", verdictOf(bounds(-20, 1, 40)), "flat: memory does not grow with requests")
	says(t, "falls", verdictOf(bounds(-60, -40, -20)), "flat: memory does not grow with requests; it fell")
}

// A worker that grew and still settles is not shown a slope below zero.
func TestNoNegativeSlopeOfWhatGrew(t *testing.T) {
	r := recorded(t)["warming"]
	if *r.Creep.BytesPerRequest >= 0 || r.Worker.PeakRSSBytes < 2*r.Worker.IdleRSSBytes {
		t.Fatalf("the fixture has %v B a request", *r.Creep.BytesPerRequest)
	}
	says(t, "slope", slopeOf(r.Creep), "-137 to 53 KB a request (95 % interval): where between them is not known yet")
}

// Who replaces no worker is told of no replacement.
func TestTrialWithoutReplacement(t *testing.T) {
	trial := calibrate.Trial{Creep: &calibrate.CreepSeen{Verdict: calibrate.Flat}}
	for recycles, want := range map[int]string{0: "flat, 0 B a request (95 % interval 0 to 0 B)", 2: "flat, 0 B a request (95 % interval 0 to 0 B), before the first worker was replaced"} {
		trial.Recycles = recycles
		says(t, "creep", trialCreep(trial), want)
	}
	says(t, "unknown", trialCreep(calibrate.Trial{}), "unknown: too little was served to tell")
}
