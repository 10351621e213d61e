package analyse

import (
	"testing"

	"workermem/calibrate"
)

// measuredWorker was read at 100 MB after its load, 60 of them its own, with 20 MB beside it, and has 4 threads. After
// its first load 55 were its own and 15 beside it.
func measuredWorker(runs ...calibrate.LawRun) calibrate.Result {
	return calibrate.Result{
		Target: calibrate.TargetInfo{Threads: 4},
		Phases: []calibrate.Phase{
			{Name: calibrate.PhaseBoot, PeakRSSBytes: 90 * calibrate.MiB},
			{Name: calibrate.PhaseCapacity, PeakRSSBytes: 99 * calibrate.MiB, Requests: 100, Answered: 100},
			{Name: calibrate.PhasePeak, PeakRSSBytes: 110 * calibrate.MiB, Requests: 900, Answered: 1000},
		},
		Worker: calibrate.Worker{
			PeakRSSBytes: 110 * calibrate.MiB, IdleRSSBytes: 70 * calibrate.MiB, Requests: 1000,
			Early: &calibrate.EndReading{RSSBytes: 96 * calibrate.MiB, PrivateDirtyBytes: 52 * calibrate.MiB, TreePSSBytes: 67 * calibrate.MiB, Workers: 1, Processes: 2, Requests: 100},
			End:   &calibrate.EndReading{RSSBytes: 100 * calibrate.MiB, PrivateDirtyBytes: 60 * calibrate.MiB, TreePSSBytes: 80 * calibrate.MiB, Workers: 1, Processes: 2, Requests: 1000},
		},
		Law: calibrate.Law{Runs: runs},
	}
}

// twoWorkers is a short run with so many MB in all and so many a worker, whose peak RSS was that of the first load.
func twoWorkers(total, each int64, processes int) calibrate.LawRun {
	return calibrate.LawRun{Workers: 2, Threads: 4, TotalBytes: total * calibrate.MiB, WorkerBytes: each * calibrate.MiB, PeakRSSBytes: 99 * calibrate.MiB, Requests: 200, Processes: processes}
}

