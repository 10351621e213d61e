package calibrate

import "testing"

// measured is a worker that was read at 100 MB, 60 of them its own, with 20 MB beside it, and 4 threads.
func measuredWorker(runs ...LawRun) Result {
	return Result{
		Target: TargetInfo{Threads: 4},
		Worker: Worker{
			PeakRSSBytes: 110 * mib, IdleRSSBytes: 70 * mib, Requests: 1000,
			End: &EndReading{RSSBytes: 100 * mib, PrivateDirtyBytes: 60 * mib, TreePSSBytes: 80 * mib, Workers: 1, Processes: 2},
		},
		Law: Law{Runs: runs},
	}
}

func TestLaw(t *testing.T) {
	slope := 10240.0
	creeping := measuredWorker()
	creeping.Creep = Creep{Verdict: "creeping", BytesPerRequest: &slope}
	unread := measuredWorker()
	unread.Worker.End = nil
	for _, c := range []struct {
		name                   string
		run                    Result
		shared, marginal, each int64 // MB: beside the workers, one worker of 4 threads, one thread
		basis                  string
	}{
		// 60 MB private + 10 MB up to the peak + 1 MB of the kernel; 40 MB from idle to peak over 4 threads
		{"one worker alone", measuredWorker(), 20, 71, 10, "computed"},
		// 1000 requests x 10 KB
		{"creep is taken out", creeping, 20, 71 - 1000*10/1024 - 1, 7, "computed"},
		{"page tables unread: RSS, an upper bound", unread, 0, 110, 10, "computed"},
		{"one thread alone is no comparison: the main run is warmer", measuredWorker(LawRun{Workers: 1, Threads: 1, TotalBytes: 85 * mib}), 20, 71, 10, "computed"},
		// short runs, as warm as each other: (142 / 2 - 65) over 3 threads
		{"one thread beside two workers", measuredWorker(LawRun{Workers: 1, Threads: 1, TotalBytes: 85 * mib},
			LawRun{Workers: 2, Threads: 4, TotalBytes: 162 * mib, Processes: 3}), 20, 71, 2, "measured"},
		{"two workers as predicted", measuredWorker(LawRun{Workers: 2, Threads: 4, TotalBytes: 162 * mib, Processes: 3}), 20, 71, 10, "measured"},
		{"two workers take less: the law errs on the safe side", measuredWorker(LawRun{Workers: 2, Threads: 4, TotalBytes: 150 * mib, Processes: 3}), 20, 71, 10, "measured"},
		{"two workers take more: it is the worker's", measuredWorker(LawRun{Workers: 2, Threads: 4, TotalBytes: 172 * mib, Processes: 3}), 10, 81, 10, "measured"},
		// 184 - 42 = 2 workers of 71; (71 - (107 - 42)) over 3 threads
		{"a supervisor is no thread's cost", measuredWorker(LawRun{Workers: 1, Threads: 1, TotalBytes: 107 * mib},
			LawRun{Workers: 2, Threads: 4, TotalBytes: 184 * mib, Processes: 5}), 42, 71, 2, "measured"},
		{"a supervisor comes with the second", measuredWorker(LawRun{Workers: 2, Threads: 4, TotalBytes: 184 * mib, Processes: 5}), 42, 71, 10, "measured"},
	} {
		l := law(c.run)
		marginal := (l.WorkerBytes + 4*l.ThreadBytes) / mib
		if l.SharedBytes/mib != c.shared || marginal != c.marginal || l.ThreadBytes/mib != c.each || l.Basis != c.basis {
			t.Errorf("%s: %d + N x %d MB, a thread %d MB, %s; want %d, %d, %d, %s", c.name,
				l.SharedBytes/mib, marginal, l.ThreadBytes/mib, l.Basis, c.shared, c.marginal, c.each, c.basis)
		}
	}
}

// A law fitted to short runs and analysed again is the same law.
func TestLawTwice(t *testing.T) {
	r := measuredWorker(LawRun{Workers: 2, Threads: 4, TotalBytes: 172 * mib, Requests: 500, Processes: 3})
	r.Law = law(r)
	again := law(r)
	if again.SharedBytes != r.Law.SharedBytes || again.WorkerBytes != r.Law.WorkerBytes || again.Runs[0] != r.Law.Runs[0] {
		t.Errorf("first %+v, then %+v", r.Law, again)
	}
	if r.Law.ResidualBytes != 0 {
		t.Errorf("residual %d of a law that was fitted to its only run", r.Law.ResidualBytes)
	}
}
