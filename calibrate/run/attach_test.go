package run

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

// accessLog counts as an access log would: the server has work of its own.
type accessLog struct {
	rig   *fakeRig
	rate  float64
	until time.Duration // 0: for ever
}

func (l accessLog) Answered() int64 {
	l.rig.mu.Lock()
	defer l.rig.mu.Unlock()
	passed := time.Since(l.rig.began)
	if l.until > 0 {
		passed = min(passed, l.until)
	}
	l.rig.answered.Store(int64(l.rate * passed.Seconds()))
	return l.rig.answered.Load()
}

// attachFake watches a fake server of three workers.
func attachFake(t *testing.T, f *fakeRig, p calibrate.Plan, change func(*calibrate.Rig)) (result calibrate.Result, err error) {
	t.Helper()
	f.others = []int{101, 102}
	ctx, cancel := context.WithCancelCause(context.Background())
	f.interrupt = cancel
	synctest.Test(t, func(*testing.T) {
		f.exited, f.began = make(chan struct{}), time.Now()
		rig := f.rig()
		if f.noURL {
			rig.Load = nil
		}
		if change != nil {
			change(&rig)
		}
		host := calibrate.Host{MemoryBytes: 8 << 30, AvailableBytes: 6 << 30, CPUs: 4}
		result, err = Attach(ctx, p, rig, calibrate.Result{ID: "test", Host: host, Target: f.Info()})
	})
	return result, err
}

func watchPlan() calibrate.Plan {
	var p calibrate.Plan
	p.SoakSeconds, p.Precision, p.ReserveRatio, p.MemoryBytes, p.CPUs = DefaultWatch.Seconds(), 0.2, 0.2, 4<<30, 2
	return p
}

func counted(rate float64) func(f *fakeRig) func(*calibrate.Rig) {
	return func(f *fakeRig) func(*calibrate.Rig) {
		return func(r *calibrate.Rig) { r.Counter = accessLog{rig: f, rate: rate} }
	}
}

// after does something to the server while it is watched.
func (f *fakeRig) after(d time.Duration, do func()) func(*calibrate.Rig) {
	return func(*calibrate.Rig) {
		time.AfterFunc(d, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			do()
		})
	}
}

func hasWarning(r calibrate.Result, code string) bool {
	return slices.ContainsFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == code })
}

func TestAttachByAccessLog(t *testing.T) {
	f := newFakeRig()
	f.noURL, f.keep = true, 16384
	r, err := attachFake(t, f, watchPlan(), counted(600)(f))
	if err != nil {
		t.Fatal(err)
	}
	if r.Mode != calibrate.ModeAttach || !r.Complete || r.Watch.Counter != calibrate.CounterLog || !slices.Equal(phaseNames(r), []string{calibrate.PhaseWatch}) {
		t.Errorf("mode %s, complete %v, watch %+v, phases %v", r.Mode, r.Complete, r.Watch, phaseNames(r))
	}
	c := r.Creep
	if c.By != calibrate.ByRequest || c.Verdict != "creeping" || *c.Low > 16384 || *c.High < 16384 || c.BytesPerSecond != nil {
		t.Errorf("creep %+v, want 16384 bytes a request", c)
	}
	if rate := float64(r.Watch.Requests) / r.Watch.Seconds; math.Abs(rate-600) > 10 {
		t.Errorf("%.0f requests a second, want 600", rate)
	}
	if r.Worker.Workers != 3 || r.Worker.Restarts != 0 || r.Worker.Requests > r.Watch.Requests/3 || r.Worker.Requests < r.Watch.Requests/3-100 {
		t.Errorf("worker %+v, watch %+v", r.Worker, r.Watch)
	}
	if rec := r.Recommendation; rec.MaxRequests == 0 || rec.Withheld != nil || rec.Workers < 2 || rec.Recycling.RateBasis != calibrate.BasisWatched {
		t.Errorf("recommended %+v", rec)
	}
	if f.resets != 0 || r.Worker.PeakSource != calibrate.PeakMarkSince {
		t.Errorf("%d marks were reset, peak from %s", f.resets, r.Worker.PeakSource)
	}
	if r.Load.Requests != 0 || len(f.paces) != 0 {
		t.Errorf("load was sent: %+v", r.Load)
	}
}