func TestLaw(t *testing.T) {
	const (
		master = 144<<10 + 34<<10               // kernel memory beside the worker: a process of one thread
		kernel = 144<<10 + 4*(34<<10) + 220<<10 // of the worker: 4 threads, 110 MB / 512
		short  = kernel - 22<<10                // of one of 99 MB
	)
	kept := 10240.0
	creeping := measuredWorker()
	creeping.Creep = calibrate.Creep{Verdict: "creeping", BytesPerRequest: &kept}
	unread := measuredWorker()
	unread.Worker.End = nil
	crowded := measuredWorker()
	crowded.Worker.End.TreeBytes = 83 * calibrate.MiB
	given := measuredWorker(twoWorkers(138, 60, 3), calibrate.LawRun{Workers: 1, Threads: 8, PeakRSSBytes: 107 * calibrate.MiB})
	given.Phases = given.Phases[2:]
	for _, c := range []struct {
		name                   string
		run                    calibrate.Result
		shared, marginal, each int64 // beside the workers, one worker of 4 threads, one thread
		basis                  calibrate.Basis
	}{
		// 60 MB private + 10 MB up to the peak; nothing tells what of the 40 MB from idle to peak is its 4 threads'
		{"one worker alone", measuredWorker(), 20*calibrate.MiB + master, 70*calibrate.MiB + kernel, 0, "computed"},
		// 1000 requests x 10 KB; the peak of the first load stands for 100 of them
		{"creep is taken out", creeping, 20*calibrate.MiB + master, 70*calibrate.MiB + kernel - 10240_000, 0, "computed"},
		{"page tables unread: RSS, an upper bound", unread, 0, 110 * calibrate.MiB, 0, "computed"},
		{"others map the same libraries", crowded, 23*calibrate.MiB + master, 70*calibrate.MiB + kernel, 0, "computed"},

		// one worker was 52 + 3 MB early and 60 + 10 at the end
		{"two workers between early and end: it is warmth", measuredWorker(twoWorkers(140, 62, 3)), 20*calibrate.MiB + master, 70*calibrate.MiB + kernel, 0, "measured"},
		{"two workers take more", measuredWorker(twoWorkers(168, 75, 3)), 20*calibrate.MiB + master, 75*calibrate.MiB + short, 0, "measured"},
		{"two workers take less: they are not as warm", measuredWorker(twoWorkers(116, 50, 3)), 20*calibrate.MiB + master, 70*calibrate.MiB + kernel, 0, "measured"},
		{"two workers take less: they share with a new master", measuredWorker(twoWorkers(116, 50, 4)), 20*calibrate.MiB + master, 65*calibrate.MiB + kernel, 0, "measured"},
		{"a supervisor comes with the second", measuredWorker(twoWorkers(144, 60, 3)), 24*calibrate.MiB + master, 70*calibrate.MiB + kernel, 0, "measured"},
		{"and the kernel's memory of it", measuredWorker(twoWorkers(144, 60, 4)), 24*calibrate.MiB + 2*master, 70*calibrate.MiB + kernel, 0, "measured"},
		// what is beside them may still start when the short run is over: MLflow's consumers of queues took 902 MB then, and 1466 at the end
		{"what is beside the second is younger", measuredWorker(twoWorkers(133, 60, 3)), 20*calibrate.MiB + master, 70*calibrate.MiB + kernel, 0, "measured"},
		{"the second takes what seemed to be shared", measuredWorker(twoWorkers(161, 75, 3)), 16*calibrate.MiB + master, 75*calibrate.MiB + short, 0, "measured"},
		{"saved without its workers: it only checks", measuredWorker(twoWorkers(300, 0, 3)), 20*calibrate.MiB + master, 70*calibrate.MiB + kernel, 0, "computed"},

		// RSS of 99 MB with 4 threads: 12 more threads take 12 MB, three fewer save 3
		{"threads", measuredWorker(calibrate.LawRun{Workers: 1, Threads: 16, PeakRSSBytes: 111 * calibrate.MiB}, calibrate.LawRun{Workers: 1, Threads: 1, PeakRSSBytes: 96 * calibrate.MiB}),
			20*calibrate.MiB + master, 70*calibrate.MiB + kernel, calibrate.MiB + 34<<10, "computed"},
		// (4 x 3 + 12 x 14) / (16 + 144)
		{"threads, by least squares", measuredWorker(calibrate.LawRun{Workers: 1, Threads: 8, PeakRSSBytes: 102 * calibrate.MiB}, calibrate.LawRun{Workers: 1, Threads: 16, PeakRSSBytes: 113 * calibrate.MiB}),
			20*calibrate.MiB + master, 70*calibrate.MiB + kernel, 180*calibrate.MiB/160 + 34<<10, "computed"},
		{"threads that cost nothing seen", measuredWorker(calibrate.LawRun{Workers: 1, Threads: 16, PeakRSSBytes: 98 * calibrate.MiB}), 20*calibrate.MiB + master, 70*calibrate.MiB + kernel, 45_000 + 34<<10, "computed"},
		// 16 threads served more, and held 131 MB; by then the 4 held 125, too, of which 99 in the first load
		{"threads that served more of what is kept", measuredWorker(calibrate.LawRun{Workers: 1, Threads: 16, PeakRSSBytes: 131 * calibrate.MiB, SameRequestsBytes: 125 * calibrate.MiB}), 20*calibrate.MiB + master, 70*calibrate.MiB + kernel, calibrate.MiB/2 + 34<<10, "computed"},
		{"threads beside two workers, under a given load", given, 20*calibrate.MiB + master, 70*calibrate.MiB + kernel, 2*calibrate.MiB + 34<<10, "measured"},
	} {
		l := law(c.run)
		marginal := l.WorkerBytes + 4*l.ThreadBytes
		if l.SharedBytes != c.shared || marginal != c.marginal || l.ThreadBytes != c.each || l.Basis != c.basis {
			t.Errorf("%s: %d + N x %d, a thread %d, %s; want %d, %d, %d, %s", c.name,
				l.SharedBytes, marginal, l.ThreadBytes, l.Basis, c.shared, c.marginal, c.each, c.basis)
		}
	}
}

