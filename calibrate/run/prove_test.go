package run

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

// fleet is an app whose workers serve in turn, keep something of each request, and are replaced at their limit.
type fleet struct {
	mu      sync.Mutex
	setup   calibrate.Setup
	law     calibrate.Law
	keep    int64 // bytes a request
	more    int64 // bytes a worker that the law knows nothing of
	mapped  int64 // file pages that a worker maps; its master, which has loaded the app, always maps 10 MB
	rate    int64 // requests a second
	pids    []int
	served  map[int]int64 // since its start
	all     int64
	next    int
	peak    int64
	kills   int64
	noGroup bool
	fails   bool
	starts  []calibrate.Setup
	stops   int
	saved   []calibrate.Result
	dead    chan struct{}
	atBoot  error
	logins  []calibrate.Setup // that were prepared
	refusal error             // of Prepare
	second  func(*fleet)      // called once a second
}

func newFleet() *fleet {
	return &fleet{law: calibrate.Law{SharedBytes: 20 << 20, WorkerBytes: 30 << 20}, keep: 16384, mapped: 10 << 20, rate: 200, dead: make(chan struct{})}
}

func (f *fleet) rig() calibrate.Rig {
	return calibrate.Rig{Load: f, Memory: f, Journal: f, Scale: func(s calibrate.Setup) (calibrate.Target, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.starts = append(f.starts, s)
		f.setup, f.pids, f.served, f.kills, f.peak = s, nil, map[int]int64{}, 0, 0
		for range s.Workers {
			f.fork()
		}
		return f, nil
	}}
}

func (f *fleet) fork() {
	f.next++
	f.pids = append(f.pids, f.next)
}

func (f *fleet) Start(context.Context) (calibrate.App, error) {
	time.Sleep(time.Second)
	return f, f.atBoot
}
func (f *fleet) Info() calibrate.TargetInfo        { return calibrate.TargetInfo{URL: "http://127.0.0.1:1"} }
func (f *fleet) Warnings() []calibrate.Warning     { return nil }
func (f *fleet) Exited() <-chan struct{}           { return f.dead }
func (f *fleet) Backlog() int                      { return 0 }
func (f *fleet) Failure(string) *calibrate.Failure { return &calibrate.Failure{What: "gone"} }
func (f *fleet) Stop(context.Context) (calibrate.Stopped, error) {
	f.stops++
	return calibrate.Stopped{}, nil
}

func (f *fleet) Workers() ([]int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.pids), nil
}
func (f *fleet) Below() map[int][]int { return nil }
func (f *fleet) Tree() []int          { all, _ := f.Workers(); return append(all, fleetMaster) }
func (f *fleet) Group() (folder, why string) {
	if f.noGroup {
		return "", "permission denied"
	}
	return "/sys/fs/cgroup/calibrate-1", ""
}

func (f *fleet) Routes() []calibrate.Route { return []calibrate.Route{{Name: "/", Share: 1}} }

func (f *fleet) Answered() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all
}

// serve gives one request to a worker, and lets the kernel kill where that is too much.
func (f *fleet) serve(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := int(n) % len(f.pids)
	f.all++
	f.served[f.pids[i]]++
	if limit := f.setup.MaxRequests; limit > 0 && f.served[f.pids[i]] >= limit {
		f.next++
		f.pids[i] = f.next
	}
	if limit := f.setup.MemoryLimit; limit > 0 && f.total() > limit && f.kills == 0 {
		f.kills = 1
	}
	f.peak = max(f.peak, f.total())
}

func (f *fleet) total() int64 {
	sum := f.law.SharedBytes
	for _, pid := range f.pids {
		sum += f.worker(pid)
	}
	return sum
}

func (f *fleet) worker(pid int) int64 {
	return f.law.WorkerBytes - f.law.LoneBytes + f.more + f.keep*f.served[pid]
}

func (f *fleet) Prepare(context.Context, string) (bool, error) {
	f.logins = append(f.logins, f.setup)
	return true, f.refusal
}

