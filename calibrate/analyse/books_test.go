package analyse

import (
	"testing"

	"workermem/calibrate"
)

const mib = calibrate.MiB

// booksOf are those of a master and one worker of gunicorn, in MB, as they were read of a plain app.
func booksOf(children, childProcesses, unmapped int64) *calibrate.Books {
	return &calibrate.Books{
		Workers:   calibrate.Owned{Processes: 1, AnonBytes: 12 * mib, PrivateBytes: 8 * mib, RSSBytes: 22 * mib},
		Children:  calibrate.Owned{Processes: int(childProcesses), AnonBytes: children * mib, PrivateBytes: children * mib, RSSBytes: children * mib},
		Rest:      calibrate.Owned{Processes: 1, AnonBytes: 10 * mib, PrivateBytes: 5 * mib, RSSBytes: 24 * mib},
		FileBytes: 10 * mib,
		Held:      &calibrate.Held{AnonBytes: (22 + children) * mib, ShmemBytes: unmapped * mib, KernelBytes: KernelMemory(22*mib, 4) + (1+childProcesses)*KernelMemory(0, 1)},
	}
}

func swapped(mb int64) *calibrate.Books {
	b := booksOf(0, 0, 0)
	b.Workers.AwayBytes = mb * mib
	return b
}

// oneRun is a run of one worker of 4 threads whose tree took so many MB at most beyond its reading.
func oneRun(books *calibrate.Books, spike int64) calibrate.Result {
	r := calibrate.Result{Target: calibrate.TargetInfo{Threads: 4, HasThreads: true}, Complete: true}
	r.Phases = []calibrate.Phase{{Name: calibrate.PhasePeak, Requests: 1000, Succeeded: 1000, Answered: 1000, PeakRSSBytes: 22 * mib,
		PeakSource: calibrate.PeakMark, PeakHeldBytes: books.Held.Sum() + spike*mib}}
	r.Worker = calibrate.Worker{Requests: 1000, IdleRSSBytes: 21 * mib, End: &calibrate.EndReading{RSSBytes: 22 * mib, PSSBytes: 17 * mib,
		PrivateDirtyBytes: 8 * mib, TreeBytes: books.Held.AnonBytes + books.FileBytes, Processes: 2 + books.Children.Processes, Workers: 1, Requests: 1000, Books: books}}
	return r
}

// two adds a run of two workers whose tmpfs files take so many MB.
func two(r calibrate.Result, unmapped int64) calibrate.Result {
	b := *booksOf(0, 0, unmapped)
	b.Workers = calibrate.Owned{Processes: 2, AnonBytes: 20 * mib, PrivateBytes: 16 * mib, RSSBytes: 44 * mib}
	run := calibrate.LawRun{Workers: 2, Threads: 4, Requests: 1000, Processes: 3, TotalBytes: 40 * mib, WorkerBytes: 8 * mib, PeakRSSBytes: 22 * mib, Books: &b}
	held := *b.Held
	held.AnonBytes, held.KernelBytes = 30*mib, kernelOf(run)
	b.Held, run.PeakHeldBytes = &held, held.Sum()
	r.Law.Runs = append(r.Law.Runs, run)
	return r
}

func TestAWorkerIsItsChildren(t *testing.T) {
	for name, c := range map[string]struct {
		result               calibrate.Result
		worker, peak, shared int64 // MB
	}{
		"alone":                          {oneRun(booksOf(0, 0, 0), 0), 8, 22, 24},
		"with children that stay":        {oneRun(booksOf(46, 2, 0), 0), 54, 68, 24},
		"with children that were gone":   {oneRun(booksOf(0, 0, 0), 340), 348, 362, 24},
		"with some that were there yet":  {oneRun(booksOf(80, 1, 0), 260), 348, 362, 24},
		"30 MB of it swapped out":        {oneRun(swapped(30), 0), 38, 22, 24},
		"the tree moves a little itself": {oneRun(booksOf(0, 0, 0), 1), 8, 22, 24},
	} {
		r := Analyse(calibrate.Measured{Result: c.result})
		worker, shared := r.Law.Worker(4)/mib, r.Law.SharedBytes/mib
		if worker != c.worker || shared != c.shared || r.Worker.PeakRSSBytes/mib != c.peak {
			t.Errorf("%s: worker %d MB, shared %d, peak RSS %d; want %d, %d, %d", name, worker, shared, r.Worker.PeakRSSBytes/mib, c.worker, c.shared, c.peak)
		}
		if len(r.Books) != 1 || r.Books[0].Off() {
			t.Errorf("%s: books %+v", name, r.Books)
		}
	}
}