// The law of several workers: the mean of their private pages, raised to their peaks, and what the tree has beside them.
func TestAttachLaw(t *testing.T) {
	f := newFakeRig()
	f.noURL = true
	r, err := attachFake(t, f, watchPlan(), counted(600)(f))
	if err != nil {
		t.Fatal(err)
	}
	worker := 40<<20 - 20<<20 + 5<<20 + analyse.KernelMemory(r.Worker.PeakRSSBytes, 2) // dirty, raised to the peak, kernel
	shared := 4*(32<<20) - 3*(20<<20) + analyse.KernelMemory(0, 1)                     // the PSS of master and workers, less what is the workers' own
	if r.Law.WorkerBytes != worker || r.Law.SharedBytes != shared || r.Worker.MarginalBytes != worker {
		t.Errorf("law %+v, one more %d; want %d and %d shared", r.Law, r.Worker.MarginalBytes, worker, shared)
	}
	if r.Worker.MarginalSource != calibrate.MarginalMean || r.Worker.End.Workers != 3 {
		t.Errorf("from %s", r.Worker.MarginalSource)
	}
	measured := slices.ContainsFunc(r.Candidates, func(c calibrate.Candidate) bool { return c.Workers == 3 && c.Basis == "measured" })
	if !measured {
		t.Errorf("3 workers were measured, but %+v", r.Candidates)
	}
}

func TestAttachByTime(t *testing.T) {
	for _, c := range []struct {
		name    string
		drift   float64
		verdict calibrate.Verdict
		lasts   bool
	}{{"flat", 0, "flat", true}, {"slowly", 5 << 10, "creeping", true}, {"fast", 64 << 10, "creeping", false}} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeRig()
			f.noURL, f.drift = true, c.drift
			r, err := attachFake(t, f, watchPlan(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Creep.By != calibrate.ByTime || r.Creep.Verdict != c.verdict || r.Creep.BytesPerRequest != nil || r.Creep.BytesPerSecond == nil {
				t.Fatalf("creep %+v", r.Creep)
			}
			if *r.Creep.LowBytesPerSecond > c.drift || *r.Creep.HighBytesPerSecond < c.drift {
				t.Errorf("%v to %v bytes a second, want %v", *r.Creep.LowBytesPerSecond, *r.Creep.HighBytesPerSecond, c.drift)
			}
			rec := r.Recommendation
			if !c.lasts {
				if rec.Withheld == nil || rec.Withheld.Kind != calibrate.WithheldGrowth || rec.Withheld.Seconds <= 0 || rec.Workers != 0 || r.Outcome() != calibrate.KindInconclusive {
					t.Errorf("recommended %+v", rec)
				}
				return
			}
			if rec.Workers == 0 || rec.MaxRequests != 0 || rec.SafeRequests != 0 || c.verdict == calibrate.Flat && rec.Recycling.Doubt != calibrate.DoubtUncounted {
				t.Errorf("recommended %+v", rec)
			}
			if lasts := rec.Recycling.Kind == calibrate.RecyclingByTime && rec.Recycling.LastsSeconds > 0; lasts != (c.verdict == calibrate.Creeping) {
				t.Errorf("recycling: %+v", rec.Recycling)
			}
			if !hasWarning(r, "idle") { // the fake uses no CPU time
				t.Errorf("no doubt about an idle server: %+v", r.Warnings)
			}
			if r.Outcome() != 0 {
				t.Errorf("outcome %d", r.Outcome())
			}
		})
	}
}

// Load that ends while it is watched: the rate, and what rests on it, is that of the time with load.
func TestAttachSeesTheLoadEnd(t *testing.T) {
	f := newFakeRig()
	f.noURL, f.keep = true, 16384
	p := watchPlan()
	p.DurationSeconds = 120
	r, err := attachFake(t, f, p, func(rig *calibrate.Rig) {
		rig.Counter = accessLog{rig: f, rate: 600, until: 40 * time.Second}
	})
	if err != nil {
		t.Fatal(err)
	}
	if w := r.Watch; math.Abs(w.QuietSeconds-80) > 2 || math.Abs(w.Rate()-600) > 20 || !hasWarning(r, "load-ended") {
		t.Errorf("watch %+v, %v requests a second, warnings %+v", w, w.Rate(), r.Warnings)
	}
	if rec := r.Recommendation; math.Abs(rec.Recycling.RatePerSecond-600) > 20 || r.Creep.Verdict != calibrate.Creeping {
		t.Errorf("%s, recycling by %+v", r.Creep.Verdict, rec.Recycling)
	}
}