func (f *fleet) Attack(ctx context.Context, _ string, _ calibrate.Pace, each func(calibrate.Bucket)) (calibrate.Tally, error) {
	began, n := time.Now(), int64(0)
	for ctx.Err() == nil && time.Since(began) < time.Hour {
		for range 10 {
			time.Sleep(100 * time.Millisecond)
			for range f.rate / 10 {
				f.serve(n)
				n++
			}
		}
		if f.second != nil {
			f.second(f)
		}
		each(calibrate.Bucket{Requests: f.rate})
	}
	tally := calibrate.Tally{Requests: n, Succeeded: n, Seconds: time.Since(began).Seconds(), RateSent: float64(f.rate)}
	if f.fails {
		tally.Succeeded = n / 2
	}
	return tally, nil
}

func (f *fleet) Sample(calibrate.Sample) error { return nil }
func (f *fleet) Bucket(calibrate.Bucket) error { return nil }
func (f *fleet) Save(r calibrate.Result) error { f.saved = append(f.saved, r); return nil }

func (f *fleet) Open(pid int) (calibrate.Probe, error)     { return fleetProbe{f: f, pid: pid}, nil }
func (f *fleet) OpenGroup(string) (calibrate.Group, error) { return fleetGroup{f}, nil }
func (f *fleet) Cores(int) (calibrate.CoreTime, error)     { return calibrate.CoreTime{Cores: 64}, nil }

const fleetMaster = -1 // its pid

type fleetProbe struct {
	calibrate.Probe // what a proof doesn't read

	f   *fleet
	pid int
}

func (p fleetProbe) Read() (rss, anon int64, err error) {
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	if p.pid == fleetMaster {
		return 10 << 20, 0, nil
	}
	if !slices.Contains(p.f.pids, p.pid) {
		return 0, 0, calibrate.ErrGone
	}
	bytes := p.f.worker(p.pid)
	return bytes + p.f.mapped, bytes, nil
}
func (p fleetProbe) Kinds() (calibrate.Resident, error) {
	rss, anon, err := p.Read()
	return calibrate.Resident{Anon: anon, File: rss - anon}, err
}
func (p fleetProbe) Peak() (int64, error) { rss, _, err := p.Read(); return rss, err }
func (p fleetProbe) ResetPeak() error     { return nil }
func (p fleetProbe) Detail() (calibrate.Detail, error) {
	rss, anon, err := p.Read()
	return calibrate.Detail{RSS: rss, PSS: anon, PSSAnon: anon, Anon: anon, PrivateDirty: anon}, err
}

// CPU is 2 ms a request of the worker's.
func (p fleetProbe) CPU() (calibrate.CPUTime, error) {
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	if p.pid == fleetMaster {
		return calibrate.CPUTime{Start: 1}, nil
	}
	return calibrate.CPUTime{Start: int64(p.pid), Parent: fleetMaster, Own: fleetDemand * float64(p.f.served[p.pid])}, nil
}
func (p fleetProbe) Close() error { return nil }

const fleetDemand = 0.002

type fleetGroup struct{ f *fleet }

// Charge has 10 MB of the shared memory as file pages.
func (g fleetGroup) Charge() (calibrate.Charge, error) {
	g.f.mu.Lock()
	defer g.f.mu.Unlock()
	return calibrate.Charge{AnonBytes: g.f.total() - 10<<20, ChargeBytes: g.f.total(), PeakBytes: g.f.peak, OOMKills: g.f.kills}, nil
}
func (g fleetGroup) ResetPeak() error      { return nil }
func (g fleetGroup) CPU() (float64, error) { return 0, errors.ErrUnsupported }
func (g fleetGroup) Close() error          { return nil }

// measuredFleet is what a run would have found of it.
func (f *fleet) measured() calibrate.Result {
	slope, low, high := float64(f.keep), float64(f.keep)*0.98, float64(f.keep)*1.02
	r := calibrate.Result{
		ID: "run", Mode: calibrate.ModeRun, Complete: true, Law: f.law,
		Worker: calibrate.Worker{Requests: 5000, PeakRSSBytes: f.law.WorkerBytes + 10<<20 + 5000*f.keep},
		Phases: []calibrate.Phase{{Name: calibrate.PhasePeak, Clients: 8, Answered: 5000, PeakRSSBytes: f.law.WorkerBytes + 10<<20 + 5000*f.keep}},
		Creep:  calibrate.Creep{Verdict: "creeping", BytesPerRequest: &slope, Low: &low, High: &high},
	}
	if f.keep == 0 {
		r.Creep = calibrate.Creep{Verdict: "flat"}
	}
	return r
}

