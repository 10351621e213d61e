package report

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/say"
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

// figures are those of a row of a table.
func figures(t *testing.T, page, row string) []float64 {
	t.Helper()
	var all []float64
	for line := range strings.Lines(page) {
		if rest, found := strings.CutPrefix(line, " "+row+" "); found {
			for _, field := range strings.Fields(rest) {
				value, err := strconv.ParseFloat(field, 64)
				if err != nil && field != "-" {
					t.Fatalf("%q: %v", line, err)
				}
				all = append(all, value)
			}
		}
	}
	return all
}

// At any width the parts of the books come to their sum: what has no room is a moment, never a part.
func TestBooksAddUpAtAnyWidth(t *testing.T) {
	r := recorded(t)["flat"]
	for i, moment := range []string{calibrate.PhaseIdle, calibrate.PhaseCapacity, calibrate.PhasePeak, calibrate.PhaseScale, calibrate.PhaseScale, calibrate.PhaseScale} {
		b := calibrate.Balance{Moment: moment, Workers: 1 + i, Threads: 4, WorkersBytes: 30 * mb, ChildrenBytes: 20 * mb, RestBytes: 10 * mb, UnmappedBytes: 5 * mb,
			KernelBytes: 2 * mb, FileBytes: 8 * mb, LeftBytes: 3 * mb, PeakBytes: 80 * mb, LawBytes: 81 * mb, ReadBytes: 78 * mb}
		r.Books = append(r.Books, b)
	}
	for _, width := range []int{40, 80, 200} {
		page := textOf(t, r, Options{Width: width})
		together := figures(t, page, "together")
		sums := make([]float64, len(together))
		for _, part := range []string{"workers", "their children", "master, front", "in no process", "kernel", "files", "left over"} {
			for i, value := range figures(t, page[strings.Index(page, "Where the memory is"):strings.Index(page, "Creep:")], part) {
				sums[i] += value
			}
		}
		if len(together) == 0 || width == 200 && len(together) != 6 || !slices.Equal(sums, together) {
			t.Errorf("%d columns: the parts come to %v, together are %v:\n%s", width, sums, together, page)
		}
	}
}

// What a page holds against a measurement is the formula that it prints; a check is of a shape that it was not fitted to.
func TestCheckIsOfTheFormula(t *testing.T) {
	for name, r := range recorded(t) {
		for _, run := range r.Law.Runs {
			want := "formula " + knownMB(r.Law.Total(run.Workers, run.Threads)) + ", measured " + knownMB(run.MeasuredBytes)
			if !strings.Contains(fittedOf(r), want) || strings.Contains(checksOf(r), want) {
				t.Errorf("%s: %q, %q; want %q in the first", name, fittedOf(r), checksOf(r), want)
			}
		}
	}
	says(t, "sweep", checksOf(recorded(t)["sweep"]), "2 workers of 4 threads: formula 61.2 MB, measured 56.9 MB; "+
		"3 workers of 2 threads: formula 79.1 MB, measured 72.8 MB; 5 workers of 1 thread: formula 115 MB, measured 101 MB")
}

// Children are no part of a process's RSS, and nobody's RSS is told to hold them.
func TestWorkerWithChildren(t *testing.T) {
	r := recorded(t)["flat"]
	r.Worker.ChildrenPeakBytes, r.Worker.PeakRSSBytes, r.Worker.PeakSource = 50*mb, r.Worker.PeakRSSBytes+50*mb, calibrate.PeakGroup
	r.Worker.MarginalBytes += 50 * mb
	says(t, "worker", workerOf(r.Worker), "idle 89.7 MB, settled 89.9 MB, peak 140 MB (control group) with its children, 90.2 MB without")
	if page := textOf(t, r, Options{}); strings.Contains(page, "worker RSS") || strings.Contains(page, "of its RSS") {
		t.Error(page)
	}
}

// A limit of requests is one word in the answer and in its candidate.
func TestOneWordForNoLimit(t *testing.T) {
	r := recorded(t)["flat"]
	for _, c := range []struct {
		verdict calibrate.Verdict
		kinds   []calibrate.Growth
		can     bool
		answer  string
		cell    string
	}{
		{calibrate.Flat, nil, true, "off", "off"},
		{calibrate.Flat, nil, false, "n/a", "-"},
		{calibrate.Creeping, []calibrate.Growth{{Kind: calibrate.GrowsKernel}}, true, "off", "off"},
	} {
		r.Creep.Verdict, r.Creep.Kinds, r.Target.CanRecycle = c.verdict, c.kinds, c.can
		r.Recommendation.Recycling.Kind = calibrate.RecyclingOff
		best := r.Candidates[slices.IndexFunc(r.Candidates, func(c calibrate.Candidate) bool { return c.Recommended })]
		if answer, cell := maxRequests(r), recycleCell(best, maxRequests(r)); answer != c.answer || cell != c.cell {
			t.Errorf("%s, can recycle %v: %q and %q", c.verdict, c.can, answer, cell)
		}
	}
}

