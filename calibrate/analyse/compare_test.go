package analyse

import (
	"path/filepath"
	"testing"

	"workermem/calibrate"
)

// comparedOf is what a comparison keeps of a recorded run that was otherwise.
func comparedOf(t *testing.T, name string, change func(*calibrate.Result)) calibrate.OfVersion {
	t.Helper()
	m, err := calibrate.LoadFolder(filepath.Join("../../fixtures/runs", name))
	if err != nil {
		t.Fatal(err)
	}
	change(&m.Result)
	m.Result = Analyse(m)
	return OfVersion(m, calibrate.UsualDifferences(), name)
}

// Nothing is compared with a run that recommends nothing for its own sake. A budget, or creep that isn't known, is no such reason.
func TestOnlySoundRunsAreCompared(t *testing.T) {
	for _, tc := range []struct {
		name, run string
		change    func(*calibrate.Result)
		want      calibrate.WithheldKind
	}{
		{"sound", "flat", func(*calibrate.Result) {}, ""},
		{"creep isn't known", "inconclusive", func(*calibrate.Result) {}, ""},
		{"nothing fits", "nothing-fits", func(*calibrate.Result) {}, ""},
		{"partial", "partial", func(*calibrate.Result) {}, calibrate.WithheldPartial},
		{"errors", "withheld", func(*calibrate.Result) {}, calibrate.WithheldErrors},
		{"a guess", "flat", func(r *calibrate.Result) { r.Target.WorkerRule.Kind = calibrate.RuleGuess }, calibrate.WithheldGuess},
		{"several workers", "flat", func(r *calibrate.Result) { r.Worker.Workers = 2 }, calibrate.WithheldWorkers},
		{"a new worker", "flat", func(r *calibrate.Result) { r.Worker.Restarts = 1 }, calibrate.WithheldReplaced},
		{"few requests", "flat", func(r *calibrate.Result) {
			for i := range r.Phases {
				r.Phases[i].Requests, r.Phases[i].Succeeded = min(r.Phases[i].Requests, 5), min(r.Phases[i].Succeeded, 5)
			}
		}, calibrate.WithheldRequests},
		{"a login page", "flat", func(r *calibrate.Result) { r.Load.ToLogin, r.Load.LoginPage = r.Load.Requests, "/login" }, calibrate.WithheldLogin},
		{"redirects", "flat", func(r *calibrate.Result) {
			r.Load.Refusals = []calibrate.Refusal{{Kind: calibrate.RefusalHTTPS, Answers: r.Load.Requests, Requests: r.Load.Requests}}
		}, calibrate.WithheldRefused},
	} {
		of := comparedOf(t, tc.run, tc.change)
		switch {
		case tc.want == "" && (of.Withheld != nil || !of.Figures["peak"].Known()):
			t.Errorf("%s: %+v, %d figures", tc.name, of.Withheld, len(of.Figures))
		case tc.want != "" && (of.Withheld == nil || of.Withheld.Kind != tc.want || len(of.Figures) > 0):
			t.Errorf("%s: %+v, %d figures; want %s, and none", tc.name, of.Withheld, len(of.Figures), tc.want)
		}
	}
	full := calibrate.Result{Complete: true, Worker: calibrate.Worker{PeakRSSBytes: 1 << 20}, Recommendation: calibrate.Recommendation{Withheld: &calibrate.Withheld{Kind: calibrate.WithheldGrowth}}}
	if of := OfVersion(calibrate.Measured{Result: full}, nil, ""); of.Withheld != nil || !of.Figures["peak"].Known() {
		t.Errorf("the budget is soon full: %+v, %d figures", of.Withheld, len(of.Figures))
	}
}

// A run that can't tell whether memory creeps has all its figures, and says so.
func TestUnsettledRunsAreCompared(t *testing.T) {
	for run, want := range map[string]bool{"flat": false, "creeping": false, "inconclusive": true, "warming": true} {
		of := comparedOf(t, run, func(*calibrate.Result) {})
		if of.Unsettled != want || !of.Figures["worker"].Known() {
			t.Errorf("%s: unsettled %v, %d figures", run, of.Unsettled, len(of.Figures))
		}
	}
}

// A slow app's few requests are enough where both versions get the same, unless they failed. A saved run had others.
func TestFewRequestsAreCompared(t *testing.T) {
	few := func(succeeded int64, portions *calibrate.Portions) calibrate.OfVersion {
		return comparedOf(t, "flat", func(r *calibrate.Result) {
			r.Plan.Portions = portions
			for i := range r.Phases {
				r.Phases[i].Requests, r.Phases[i].Succeeded = min(r.Phases[i].Requests, 5), min(r.Phases[i].Succeeded, succeeded)
			}
		})
	}
	if of := few(5, &calibrate.Portions{}); of.Withheld != nil || !of.Figures["peak"].Known() {
		t.Errorf("in turn: %+v, %d figures", of.Withheld, len(of.Figures))
	}
	if of := few(1, &calibrate.Portions{}); of.Withheld == nil || of.Withheld.Kind != calibrate.WithheldErrors || len(of.Figures) > 0 {
		t.Errorf("in turn, and failed: %+v, %d figures", of.Withheld, len(of.Figures))
	}
	if of := few(5, nil); of.Withheld == nil || of.Withheld.Kind != calibrate.WithheldRequests || len(of.Figures) > 0 {
		t.Errorf("saved: %+v, %d figures", of.Withheld, len(of.Figures))
	}
}

// Requests that failed are told of a version, be they few; what the analysis has to say of its sizing is not.
func TestFailedRequestsAreTold(t *testing.T) {
	of := comparedOf(t, "inconclusive", func(r *calibrate.Result) {
		for i := range r.Phases {
			r.Phases[i].Succeeded -= r.Phases[i].Succeeded / 20
		}
	})
	if len(of.Warnings) != 1 || of.Warnings[0].Code != failedRequests || of.Withheld != nil {
		t.Errorf("%+v, %+v", of.Warnings, of.Withheld)
	}
	if of := comparedOf(t, "inconclusive", func(*calibrate.Result) {}); len(of.Warnings) > 0 {
		t.Errorf("%+v", of.Warnings)
	}
}