func proofPlan() calibrate.ProofPlan {
	return calibrate.ProofPlan{
		Setup:     calibrate.Setup{Shape: calibrate.Shape{Workers: 3, Threads: 4}, MaxRequests: 2000, MemoryLimit: 300 << 20},
		Tolerance: 0.05, Limit: 10 * time.Minute,
	}
}

func proveFleet(t *testing.T, f *fleet, p calibrate.ProofPlan, ctx context.Context) (r calibrate.Result, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f.dead = make(chan struct{})
		if ctx == nil {
			ctx = t.Context()
		}
		r, err = Prove(ctx, p, f.rig(), "proof", f.measured())
	})
	if len(f.starts) != f.stops && f.atBoot == nil {
		t.Errorf("%d apps were started, %d stopped", len(f.starts), f.stops)
	}
	return r, err
}

func TestProveThatTheLawHolds(t *testing.T) {
	t.Run("workers map all", func(t *testing.T) { proveTheLaw(t, newFleet()) })
	t.Run("only the master does", func(t *testing.T) {
		f := newFleet()
		f.mapped = 0
		proveTheLaw(t, f)
	})
}

func proveTheLaw(t *testing.T, f *fleet) {
	t.Helper()
	r, err := proveFleet(t, f, proofPlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	proof, one := r.Proof, r.Proof.Trials[0]
	if proof.Verdict != calibrate.ProofHolds || !proof.Complete || proof.Outcome() != 0 || r.ID != "proof" || proof.Of != "run" {
		t.Errorf("%+v", proof)
	}
	truth := float64(f.law.SharedBytes + 3*(f.law.WorkerBytes+2000*f.keep))
	for name, bytes := range map[string]int64{"expected": one.ExpectedBytes, "observed": one.ObservedBytes, "peak": one.PeakBytes, "most": one.MostBytes} {
		if math.Abs(float64(bytes)-truth) > 0.02*truth {
			t.Errorf("%s %d bytes, truth %.0f", name, bytes, truth)
		}
	}
	if one.Recycles < 6 || one.OOMKills != 0 || one.Requests < 3*2*2000 || one.Creep == nil || math.Abs(one.Creep.BytesPerRequest-16384) > 1 {
		t.Errorf("%+v, creep %+v", one, one.Creep)
	}
	if one.Work != nil {
		t.Errorf("work %+v, though workers were replaced", one.Work)
	}
	if b := one.Books; b == nil || b.Held == nil || b.Workers.Processes != 3 || b.Rest.Processes != 1 || b.FileBytes != 10<<20 {
		t.Errorf("books %+v", b)
	}
	if f.starts[0] != proofPlan().Setup {
		t.Errorf("started %+v", f.starts[0])
	}
}

// What a trial took as it went on is kept: its peak, what was expected up to the first replacement, and every replacement.
func TestProofKeepsItsCurve(t *testing.T) {
	r, err := proveFleet(t, newFleet(), proofPlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	one := r.Proof.Trials[0]
	if n := len(one.Curve); n < 20 || n > mostOfCurve {
		t.Fatalf("%d points", n)
	}
	highest, recycles, seconds := int64(0), 0, -1.0
	for _, p := range one.Curve {
		if p.Seconds <= seconds || p.Recycles < recycles || (p.ExpectedBytes > 0) != (p.Recycles == 0) {
			t.Errorf("after %v s and %d replacements: %+v", seconds, recycles, p)
		}
		highest, recycles, seconds = max(highest, p.Bytes), p.Recycles, p.Seconds
	}
	if highest > one.PeakBytes || float64(highest) < 0.99*float64(one.PeakBytes) || recycles < one.Recycles-1 || seconds > one.Seconds+1 {
		t.Errorf("%d bytes, %d replacements, %v s; the trial has %d, %d, %v", highest, recycles, seconds, one.PeakBytes, one.Recycles, one.Seconds)
	}
}

// A trial in which nobody is replaced has what its workers took.
func TestProofOfWorkersThatStayNotesTheirWork(t *testing.T) {
	f, p := newFleet(), proofPlan()
	f.keep, p.MaxRequests = 0, 0
	r, err := proveFleet(t, f, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	one := r.Proof.Trials[0]
	if w := one.Work; w == nil || one.Recycles != 0 || w.Requests != one.Requests || math.Abs(w.PerRequest(w.Workers)-fleetDemand) > 1e-9 || w.Rest != 0 {
		t.Errorf("%d requests, work %+v, want %g s each", one.Requests, w, fleetDemand)
	}
}

// What ends a proof otherwise, each with its verdict and its exit code.
func TestProveThatItDoesNot(t *testing.T) {
	for name, tc := range map[string]struct {
		app     func(*fleet)
		plan    func(*calibrate.ProofPlan)
		verdict calibrate.ProofVerdict
		outcome calibrate.Kind
		reason  calibrate.ProofReason
	}{
		"more than promised": {app: func(f *fleet) { f.more = 10 << 20 }, verdict: calibrate.ProofOff, outcome: calibrate.KindInconclusive, reason: calibrate.ProofAboveMost},
		"less than promised": {app: func(f *fleet) { f.more = -10 << 20 }, verdict: calibrate.ProofOff, outcome: calibrate.KindInconclusive, reason: calibrate.ProofFar},
		"killed": {app: func(f *fleet) { f.more = 60 << 20 }, verdict: calibrate.ProofKilled, outcome: calibrate.KindApp,
			reason: calibrate.ProofKill},
		"over a limit that is only watched": {app: func(f *fleet) { f.more, f.noGroup = 60<<20, true },
			plan: func(p *calibrate.ProofPlan) { p.NoLimit = "permission denied" }, verdict: calibrate.ProofOverLimit, outcome: calibrate.KindInconclusive, reason: calibrate.ProofTooMuch},
		"too slow": {app: func(f *fleet) { f.rate = 10 }, plan: func(p *calibrate.ProofPlan) { p.Limit = time.Minute }, verdict: calibrate.ProofInconclusive,
			outcome: calibrate.KindInconclusive, reason: calibrate.ProofFailed},
		"errors": {app: func(f *fleet) { f.fails = true }, verdict: calibrate.ProofInconclusive, outcome: calibrate.KindInconclusive, reason: calibrate.ProofErrors},
		"a worker that nobody recycles ends": {app: func(f *fleet) {
			f.keep = 0
			f.second = func(f *fleet) { f.mu.Lock(); f.next++; f.pids[0] = f.next; f.second = nil; f.mu.Unlock() }
		}, plan: func(p *calibrate.ProofPlan) { p.MaxRequests = 0 }, verdict: calibrate.ProofInconclusive, outcome: calibrate.KindInconclusive, reason: calibrate.ProofUnbidden},
		"workers that end before their limit": {app: func(f *fleet) {
			f.second = func(f *fleet) { f.mu.Lock(); f.next++; f.pids[0] = f.next; f.mu.Unlock() }
		}, verdict: calibrate.ProofInconclusive, outcome: calibrate.KindInconclusive, reason: calibrate.ProofEarly},
		"it ends": {app: func(f *fleet) { f.second = func(f *fleet) { end(f.dead) } }, verdict: calibrate.ProofInconclusive, outcome: calibrate.KindInconclusive, reason: calibrate.ProofFailed},
		"killed at boot": {app: func(f *fleet) {
			f.atBoot = &calibrate.Failure{Kind: calibrate.KindApp, What: "ended", OutOfMemory: true}
		}, verdict: calibrate.ProofKilled,
			outcome: calibrate.KindApp, reason: calibrate.ProofKill},
	} {
		t.Run(name, func(t *testing.T) {
			f, p := newFleet(), proofPlan()
			tc.app(f)
			if tc.plan != nil {
				tc.plan(&p)
			}
			r, err := proveFleet(t, f, p, nil)
			if err != nil {
				t.Fatal(err)
			}
			proof := r.Proof
			if proof.Verdict != tc.verdict || proof.Outcome() != tc.outcome || proof.Reason != tc.reason {
				t.Errorf("%s (%d): %s", proof.Verdict, proof.Outcome(), proof.Reason)
			}
		})
	}
}

func end(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// An app that isn't recycled is loaded until its workers are as warm as the measured one, whether it creeps or not.
func TestProveWithoutRecycling(t *testing.T) {
	for _, keep := range []int64{0, 4096} {
		f, p := newFleet(), proofPlan()
		f.keep, p.MaxRequests = keep, 0
		r, err := proveFleet(t, f, p, nil)
		if err != nil || r.Proof.Verdict != calibrate.ProofHolds {
			t.Fatal(err, r.Proof.Verdict, r.Proof.Reason)
		}
		if one := r.Proof.Trials[0]; one.Requests < 3*5000 || one.Recycles != 0 {
			t.Errorf("%+v", one)
		}
	}
}

// An app as warm as the measured one is held to the whole law.
func TestColdness(t *testing.T) {
	r := newFleet().measured()
	r.Worker.Early = &calibrate.EndReading{Requests: 500, RSSBytes: 30 << 20, PrivateDirtyBytes: 10 << 20, TreeBytes: 40 << 20, Workers: 1, Processes: 2}
	r.Worker.End = &calibrate.EndReading{Requests: 2500, RSSBytes: 60 << 20, PrivateDirtyBytes: 60 << 20, TreeBytes: 100 << 20, Workers: 1, Processes: 2}
	for served, want := range map[float64]bool{100: true, 500: true, 1500: true, 2500: false, 9000: false} {
		if cold, young := analyse.Coldness(r, 2, served); cold > 0 != want || young != 0 {
			t.Errorf("%.0f requests: %d bytes, %d young", served, cold, young)
		}
	}
}

// The requests before the load go to one worker, and are over: a trial is not expected to take for each what a login takes.
func TestATrialExpectsNoLogins(t *testing.T) {
	f, p := newFleet(), proofPlan()
	const login = 64 << 20
	f.law.WorkerBytes, f.law.LoneBytes = f.law.WorkerBytes+login, login
	r, err := proveFleet(t, f, p, nil)
	if err != nil || r.Proof.Verdict != calibrate.ProofHolds {
		t.Fatalf("%v, %+v", err, r.Proof)
	}
	if one := r.Proof.Trials[0]; one.MostBytes-one.ExpectedBytes < 3*login || one.PeakBytes > one.MostBytes-2*login {
		t.Errorf("expected %d and at most %d; took %d", one.ExpectedBytes, one.MostBytes, one.PeakBytes)
	}
}

// A heap that went on growing after the last page of a master was copied may or may not come to as much in the short time of a trial.
func TestYoungWorkersAreNotHeldToTheWholeLaw(t *testing.T) {
	r := newFleet().measured()
	r.Worker.Early = &calibrate.EndReading{Requests: 8000, RSSBytes: 30 << 20, PrivateDirtyBytes: 10 << 20, TreeBytes: 40 << 20, Workers: 1, Processes: 2}
	r.Worker.End = &calibrate.EndReading{Requests: 28_000, RSSBytes: 60 << 20, PrivateDirtyBytes: 60 << 20, TreeBytes: 100 << 20, Workers: 1, Processes: 2}
	_, whole := analyse.Coldness(r, 2, 0)
	for served, share := range map[float64]float64{6000: 1, 8000: 1, 13_000: 0.75, 28_000: 0, 90_000: 0} {
		cold, young := analyse.Coldness(r, 2, served)
		if cold != 0 || whole == 0 || young != int64(share*float64(whole)) {
			t.Errorf("%.0f requests: %d cold and %d of %d young, want %.2f", served, cold, young, whole, share)
		}
	}
	for observed, verdict := range map[int64]calibrate.ProofVerdict{420: calibrate.ProofOff, 434: calibrate.ProofHolds, 511: calibrate.ProofHolds, 540: calibrate.ProofOff} {
		trial := calibrate.Trial{Workers: 5, Requests: 30_000, Succeeded: 30_000, ExpectedBytes: 511, YoungBytes: 62, MostBytes: 511, ObservedBytes: observed}
		if got, _ := analyse.Judge(trial, 0.05); got != verdict {
			t.Errorf("%d of 449 to 511: %s", observed, got)
		}
	}
}

// Beside the recommendation each setup is tried once, however many say it.
func TestProveTriesOthers(t *testing.T) {
	f, p := newFleet(), proofPlan()
	p.OneMore, p.Formulas, p.MemoryLimit = true, true, 230<<20
	measured := f.measured()
	measured.Formulas = []calibrate.Formula{{Name: "a", Workers: 4, Threads: 4}, {Name: "b", Workers: 3, Threads: 4}, {Name: "c", Workers: 100, Threads: 4}, {Name: "d"}}
	var r calibrate.Result
	var err error
	synctest.Test(t, func(t *testing.T) {
		f.dead = make(chan struct{})
		r, err = Prove(t.Context(), p, f.rig(), "proof", measured)
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range r.Proof.Trials {
		names = append(names, one.Name)
	}
	if want := []string{"recommended, b", "one more, a", "c"}; !slices.Equal(names, want) {
		t.Fatalf("%q, want %q", names, want)
	}
	if r.Proof.Trials[1].OOMKills == 0 || r.Proof.Verdict != calibrate.ProofHolds || r.Proof.Trials[2].Failed.Kind != calibrate.MissTooMany {
		t.Errorf("%+v", r.Proof.Trials)
	}
	if len(f.starts) != 2 {
		t.Errorf("%d were started", len(f.starts))
	}
}

// What is cut short is kept as far as it came.
func TestProveInterrupted(t *testing.T) {
	f, p := newFleet(), proofPlan()
	p.OneMore = true
	ctx, cancel := context.WithCancelCause(context.Background())
	f.second = func(f *fleet) {
		if len(f.starts) == 2 {
			cancel(errors.New("Ctrl-C"))
		}
	}
	r, err := proveFleet(t, f, p, ctx)
	if kindOf(err) != calibrate.KindInterrupted || r.Proof.Complete || len(r.Proof.Trials) != 2 || r.Proof.Verdict != calibrate.ProofHolds || r.Proof.Reason != calibrate.ProofNear || r.Proof.Interrupted == nil {
		t.Errorf("%v, %+v", err, r.Proof)
	}
	if first := f.saved[0].Proof; first == nil || first.Complete || first.Interrupted == nil {
		t.Errorf("a kill in the first trial would leave %+v", first)
	}
	if last := f.saved[len(f.saved)-1]; last.Proof == nil || len(last.Proof.Trials) != 2 || last.Proof.Trials[1].Failed.Kind != calibrate.MissCut {
		t.Errorf("saved %+v", last.Proof)
	}
}

// A limit that can't be set is not asked for.
func TestProveAsksForNoLimitThatCannotBe(t *testing.T) {
	f, p := newFleet(), proofPlan()
	f.noGroup, p.NoLimit = true, "permission denied"
	r, err := proveFleet(t, f, p, nil)
	if err != nil || f.starts[0].MemoryLimit != 0 || r.Proof.NoLimit != "permission denied" {
		t.Errorf("%v, %+v, %q", err, f.starts[0], r.Proof.NoLimit)
	}
	if one := r.Proof.Trials[0]; one.PeakSource != calibrate.PeakTables || one.PeakBytes == 0 {
		t.Errorf("%+v", one)
	}
}

// What a worker takes while it ends is in no comparison: the readings of the last second before one is gone are left out.
func TestTrialLeavesTheEndOfAWorkerOut(t *testing.T) {
	began := time.Now()
	for recycling, want := range map[int64]int64{100: 14, 0: 300} {
		at := &tryout{beside: beside{setup: calibrate.Setup{MaxRequests: recycling}}}
		for i, bytes := range []int64{10, 11, 12, 13, 14, 200, 300} { // every quarter of a second
			at.compare(reading{began.Add(time.Duration(i) * time.Second / 4), bytes, bytes - 1, 0})
		}
		at.compare(reading{began.Add(2 * time.Second), 15, 14, 0})
		if recycling > 0 {
			at.held = nil
		}
		if at.trial.ObservedBytes != want || at.trial.ExpectedBytes != want-1 {
			t.Errorf("max-requests %d: %d observed and %d expected, want %d", recycling, at.trial.ObservedBytes, at.trial.ExpectedBytes, want)
		}
	}
}