// 4 threads had 30 KB of each request in a cache by the time that 16 had served as many; 8 MB a thread are beside it.
func TestThreadsAreComparedAtAsManyRequests(t *testing.T) {
	const each, cached = 8 * calibrate.MiB, 30 << 10
	at := func(requests, threads int64) int64 { return 60*calibrate.MiB + requests*cached + threads*each }
	m := calibrate.Measured{Result: measuredWorker(calibrate.LawRun{Workers: 1, Threads: 16, PeakRSSBytes: at(3000, 16), Requests: 3000})}
	m.Result.Phases[1].PeakRSSBytes = at(100, 4)
	for requests := int64(0); requests <= 4000; requests += 50 {
		m.Samples = append(m.Samples, calibrate.Sample{Phase: calibrate.PhaseSoak, Workers: 1, Requests: requests, RSS: at(requests, 4)})
	}
	r := Analyse(m)
	if got := r.Law.ThreadBytes - kernelThread; got != each {
		t.Errorf("a thread takes %d bytes, want 8 MB", got)
	}
	if again := Analyse(calibrate.Measured{Result: r}); again.Law.ThreadBytes != r.Law.ThreadBytes {
		t.Errorf("without its samples a thread takes %d bytes, want %d as before", again.Law.ThreadBytes, r.Law.ThreadBytes)
	}
}

// A law fitted to short runs and analysed again is the same law.
func TestLawTwice(t *testing.T) {
	r := measuredWorker(twoWorkers(172, 75, 3))
	r.Law = law(r)
	again := law(r)
	if again.SharedBytes != r.Law.SharedBytes || again.WorkerBytes != r.Law.WorkerBytes || again.Runs[0] != r.Law.Runs[0] {
		t.Errorf("first %+v, then %+v", r.Law, again)
	}
}

// The first load and the whole run promise two figures, and the residual is what a run is outside of them.
func TestLawAgainstItsRuns(t *testing.T) {
	cold := law(measuredWorker(twoWorkers(125, 55, 3)))
	if run := cold.Runs[0]; run.PredictedBytes != run.MeasuredBytes || cold.ResidualBytes != 0 {
		t.Errorf("predicted %d, measured %d, residual %d; 15 + 2 x 55 MB were read early and with two", run.PredictedBytes, run.MeasuredBytes, cold.ResidualBytes)
	}
	warm := law(measuredWorker(twoWorkers(160, 70, 3)))
	if run := warm.Runs[0]; run.PredictedWarmBytes/calibrate.MiB != run.MeasuredBytes/calibrate.MiB || warm.ResidualBytes != 0 {
		t.Errorf("predicted %d, measured %d, residual %d; 20 + 2 x 70 MB were read at the end and with two", run.PredictedWarmBytes, run.MeasuredBytes, warm.ResidualBytes)
	}
	more := law(measuredWorker(twoWorkers(160, 0, 3), calibrate.LawRun{Workers: 1, Threads: 8, TotalBytes: 200 * calibrate.MiB, PeakRSSBytes: 103 * calibrate.MiB}))
	// 20 + 70 + 4 x 1 MB, as the worker's RSS says, and 106 MB that are nobody's
	if raised := more.Raise(8) / calibrate.MiB; raised != 105 && raised != 106 || more.ResidualBytes >= calibrate.MiB {
		t.Errorf("raised by %d MB, residual %d MB, of a run that is 106 MB above the line", raised, more.ResidualBytes/calibrate.MiB)
	}
}
