package analyse

import (
	"slices"
	"testing"

	"workermem/calibrate"
)

// Threads that start a process each: 86 MB with one of them, 309 with four, 1016 with sixteen. The line through the first and the last
// has 272 for four; what is seen of four is in the law, and of others in proportion.
func TestRaises(t *testing.T) {
	const mib = calibrate.MiB
	law := calibrate.Law{WorkerBytes: 24 * mib, ThreadBytes: 62 * mib}
	run := func(workers, threads int, seen int64) calibrate.LawRun {
		return calibrate.LawRun{Workers: workers, Threads: threads, MeasuredBytes: seen * mib}
	}
	for name, c := range map[string]struct {
		runs []calibrate.LawRun
		want []calibrate.Raise
	}{
		"none":                         {nil, nil},
		"less than the law":            {[]calibrate.LawRun{run(1, 16, 900), run(2, 4, 500)}, nil},
		"noise":                        {[]calibrate.LawRun{run(1, 4, 274)}, nil},
		"between":                      {[]calibrate.LawRun{run(1, 16, 1016), run(1, 4, 309)}, []calibrate.Raise{{Threads: 1}, {Threads: 4, Bytes: 37 * mib}, {Threads: 16}}},
		"by each of two workers":       {[]calibrate.LawRun{run(1, 16, 1016), run(2, 4, 618)}, []calibrate.Raise{{Threads: 1}, {Threads: 4, Bytes: 37 * mib}, {Threads: 16}}},
		"never cheaper with more":      {[]calibrate.LawRun{run(1, 4, 400), run(1, 5, 330)}, []calibrate.Raise{{Threads: 1}, {Threads: 4, Bytes: 128 * mib}, {Threads: 5, Bytes: 66 * mib}}},
		"of more workers, as measured": {[]calibrate.LawRun{run(5, 1, 480)}, []calibrate.Raise{{Threads: 1, Bytes: 10 * mib}}},
	} {
		law.Runs = c.runs
		if got := raises(law, calibrate.Result{}, 1); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// The kernel's charge is the truth where it is known, creep apart.
func TestRaiseIsOfTheCharge(t *testing.T) {
	const mib = calibrate.MiB
	law := calibrate.Law{WorkerBytes: 100 * mib}
	run := calibrate.LawRun{Workers: 2, Threads: 1, MeasuredBytes: 300 * mib, PeakHeldBytes: 200 * mib, Books: &calibrate.Books{FileBytes: 10 * mib}}
	if got := raiseOf(law, calibrate.Result{}, run); got != 5*mib {
		t.Errorf("%d, want 5 MB each", got/mib)
	}
}