func TestAttachWithItsOwnLoad(t *testing.T) {
	f := newFakeRig()
	f.keep, f.capacity = 16384, 300
	r, err := attachFake(t, f, watchPlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.paces) != 1 || f.paces[0].Clients != gentle || f.paces[0].Rate != 0 {
		t.Errorf("load %+v, want one client at a time", f.paces)
	}
	if r.Watch.Counter != calibrate.CounterLoad || r.Creep.Verdict != "creeping" || r.Load.Requests == 0 || r.Load.Clients != gentle {
		t.Errorf("watch %+v, creep %s, load %+v", r.Watch, r.Creep.Verdict, r.Load)
	}
}

// Workers that are recycled are what production does: they are counted, and end nothing.
func TestAttachToARecyclingServer(t *testing.T) {
	f := newFakeRig()
	f.noURL, f.keep = true, 16384
	p := watchPlan()
	p.DurationSeconds = 60
	r, err := attachFake(t, f, p, func(rig *calibrate.Rig) {
		counted(600)(f)(rig)
		f.after(20*time.Second, func() { f.pid = 200 })(rig)
		f.after(30*time.Second, func() { f.others = []int{201, 202} })(rig)
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Worker.Restarts != 3 || r.Worker.Workers != 3 || !r.Complete {
		t.Errorf("%d restarts, %d workers, complete %v", r.Worker.Restarts, r.Worker.Workers, r.Complete)
	}
	if behind := r.Worker.Requests; behind < 6000 || behind > 6300 {
		t.Errorf("%d requests behind each worker, want the 200 a second since the last change, 31 s before the end", behind)
	}
	if r.Recommendation.Withheld != nil {
		t.Errorf("withheld: %+v", r.Recommendation.Withheld)
	}
}

func TestAttachThatGoesWrong(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(f *fakeRig) func(*calibrate.Rig)
		kind   calibrate.Kind
		text   string
	}{
		{"the server ends", func(f *fakeRig) func(*calibrate.Rig) { return f.after(20*time.Second, func() { close(f.exited) }) }, calibrate.KindApp, "seen in watch"},
		{"Ctrl-C", func(f *fakeRig) func(*calibrate.Rig) {
			return f.after(20*time.Second, func() { f.interrupt(errors.New("Ctrl-C")) })
		}, calibrate.KindInterrupted, "Ctrl-C"},
		{"no worker", func(f *fakeRig) func(*calibrate.Rig) {
			return func(r *calibrate.Rig) { r.Memory = nothing{} }
		}, calibrate.KindApp, "no worker process"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeRig()
			f.noURL = true
			r, err := attachFake(t, f, watchPlan(), c.change(f))
			if kindOf(err) != c.kind || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v of kind %d", err, kindOf(err))
			}
			if r.Complete || r.Interrupted == nil || r.Recommendation.Withheld == nil || r.Recommendation.Workers != 0 {
				t.Errorf("complete %v, interrupted %+v, recommended %+v", r.Complete, r.Interrupted, r.Recommendation)
			}
			if c.kind == calibrate.KindInterrupted && (r.Worker.PeakRSSBytes == 0 || r.Worker.End == nil || r.Watch.Seconds < 19) {
				t.Errorf("what was seen is lost: %+v %+v", r.Worker, r.Watch)
			}
		})
	}
}

type nothing struct{}

func (nothing) Open(int) (calibrate.Probe, error)         { return nil, calibrate.ErrGone }
func (nothing) Cores(int) (calibrate.CoreTime, error)     { return calibrate.CoreTime{}, calibrate.ErrGone }
func (nothing) OpenGroup(string) (calibrate.Group, error) { return nil, calibrate.ErrGone }

