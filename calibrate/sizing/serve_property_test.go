package sizing

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

// served draws questions of an app that computes, waits, or does both.
func served(t *rapid.T) Question {
	q := questions(t)
	q.Prefer = ""
	if q.MaxWorkers < 1 {
		q.MaxWorkers = 64 // so that all can be looked at
	}
	d, w := rapid.Float64Range(0.0001, 0.1).Draw(t, "demand"), rapid.Float64Range(0, 1).Draw(t, "waiting")
	q.Serve = queue(q.sound().CPUs, d, w, q.wanted())
	q.ServeOn = func(cores float64) func(int, int) calibrate.Served { return queue(cores, d, w, q.wanted()) }
	return q
}

// What is recommended serves, recycling apart, within 5 % of the best of all that fits, and two do where that is all the same.
func TestPropertyNearTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := served(t)
		q.RateBasis = calibrate.BasisMeasured
		a := Decide(q)
		check(t, q, a)
		if a.Recommended == nil {
			return
		}
		s, got := q.sound(), a.Recommended
		best := 0.0
		for _, threads := range s.ThreadChoices {
			for n := s.MinWorkers; n <= min(s.memoryWorkers(threads), s.most(threads)); n++ {
				best = max(best, s.rate(n, threads))
			}
		}
		if rate := s.rate(got.Workers, got.Threads); rate < best*(1-calibrate.Alike-gain) {
			t.Fatalf("%d x %d serves %g, the best %g", got.Workers, got.Threads, rate, best)
		}
		for _, threads := range s.ThreadChoices {
			for n := max(2, s.MinWorkers); n <= min(s.memoryWorkers(threads), s.most(threads)); n++ {
				c := choice{workers: n, threads: threads}
				// (Recycled ones fill a tight budget but for how max-requests is rounded.)
				if !s.recycles() && s.rate(n, threads) > best*(1-calibrate.Alike) && float64(s.totalOf(c)) < float64(got.TotalBytes)/(1+calibrate.Alike) && got.Workers > 1 {
					t.Fatalf("%d x %d takes %d and serves %g, recommended is %+v, best %g", n, threads, s.totalOf(c), s.rate(n, threads), got, best)
				}
			}
		}
	})
}

// What is recommended for a rate serves it, with room and soon enough, or nothing that fits does, whatever is preferred; and the box that is said to
// be needed does.
func TestPropertyWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := served(t)
		q.Prefer = rapid.SampledFrom([]string{"", knob.PreferWorkers, knob.PreferThreads, knob.PreferMemory}).Draw(t, "prefer")
		q.RateBasis, q.WantedP99 = calibrate.BasisGiven, rapid.SampledFrom([]float64{0, 0.05, 0.2, 1}).Draw(t, "p99")
		a := Decide(q)
		check(t, q, a)
		s := q.sound()
		if a.Recommended == nil || s.wanted() == 0 {
			return
		}
		got := a.Recommended
		if a.Sum.Unmet == s.meets(got.Workers, got.Threads) {
			t.Fatalf("unmet %v: %+v", a.Sum.Unmet, got)
		}
		plain := q
		plain.Prefer = ""
		if b := Decide(plain).Recommended; a.Sum.Unmet && (b.Workers != got.Workers || b.Threads != got.Threads) {
			t.Fatalf("%d x %d come nearest, and with a preference %d x %d", b.Workers, b.Threads, got.Workers, got.Threads)
		}
		for _, threads := range s.ThreadChoices {
			for n := s.MinWorkers; n <= min(s.memoryWorkers(threads), s.most(threads)); n++ {
				if a.Sum.Unmet && s.meets(n, threads) {
					t.Fatalf("%d x %d would do: %+v", n, threads, got)
				}
			}
		}
		if a.Sum.NeededCores == 0 {
			return
		}
		q.CPUs, q.BudgetBytes = a.Sum.NeededCores, a.Sum.NeededMemoryBytes
		q.Serve = q.ServeOn(q.CPUs)
		if b := Decide(q); b.Recommended == nil || b.Sum.Unmet {
			t.Fatalf("%g cores and %d bytes don't do: %+v, %+v", q.CPUs, q.BudgetBytes, b.Recommended, b.Sum)
		}
	})
}

// More memory, or more cores, never serve less, but for what is as good.
func TestPropertyMoreServesNoLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := served(t)
		q.RateBasis = calibrate.BasisMeasured
		less := Decide(q)
		if less.Recommended == nil {
			return
		}
		was := q.sound().rate(less.Recommended.Workers, less.Recommended.Threads)
		if rapid.Bool().Draw(t, "cores") {
			q.CPUs += float64(rapid.IntRange(1, 40).Draw(t, "more quarters")) / 4
			q.Serve = q.ServeOn(q.CPUs)
		} else {
			q.BudgetBytes += rapid.Int64Range(0, 2000*MiB).Draw(t, "more bytes")
		}
		more := Decide(q)
		if more.Recommended == nil {
			t.Fatalf("nothing fits with more, with less %+v", less.Recommended)
		}
		if rate := q.sound().rate(more.Recommended.Workers, more.Recommended.Threads); rate < was*(1-calibrate.Alike-gain) {
			t.Fatalf("with more %g: %+v, with less %g: %+v", rate, more.Recommended, was, less.Recommended)
		}
	})
}

// Where it isn't known what they serve, whoever is asked, the answer is as if nobody could be.
func TestPropertyNothingKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		want := Decide(q)
		q.Serve, q.WantedP99 = func(int, int) calibrate.Served { return calibrate.Served{} }, 0.1
		if diff := cmp.Diff(want, Decide(q)); diff != "" {
			t.Fatal(diff)
		}
	})
}