// What a child keeps isn't brought forward as if the worker's own process kept it: that would be counted twice.
func TestCreepOfAChild(t *testing.T) {
	r := oneRun(booksOf(62, 1, 0), 0)
	early := *r.Worker.End
	early.Books, early.Requests = booksOf(22, 1, 0), 200
	r.Worker.Early, r.Worker.PeakRSSBytes = &early, 22*mib
	idle := calibrate.Phase{Name: calibrate.PhaseIdle, PeakRSSBytes: 22 * mib, PeakSource: calibrate.PeakMark}
	r.Phases = append([]calibrate.Phase{idle}, r.Phases...)
	slope := float64(50*mib) / 1000
	r.Creep = calibrate.Creep{Verdict: calibrate.Creeping, By: calibrate.ByRequest, BytesPerRequest: &slope, Low: &slope, High: &slope}
	if worker := law(r).Worker(4) / mib; worker != 20 {
		t.Errorf("a worker of 8 MB and a child of 12 take %d MB without creep", worker)
	}
}

// A file of 40 MB in tmpfs is each worker's if a second one brings another, and shared if it does not.
func TestMemoryThatNobodyMaps(t *testing.T) {
	for name, c := range map[string]struct {
		result         calibrate.Result
		worker, shared int64
	}{
		"one worker alone":       {oneRun(booksOf(0, 0, 40), 0), 48, 24},
		"each worker has one":    {two(oneRun(booksOf(0, 0, 40), 0), 80), 48, 24},
		"both workers share one": {two(oneRun(booksOf(0, 0, 40), 0), 40), 8, 64},
	} {
		r := Analyse(calibrate.Measured{Result: c.result})
		worker, shared := r.Law.Worker(4)/mib, r.Law.SharedBytes/mib
		if worker != c.worker || shared != c.shared {
			t.Errorf("%s: worker %d MB, shared %d; want %d, %d", name, worker, shared, c.worker, c.shared)
		}
		for _, b := range r.Books {
			if b.Off() || b.UnmappedBytes < 40*mib {
				t.Errorf("%s: books %+v", name, b)
			}
		}
	}
}

// A heap that creeps says nothing of a file that both workers share.
func TestSharedFileBesideACreepingHeap(t *testing.T) {
	slope := 1000.0
	r := two(oneRun(booksOf(0, 0, 40), 0), 40)
	r.Worker.PeakRSSBytes = 22 * mib
	r.Creep = calibrate.Creep{Verdict: calibrate.Creeping, By: calibrate.ByRequest, BytesPerRequest: &slope, Low: &slope, High: &slope}
	if l := law(r); l.Worker(4)/mib > 8 || l.SharedBytes/mib != 64 {
		t.Errorf("a worker of %d MB, and %d shared; want less than 8, and 64", l.Worker(4)/mib, l.SharedBytes/mib)
	}
}