// What may not be read is labelled, and what rests on too little is withheld.
func TestAttachWithLess(t *testing.T) {
	t.Run("another user's", func(t *testing.T) {
		f := newFakeRig()
		f.noURL, f.detail = true, errors.New("permission denied")
		r, err := attachFake(t, f, watchPlan(), counted(600)(f))
		if err != nil || !hasWarning(r, "no-page-tables") || r.Worker.MarginalBytes != r.Worker.PeakRSSBytes || r.Worker.MarginalSource != calibrate.MarginalRSS {
			t.Errorf("%v; one more worker %d of %d, %s; %+v", err, r.Worker.MarginalBytes, r.Worker.PeakRSSBytes, r.Worker.MarginalSource, r.Warnings)
		}
	})
	t.Run("a silent log", func(t *testing.T) {
		f := newFakeRig()
		f.noURL = true
		p := watchPlan()
		p.DurationSeconds = 40
		r, err := attachFake(t, f, p, counted(0)(f))
		if err != nil || r.Creep.Verdict != "inconclusive" || r.Creep.By != calibrate.ByRequest || !hasWarning(r, "no-requests") {
			t.Errorf("%v; creep %+v, %+v", err, r.Creep, r.Warnings)
		}
		if w := r.Recommendation.Withheld; w == nil || *w != (calibrate.Withheld{Kind: calibrate.WithheldRequests, NeededRequests: analyse.LeastRequests}) || r.Outcome() != calibrate.KindInconclusive {
			t.Errorf("withheld %+v, outcome %d", r.Recommendation.Withheld, r.Outcome())
		}
	})
	t.Run("too short", func(t *testing.T) {
		f := newFakeRig()
		f.noURL = true
		p := watchPlan()
		p.DurationSeconds = 10
		r, err := attachFake(t, f, p, nil)
		if w := r.Recommendation.Withheld; err != nil || w == nil || w.Kind != calibrate.WithheldSeconds || math.Abs(w.Seconds-10) > 0.5 || w.NeededSeconds != 30 {
			t.Errorf("%v; withheld %+v", err, r.Recommendation.Withheld)
		}
	})
}

// A watch that was killed is read back from its folder: who counted was noted before it began.
func TestAttachReadBack(t *testing.T) {
	f := newFakeRig()
	f.noURL, f.keep = true, 16384
	if _, err := attachFake(t, f, watchPlan(), counted(600)(f)); err != nil {
		t.Fatal(err)
	}
	first := f.saved[0]
	if first.Watch == nil || first.Watch.Counter != calibrate.CounterLog || len(first.Phases) != 0 {
		t.Fatalf("saved first: %+v", first)
	}
	r := analyse.Analyse(calibrate.Measured{Result: first, Samples: f.samples})
	if r.Creep.By != calibrate.ByRequest || r.Creep.Verdict != "creeping" || r.Watch.Requests == 0 || r.Worker.PeakRSSBytes == 0 {
		t.Errorf("creep %+v, watch %+v", r.Creep, r.Watch)
	}
	if r.Recommendation.Withheld == nil {
		t.Error("a partial watch is recommended from")
	}
}

// replacing is the memory of a server that replaces a worker just while its page tables are read.
type replacing struct {
	*fakeRig
	read map[int]int // times, by pid
}

type countedProbe struct {
	calibrate.Probe
	pid int
	of  *replacing
}

func (m *replacing) Open(pid int) (calibrate.Probe, error) {
	p, err := m.fakeRig.Open(pid)
	return countedProbe{p, pid, m}, err
}

func (p countedProbe) Detail() (calibrate.Detail, error) {
	p.of.read[p.pid]++
	if p.pid == 102 {
		p.of.others = []int{101, 103}
		return calibrate.Detail{}, calibrate.ErrGone
	}
	return p.Probe.Detail()
}

func TestAttachReadsPageTablesOnce(t *testing.T) {
	f := newFakeRig()
	f.noURL = true
	m := &replacing{f, map[int]int{}}
	r, err := attachFake(t, f, watchPlan(), func(rig *calibrate.Rig) { rig.Memory = m })
	if err != nil {
		t.Fatal(err)
	}
	if r.Worker.End == nil || r.Worker.End.Workers != 3 {
		t.Fatalf("%+v", r.Worker.End)
	}
	for pid, times := range m.read {
		if times != 1 {
			t.Errorf("those of process %d were read %d times", pid, times)
		}
	}
	if m.read[103] != 1 {
		t.Errorf("the new worker's were not read: %v", m.read)
	}
}

// witness is a server whose connections are counted beside its log.
type witness struct{ connections int64 }

func (witness) Writers() (own, others int, known bool) { return 1, 0, true }
func (w witness) Accepted() (int64, bool)              { return w.connections, w.connections > 0 }

func TestLinesBesideConnections(t *testing.T) {
	var a accepted
	var seen calibrate.LogSeen
	for _, look := range []struct{ lines, connections int64 }{{10, 500}, {31, 510}, {49, 520}, {210, 600}} {
		seen = calibrate.LogSeen{Lines: look.lines}
		a.beside(&seen, witness{look.connections})
	}
	if seen.Connections != 100 || seen.LinesBefore != 10 || seen.ConnectionsApart != 1 {
		t.Errorf("%+v, want 100 connections since line 10, and 1 line apart", seen)
	}
	seen = calibrate.LogSeen{Lines: 300}
	if a.beside(&seen, witness{}); seen.Connections != 0 {
		t.Errorf("not known, but %+v", seen)
	}
}