// A peak that no load came to is called that, with what it means for a limit.
func TestPeakAtBoot(t *testing.T) {
	w := calibrate.Worker{IdleRSSBytes: 50 * mb, PlateauRSSBytes: 55 * mb, PeakRSSBytes: 300 * mb, PeakSource: calibrate.PeakMark, BootPeak: &calibrate.BootPeak{LoadedBytes: 60 * mb}}
	says(t, "boot", workerOf(w), "idle 50 MB, settled 55 MB, peak 300 MB (VmHWM), at boot alone; 60 MB at most under load. "+
		"The formula has room for it in every worker, and a limit must: all of them boot at once when the server starts")
	w.BootPeak.OfMaster = true
	says(t, "fork", workerOf(w), "idle 50 MB, settled 55 MB, peak 300 MB (VmHWM), at boot alone; 60 MB at most under load. "+
		"The peak is the kernel's mark of pages that are the master's, so the formula and a limit need no room for it")
	w.BootPeak, w.LoadedPeakBytes = nil, 60*mb
	says(t, "login", workerOf(w), "idle 50 MB, settled 55 MB, peak 300 MB (VmHWM), by the requests before the load alone; 60 MB at most under load. "+
		"The formula has room for it in every worker: any of them may be asked the same")
}

// What a trial is off by is the difference of the two figures before it.
func TestProofTableAddsUp(t *testing.T) {
	for _, trial := range recorded(t)["proof"].Proof.Trials {
		var cells []string
		for i, c := range trialTable([]calibrate.Trial{trial}).Columns {
			if c.Head == "expected" || c.Head == "observed" || c.Head == "off by" {
				cells = append(cells, trialTable([]calibrate.Trial{trial}).Rows[0].Cells[i])
			}
		}
		off := say.Difference(float64(trial.ObservedBytes-trial.ExpectedBytes) / float64(trial.ExpectedBytes))
		if trial.CrowdBytes == 0 && !slices.Equal(cells, []string{mbCell(trial.ExpectedBytes), mbCell(trial.ObservedBytes), off}) {
			t.Errorf("%s: %v", trial.Name, cells)
		}
	}
}

// The answer's sum is the same in the report and in what emit writes, the exit of a worker included.
func TestEmittedSumIsTheReports(t *testing.T) {
	r := recorded(t)["creeping"]
	r.Recommendation.Sum.LeavingBytes, r.Recommendation.Sum.SharedBytes = 8*mb, r.Law.SharedBytes+8*mb
	shared := knownMB(r.Recommendation.Sum.SharedBytes)
	each := knownMB((r.Recommendation.TotalBytes - r.Recommendation.Sum.SharedBytes) / int64(r.Recommendation.Workers))
	if sum, reason := emittedSum(r), workersReason(r); !strings.Contains(sum, each+" + "+shared+" shared") || !strings.Contains(reason, shared+" shared + 2 x "+each) {
		t.Errorf("%s\n%s", sum, reason)
	}
	if reason := workersReason(r); !strings.Contains(reason, shared+" shared, with 8 MB for a worker that exits)") {
		t.Error(reason)
	}
}

// Two workers where the cores ask for one are not said to be what the cores allow.
func TestWhyTwo(t *testing.T) {
	r := recorded(t)["demo"]
	if got := whyOf(r); r.Recommendation.Sum.CPUWorkers != 1 || strings.Contains(got, "cores allow") {
		t.Errorf("CPU allows %v, and why is %q", r.Recommendation.Sum.CPUWorkers, got)
	}
}

// One more worker is the formula's, and the creep so far.
func TestOneMoreIsTheFormulasAndItsCreep(t *testing.T) {
	all := recorded(t)
	says(t, "run", marginalOf(all["apart"]), "another worker needs 66.7 MB, 48.9 MB of it creep so far; all workers share 11.8 MB of its RSS")
	says(t, "watch", meanMarginal(all["attach-log"]), "another worker needs 30.5 MB, 14.4 MB of it creep so far (private dirty pages, the mean of 2 workers)")
	says(t, "flat", marginalOf(all["flat"]), "another worker needs 78.3 MB; all workers share 11.9 MB of its RSS")
}

// Beside the books the kernel's charge is told as another account: what of its file cache can't be dropped, locked or in a tmpfs, is not known of it.
func TestChargeBesideTheBooks(t *testing.T) {
	r := recorded(t)["flat"]
	r.Books = []calibrate.Balance{{Moment: calibrate.PhasePeak, Workers: 1, Threads: 4, WorkersBytes: mb, ReadBytes: mb}}
	says(t, "tree", treeOf(r), "its cgroup is charged 93 MB, at most 93.4 MB, by another account than below: the cache of files that it read is in that, "+
		"and pages of files that others read first are not")
}