// Session files leave the kernel 2 KB each, whichever of the workers wrote them, and a front has 12 MB of the kernel's own once. Two
// workers that have served 500 requests show that nothing of the 12 is theirs; all 12 were each worker's.
func TestKernelMemoryOfAFrontBesideFilesThatCreep(t *testing.T) {
	slope, front := 2048.0, int64(12*mib)
	r := two(oneRun(booksOf(0, 0, 0), 0), 0)
	grown := func(h *calibrate.Held, requests int64) { h.KernelBytes += front + int64(slope)*requests }
	grown(r.Worker.End.Books.Held, 1000)
	r.Law.Runs[0].Requests = 500
	grown(r.Law.Runs[0].Books.Held, 500)
	r.Worker.PeakRSSBytes = 22 * mib
	r.Creep = calibrate.Creep{Verdict: calibrate.Creeping, By: calibrate.ByRequest, BytesPerRequest: &slope, Low: &slope, High: &slope,
		Kinds: []calibrate.Growth{{Kind: calibrate.GrowsKernel, BytesPerRequest: slope, Low: slope, High: slope}}}
	if l := law(r); l.Worker(4)/mib != 8 || l.SharedBytes/mib != 24+12 {
		t.Errorf("a worker of %d MB, and %d shared; want 8, and 36", l.Worker(4)/mib, l.SharedBytes/mib)
	}
}

// The measured worker is held to its law in both directions; of several workers only what is less at as many requests tells.
func TestALawThatHasTooMuch(t *testing.T) {
	const requests = 1000
	early := func(r calibrate.Result) calibrate.Result {
		e := *r.Worker.End
		r.Worker.Early = &e
		return r
	}
	shape := func(r calibrate.Result, private, resident int64) calibrate.Result { // of two workers, each
		run := &r.Law.Runs[0]
		run.WorkerBytes, run.PeakRSSBytes, run.Requests = private*mib, resident*mib, 2*requests
		run.TotalBytes += 2 * (private - 8) * mib
		return r
	}
	large := func() calibrate.Result { // 108 MB of its own, 122 resident
		b := booksOf(0, 0, 0)
		b.Workers.AnonBytes, b.Workers.PrivateBytes, b.Workers.RSSBytes, b.Held.AnonBytes = 112*mib, 108*mib, 122*mib, b.Held.AnonBytes+100*mib
		r := oneRun(b, 0)
		r.Phases[0].PeakRSSBytes, r.Worker.End.RSSBytes, r.Worker.End.PrivateDirtyBytes = 122*mib, 122*mib, 108*mib
		return early(two(r, 0))
	}
	stray := oneRun(booksOf(0, 0, 0), 0)
	stray.Worker.PeakRSSBytes = 60 * mib
	unread := oneRun(booksOf(0, 0, 0), 0)
	unread.Phases[0].PeakHeldBytes = 0
	younger := shape(large(), 60, 74)
	younger.Law.Runs[0].Requests = requests
	for name, c := range map[string]struct {
		result         calibrate.Result
		told, withheld bool
	}{
		"balanced":                                {early(two(oneRun(booksOf(0, 0, 0), 0), 0)), false, false},
		"a peak of which no charge tells":         {stray, true, true},
		"no charge was read":                      {unread, false, false},
		"workers that took less than the first":   {shape(large(), 60, 74), true, false},
		"they had not served as much":             {younger, false, false},
		"they share more, and are resident alike": {shape(large(), 60, 122), false, false},
	} {
		samples := []calibrate.Sample{{Phase: calibrate.PhaseIdle, Workers: 1, RSS: c.result.Worker.PeakRSSBytes}}
		r := Analyse(calibrate.Measured{Result: c.result, Samples: samples})
		withheld := r.Recommendation.Withheld != nil && r.Recommendation.Withheld.Kind == calibrate.WithheldBooks
		if warned(r, unbalanced) != c.told || withheld != c.withheld {
			t.Errorf("%s: told %v, withheld %v; books %+v", name, warned(r, unbalanced), withheld, r.Books)
		}
	}
}

