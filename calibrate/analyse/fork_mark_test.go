package analyse

import (
	"testing"

	"workermem/calibrate"
)

// A worker of php-fpm had 8.7 MB by its mark of the fork, 4.5 under load, and its second worker 4.0.
func TestMarkOfAFork(t *testing.T) {
	const kb = 1 << 10
	forked := func(boot, master, second int64) calibrate.Result {
		end := calibrate.EndReading{RSSBytes: 12_000 * kb, PrivateDirtyBytes: 4200 * kb, TreePSSBytes: 30_000 * kb, Workers: 1, Processes: 2, Requests: 1000,
			Books: &calibrate.Books{Rest: calibrate.Owned{Processes: 1, RSSBytes: master * kb}}}
		r := calibrate.Result{
			Target: calibrate.TargetInfo{Threads: 1},
			Phases: []calibrate.Phase{
				{Name: calibrate.PhaseBoot, PeakRSSBytes: boot * kb},
				{Name: calibrate.PhasePeak, PeakRSSBytes: 12_300 * kb, Requests: 1000, Answered: 1000},
			},
			Worker: calibrate.Worker{PeakRSSBytes: max(boot, 12_300) * kb, Requests: 1000, Early: &end, End: &end},
		}
		if second > 0 {
			r.Law.Runs = []calibrate.LawRun{{Workers: 2, Threads: 1, TotalBytes: 34_000 * kb, WorkerBytes: second * kb, PeakRSSBytes: 12_000 * kb, Requests: 2000, Processes: 3}}
		}
		return r
	}
	for _, c := range []struct {
		name                 string
		boot, master, second int64
		want                 int64 // kB of its own at the peak
	}{
		{"the mark of the fork", 16_500, 20_000, 4000, 4500},
		{"no second worker tells", 16_500, 20_000, 0, 8700},
		{"the second takes more, too", 16_500, 20_000, 8500, 8700},
		{"more than its master has: its own import", 16_500, 15_000, 4000, 8700},
		{"a load came to more", 12_100, 20_000, 4000, 4500},
	} {
		r := forked(c.boot, c.master, c.second)
		if b, above := bootPeak(r), c.boot > 12_300+1024; (b != nil) != above || b != nil && (b.LoadedBytes != 12_300*kb || b.OfMaster != (c.want == 4500)) {
			t.Errorf("%s: %+v of a boot that came to %d kB", c.name, b, c.boot)
		}
		_, _, end := ages(r)
		r.Worker.PeakRSSBytes += 5 << 20
		if b := bootPeak(r); b != nil {
			t.Errorf("%s: %+v, where a phase that was cut short came to more", c.name, b)
		}
		r.Worker.PeakRSSBytes -= 5 << 20
		peak := withoutFork(r, ownPeakAtEnd(r))
		if got := (end.worker - KernelMemory(peak, 1)) / kb; got != c.want {
			t.Errorf("%s: %d kB a worker, want %d", c.name, got, c.want)
		}
	}
}