// What the kernel charges and nobody has is told from 8 MB on, and from 15 % on there is no recommendation.
func TestBooksThatDoNotBalance(t *testing.T) {
	for name, c := range map[string]struct {
		lost           int64 // MB that no process has
		told, withheld bool
	}{"balanced": {0, false, false}, "7 MB": {7, false, false}, "9 MB": {9, true, true}} {
		r := oneRun(booksOf(0, 0, 0), 0)
		r.Worker.End.Books.Held.AnonBytes += c.lost * mib
		r.Phases[0].PeakHeldBytes += c.lost * mib
		r = Analyse(calibrate.Measured{Result: r})
		told := warned(r, unbalanced)
		withheld := r.Recommendation.Withheld
		if told != c.told || (withheld != nil && withheld.Kind == calibrate.WithheldBooks) != c.withheld {
			t.Errorf("%s: told %v, withheld %+v; books %+v", name, told, withheld, r.Books)
		}
	}
	large := calibrate.Balance{ReadBytes: 500 * mib, PeakBytes: 500 * mib, LawBytes: 460 * mib}
	if !large.Off() || large.Hopeless() {
		t.Errorf("40 MB of 500: off %v, hopeless %v; want a word, and a recommendation", large.Off(), large.Hopeless())
	}
	if large.LawBytes = 540 * mib; large.Off() {
		t.Error("the law has more than the kernel charges, which is no danger")
	}
}

// A kernel before 5.4 doesn't tell whose the anonymous pages are, which is no reason to doubt that they are somebody's.
func TestBooksOfAKernelThatDoesNotTell(t *testing.T) {
	r := oneRun(booksOf(0, 0, 0), 0)
	for _, o := range []*calibrate.Owned{&r.Worker.End.Books.Workers, &r.Worker.End.Books.Rest} {
		o.AnonBytes, o.ShmemBytes = 0, 0
	}
	r = Analyse(calibrate.Measured{Result: r})
	if w := r.Recommendation.Withheld; len(r.Books) > 0 || w != nil && w.Kind == calibrate.WithheldBooks || r.Law.Worker(4)/mib != 8 {
		t.Errorf("books %+v, withheld %+v, a worker of %d MB", r.Books, w, r.Law.Worker(4)/mib)
	}
}

// Of a phase whose peak was another process's nothing is taken for the worker's, though the tree's is known.
func TestPeakOfAnotherProcess(t *testing.T) {
	r := oneRun(booksOf(0, 0, 0), 0)
	r.Phases[0].PeakRSSBytes, r.Phases[0].PeakHeldBytes = 0, 300*mib
	if peak, own := phasePeak(r, calibrate.PhasePeak); peak != 0 || own != 0 {
		t.Errorf("%d MB, %d of them its own", peak/mib, own/mib)
	}
}

// A law that is off is told by the books of the shapes that were run; those of a proof are no substitute.
func TestLawThatIsOff(t *testing.T) {
	off := calibrate.Result{Law: calibrate.Law{WorkerBytes: 20 * mib, Runs: []calibrate.LawRun{{Workers: 2, Threads: 1, MeasuredBytes: 50 * mib}}}}
	for moment, want := range map[string]bool{calibrate.PhaseTrial: true, calibrate.PhaseScale: false} {
		off.Books = []calibrate.Balance{{Moment: moment, PeakBytes: 50 * mib, LawBytes: 50 * mib}}
		if warned(off, "law-off") != want {
			t.Errorf("with books of %s: warned %v", moment, !want)
		}
	}
}

// A pool that a worker forks shares pages with it that are private to neither: 4 MB here, which a second worker shows.
func TestPagesSharedWithForks(t *testing.T) {
	r := oneRun(booksOf(44, 2, 0), 0)
	b := *booksOf(92, 4, 0)
	b.Workers, b.Children.PrivateBytes = calibrate.Owned{Processes: 2, AnonBytes: 20 * mib, PrivateBytes: 16 * mib, RSSBytes: 44 * mib}, 88*mib
	run := calibrate.LawRun{Workers: 2, Threads: 4, Requests: 1000, Processes: 7, TotalBytes: (66 + 10 + 56) * mib, WorkerBytes: 52 * mib, PeakRSSBytes: 22 * mib, Books: &b}
	held := *b.Held
	held.AnonBytes, held.KernelBytes = (66+56)*mib, kernelOf(run)
	b.Held, run.PeakHeldBytes = &held, held.Sum()
	r.Law.Runs = []calibrate.LawRun{run}
	r = Analyse(calibrate.Measured{Result: r})
	if worker := r.Law.Worker(4) / mib; worker != 56 {
		t.Errorf("a worker is %d MB by the formula; a second one brought 56", worker)
	}
}
