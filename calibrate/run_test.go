package calibrate

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fakeRig is an app whose memory is a formula, under virtual time: it tests the order of the phases and what ends
// them. Real servers are measured by the end-to-end tests.
type fakeRig struct {
	keep     float64 // bytes kept a request
	warm     float64 // bytes gained over the first thousand requests
	capacity float64 // requests a second
	fails    bool    // answers 500
	threads  int     // 0: as many requests at once as come
	limit    int     // requests at once that the server lets in, 0: all
	crowd    float64 // bytes held for each client while it is served
	p99      float64 // seconds, 0: not known
	cpus     int     // of the machine
	markErr  error
	saveErr  error
	scale    func(Setup) (Target, error)
	several  []Route
	noGroup  string // why the app has no control group of its own

	answered atomic.Int64
	exited   chan struct{}
	mu       sync.Mutex
	pid      int
	paces    []Pace
	stopped  int
	group    fakeGroup
	saved    []Result
	samples  []Sample
	buckets  []Bucket
	at       func(phase string, f *fakeRig) // called once a second of load
	phases   []string

	others    []int   // workers beside pid: the requests are shared out evenly
	drift     float64 // bytes a second that a worker gains
	began     time.Time
	resets    int
	detail    error
	noURL     bool
	prepared  []int // loads that had been sent before each Prepare
	refusal   error // of Prepare
	redirects map[string]int64
	interrupt context.CancelCauseFunc
}

func newFakeRig() *fakeRig {
	return &fakeRig{cpus: 4, capacity: 500, threads: 2, pid: 100, exited: make(chan struct{})}
}

func (f *fakeRig) rig() Rig {
	return Rig{Target: f, Scale: f.scale, Load: f, Memory: f, Journal: f, Progress: func(s Status) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.phases) == 0 || f.phases[len(f.phases)-1] != s.Phase {
			f.phases = append(f.phases, s.Phase)
		}
	}}
}

func (f *fakeRig) Start(context.Context) (App, error) { time.Sleep(time.Second); return f, nil }
func (f *fakeRig) Info() TargetInfo {
	url := "http://127.0.0.1:1"
	if f.noURL {
		url = ""
	}
	return TargetInfo{Server: "fake", URL: url, Threads: f.threads, HasThreads: f.threads > 0, ConcurrencyLimit: f.limit, CanScale: true, CanRecycle: true, HasJitter: true, WorkerBootSeconds: 1}
}
func (f *fakeRig) Warnings() []Warning { return nil }
func (f *fakeRig) Workers() ([]int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]int{f.pid}, f.others...), nil
}
func (f *fakeRig) Tree() []int             { return append([]int{1, f.pid}, f.others...) }
func (f *fakeRig) Exited() <-chan struct{} { return f.exited }
func (f *fakeRig) Failure(phase string) *Failure {
	return &Failure{What: "seen in " + phase, Kind: KindTool}
}
func (f *fakeRig) Backlog() int { return 0 }
func (f *fakeRig) Group() (folder, why string) {
	if f.noGroup != "" {
		return "", f.noGroup
	}
	return "/sys/fs/cgroup/calibrate-1-2-3", ""
}
func (f *fakeRig) Stop(context.Context) (Stopped, error) {
	f.stopped++
	return Stopped{Seconds: 0.1}, nil
}

func (f *fakeRig) Routes() []Route { return f.several }

func (f *fakeRig) Prepare(context.Context, string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.prepared = append(f.prepared, len(f.paces))
	return f.refusal
}
func (f *fakeRig) Answered() int64 { return f.answered.Load() }
func (f *fakeRig) Attack(ctx context.Context, _ string, p Pace, each func(Bucket)) (Tally, error) {
	f.mu.Lock()
	f.paces = append(f.paces, p)
	f.mu.Unlock()
	rate := p.Rate
	if rate == 0 {
		rate = f.capacity
	}
	began := time.Now()
	var requests int64
	for ctx.Err() == nil && (p.Duration == 0 || time.Since(began) < p.Duration) && (p.Requests == 0 || requests < p.Requests) {
		for range 10 { // the answers of a second don't come at once
			time.Sleep(100 * time.Millisecond)
			f.answered.Add(int64(rate / 10))
			requests += int64(rate / 10)
		}
		b := Bucket{Seconds: time.Since(began).Seconds(), Requests: int64(rate)}
		if f.fails {
			b.Errors = map[string]int64{"http_5xx": int64(rate)}
		} else {
			b.Succeeded = b.Requests
		}
		if f.at != nil {
			f.at("", f)
		}
		each(b)
	}
	tally := Tally{Mode: "open", Requests: requests, Succeeded: requests, RateAsked: p.Rate, RateSent: rate, Seconds: time.Since(began).Seconds(), Redirects: f.redirects}
	if f.fails {
		tally.Succeeded = 0
	}
	if f.p99 > 0 {
		tally.Latency.P99 = &f.p99
	}
	return tally, nil
}

func (f *fakeRig) Open(pid int) (Probe, error) { return &fakeProbe{rig: f, pid: pid}, nil }
func (f *fakeRig) OpenGroup(string) (Group, error) {
	f.group.rig = f
	f.group.opened++
	return &f.group, f.group.err
}

// fakeGroup is charged 10 MB more than the only worker's RSS. Booting took a gigabyte.
type fakeGroup struct {
	rig            *fakeRig
	err, resetErr  error
	opened, closed int
	reset          bool
}

func (g *fakeGroup) Charge() (Charge, error) {
	rss := (&fakeProbe{rig: g.rig}).bytes()
	c := Charge{ChargeBytes: rss + 10<<20, PeakBytes: rss + 15<<20, Source: "fake"}
	if !g.reset {
		c.PeakBytes = 1 << 30
	}
	if g.rig.stopped > 0 {
		return Charge{}, errors.New("the group is gone")
	}
	return c, nil
}
func (g *fakeGroup) ResetPeak() error {
	g.reset = g.resetErr == nil
	return g.resetErr
}
func (g *fakeGroup) Close() error { g.closed++; return nil }

func (f *fakeRig) Sample(s Sample) error { f.samples = append(f.samples, s); return f.saveErr }
func (f *fakeRig) Bucket(b Bucket) error { f.buckets = append(f.buckets, b); return nil }
func (f *fakeRig) Save(r Result) error   { f.saved = append(f.saved, r); return nil }

type fakeProbe struct {
	rig *fakeRig
	pid int
}

func (p *fakeProbe) bytes() int64 {
	n := float64(p.rig.answered.Load()) / float64(1+len(p.rig.others))
	return int64(40<<20 + p.rig.keep*n + p.rig.warm*(1-math.Exp(-n/300)) + p.rig.drift*time.Since(p.rig.began).Seconds())
}

func (p *fakeProbe) Read() (rss, anon int64, err error) {
	p.rig.mu.Lock()
	defer p.rig.mu.Unlock()
	if p.pid != p.rig.pid && !slices.Contains(p.rig.others, p.pid) {
		return 0, 0, ErrGone
	}
	return p.bytes(), p.bytes() - 10<<20, nil
}
func (p *fakeProbe) Peak() (int64, error) {
	p.rig.mu.Lock()
	defer p.rig.mu.Unlock()
	clients := 0
	if n := len(p.rig.paces); n > 0 {
		clients = p.rig.paces[n-1].Clients
	}
	return p.bytes() + 5<<20 + int64(p.rig.crowd)*int64(clients), nil
}
func (p *fakeProbe) ResetPeak() error { p.rig.resets++; return p.rig.markErr }
func (p *fakeProbe) Detail() (Detail, error) {
	if p.rig.detail != nil {
		return Detail{}, p.rig.detail
	}
	return Detail{RSS: p.bytes(), PSS: p.bytes() - 8<<20, PrivateDirty: p.bytes() - 20<<20, PrivateClean: 1 << 20}, nil
}
func (p *fakeProbe) Close() error { return nil }

func fakePlan() Plan {
	return Plan{WarmupLimit: DefaultWarmup, SoakLimit: DefaultSoak, Precision: 0.2, ReserveRatio: 0.2, MemoryBytes: 2 << 30, CPUs: 2}
}

func runFake(t *testing.T, f *fakeRig, p Plan, ctx context.Context) (result Result, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f.exited, f.began = make(chan struct{}), time.Now()
		if ctx == nil {
			ctx = t.Context()
		}
		result, err = Run(ctx, p, f.rig(), Result{ID: "test", Host: Host{MemoryBytes: 8 << 30, AvailableBytes: 6 << 30, CPUs: f.cpus}})
	})
	return result, err
}

func phaseNames(r Result) []string {
	var names []string
	for _, p := range r.Phases {
		names = append(names, p.Name)
	}
	return names
}

func kindOf(err error) Kind {
	var f *Failure
	if errors.As(err, &f) {
		return f.Kind
	}
	return 0
}

func TestRunGoesThroughItsPhasesInOrder(t *testing.T) {
	f := newFakeRig()
	f.keep = 16384
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{PhaseBoot, PhaseIdle, PhaseCapacity, PhaseWarmup, PhaseSoak, PhaseRest, PhasePeak}
	if got := phaseNames(r); !slices.Equal(got, want) {
		t.Errorf("phases %v, want %v", got, want)
	}
	if got := f.paces[1].Rate; math.Abs(got-CapacityShare*500) > 5 {
		t.Errorf("warm-up at %.0f requests/s, want 70 %% of 500", got)
	}
	if got := f.paces[2].Clients; got != mostWaiting*2*2 {
		t.Errorf("the soak may have %d requests under way, want %d times the peak's", got, mostWaiting)
	}
	if got := f.paces[3].Clients; got != 2*2 || f.paces[3].Rate != 0 {
		t.Errorf("peak with %d clients at rate %.0f, want a closed loop of two a thread", got, f.paces[3].Rate)
	}
	if f.stopped != 1 {
		t.Errorf("stopped %d times", f.stopped)
	}
	if !r.Complete || r.Recommendation.Withheld != "" || r.Outcome() != 0 {
		t.Errorf("complete %v, withheld %q, outcome %d", r.Complete, r.Recommendation.Withheld, r.Outcome())
	}
	if r.Creep.Verdict != "creeping" || *r.Creep.Low > 16384 || *r.Creep.High < 16384 {
		t.Errorf("creep %s [%v, %v], want creeping around 16384", r.Creep.Verdict, r.Creep.Low, r.Creep.High)
	}
	if r.Recommendation.MaxRequests == 0 || r.Recommendation.Workers < 2 {
		t.Errorf("recommended %+v", r.Recommendation)
	}
	if last := f.saved[len(f.saved)-1]; last.Recommendation != r.Recommendation {
		t.Error("what was saved last is not what was returned")
	}
}

func TestRunScalesToOtherShapes(t *testing.T) {
	f := newFakeRig()
	var shapes []Shape
	f.scale = func(s Setup) (Target, error) {
		shapes = append(shapes, s.Shape)
		if s.Workers == 2 {
			return nil, errors.New("no second worker today")
		}
		return f, nil
	}
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []Shape{{1, 16}, {2, 2}}; !slices.Equal(shapes, want) {
		t.Errorf("shapes %v, want %v", shapes, want)
	}
	if r.Worker.Early == nil || r.Worker.Early.Requests != 3*500 {
		t.Fatalf("the reading after 3 s of 500 requests/s: %+v", r.Worker.Early)
	}
	if len(r.Law.Runs) != 1 || r.Law.Runs[0].Requests < r.Worker.Early.Requests || r.Law.Runs[0].MeasuredBytes == 0 {
		t.Errorf("runs %+v, less warm than the worker's after its first load", r.Law.Runs)
	}
	if !slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "not-scaled" }) {
		t.Errorf("the shape that failed is passed over: %v", r.Warnings)
	}
	if f.stopped != 2 || !r.Complete {
		t.Errorf("stopped %d times, complete %v", f.stopped, r.Complete)
	}
}

// The thread counts that the user names are measured, and weighed.
func TestRunScalesToTheThreadsAskedFor(t *testing.T) {
	f := newFakeRig()
	var shapes []Shape
	f.scale = func(s Setup) (Target, error) {
		shapes = append(shapes, s.Shape)
		return f, nil
	}
	p := fakePlan()
	p.OtherThreads = []int{5, 1}
	r, err := runFake(t, f, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []Shape{{1, 5}, {1, 1}, {2, 2}}; !slices.Equal(shapes, want) {
		t.Errorf("shapes %v, want %v", shapes, want)
	}
	for _, threads := range []int{1, 2, 5} {
		if !slices.ContainsFunc(r.Candidates, func(c Candidate) bool { return c.Threads == threads }) {
			t.Errorf("no candidate of %d threads", threads)
		}
	}
}

// sweepRig serves 400 requests a second by each worker, up to three; more workers take more memory and serve no more.
func sweepRig() (f *fakeRig, started *[]Setup) {
	f, started = newFakeRig(), &[]Setup{}
	f.noGroup, f.p99, f.cpus = "there is none", 0.01, 2
	f.scale = func(s Setup) (Target, error) {
		*started = append(*started, s)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.others = nil
		for i := range s.Workers - 1 {
			f.others = append(f.others, 200+i)
		}
		f.capacity = 400 * float64(min(s.Workers, 3))
		return f, nil
	}
	return f, started
}

func TestRunSweepsTheCandidates(t *testing.T) {
	f, started := sweepRig()
	p := fakePlan()
	p.Sweep = true
	r, err := runFake(t, f, p, nil)
	if err != nil || r.Sweep == nil {
		t.Fatal(err)
	}
	var shapes []Shape
	for _, run := range r.Sweep.Runs {
		shapes = append(shapes, Shape{run.Workers, run.Threads})
		if want := 400 * float64(min(run.Workers, 3)); math.Abs(run.RatePerSecond-want) > 1 || len(run.Rates) != 2 || run.Failed != "" || run.MeasuredBytes == 0 || run.PredictedBytes == 0 {
			t.Errorf("%+v, want %.0f requests/s", run, want)
		}
	}
	want := []Shape{{2, 2}, {3, 2}, {1, 2}, {2, 4}, {5, 1}}
	if !slices.Equal(shapes, want) || r.Sweep.Wanted != len(want) {
		t.Errorf("swept %v, want %v", shapes, want)
	}
	var last []Shape // after the run's own short runs, both rounds
	for _, s := range (*started)[len(*started)-2*len(want):] {
		last = append(last, s.Shape)
		if s.MaxRequests != 0 || s.MemoryLimit != 0 {
			t.Errorf("set up as %+v", s)
		}
	}
	if !slices.Equal(last, append(slices.Clone(want), want...)) {
		t.Errorf("started %v, want each once a round", last)
	}
	if rec := r.Recommendation; rec.Workers != 3 || rec.Threads != 2 || rec.Measured == "" {
		t.Errorf("recommended %+v", rec)
	}
	// The last candidate: two loads with two clients a thread, and one at the soak's rate.
	if last := f.paces[len(f.paces)-3:]; last[0] != (Pace{Clients: 10}) || last[1] != last[0] || last[2].Rate != r.Load.RateAsked || last[2].Clients != 128 {
		t.Errorf("paces %+v", last)
	}
	if f.stopped != len(*started)+1 {
		t.Errorf("%d started, %d stopped", len(*started)+1, f.stopped)
	}
	for _, s := range f.samples {
		if s.Phase == PhaseSweep {
			t.Fatal("samples of another app are in the run's journal")
		}
	}
}

// What goes wrong with one candidate costs its row.
func TestRunSweepsOnWhereOneFails(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f *fakeRig, s Setup) error
		says   string
	}{
		"it can't be started":    {func(*fakeRig, Setup) error { return errors.New("no third worker today") }, "no third worker today"},
		"a worker doesn't come":  {func(f *fakeRig, _ Setup) error { f.others = f.others[1:]; return nil }, "2 of 3 workers were found"},
		"most requests fail":     {func(f *fakeRig, _ Setup) error { f.fails = true; return nil }, "requests failed"},
		"no latency is known":    {func(f *fakeRig, _ Setup) error { f.p99 = 0; return nil }, "was answered"},
		"it takes far too much":  {func(f *fakeRig, _ Setup) error { f.warm = 3 << 30; return nil }, "more than half of the memory"},
		"its memory is not read": {func(f *fakeRig, _ Setup) error { f.detail = errors.New("denied"); return nil }, "could not be read"},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := sweepRig()
			scale := f.scale
			f.scale = func(s Setup) (Target, error) {
				f.fails, f.p99, f.warm, f.detail = false, 0.01, 0, nil
				app, err := scale(s)
				if s.Workers == 3 && err == nil {
					err = c.change(f, s)
				}
				return app, err
			}
			p := fakePlan()
			p.Sweep = true
			r, err := runFake(t, f, p, nil)
			if err != nil || len(r.Sweep.Runs) != r.Sweep.Wanted {
				t.Fatalf("%v, %+v", err, r.Sweep)
			}
			for _, run := range r.Sweep.Runs {
				if (run.Workers == 3) != (run.Failed != "") || run.Workers == 3 && !strings.Contains(run.Failed, c.says) {
					t.Errorf("%d workers: %q", run.Workers, run.Failed)
				}
			}
			if rec := r.Recommendation; rec.Workers == 3 || rec.Measured == "" {
				t.Errorf("recommended %+v", rec)
			}
		})
	}
}

// A sweep that is interrupted keeps what it has, and the run is whole; what it has decides nothing.
func TestRunInterruptedWhileItSweeps(t *testing.T) {
	f, _ := sweepRig()
	ctx, cancel := context.WithCancelCause(context.Background())
	scale := f.scale
	f.scale = func(s Setup) (Target, error) {
		if s.Workers == 1 && s.Threads == 2 {
			cancel(errors.New("Ctrl-C"))
		}
		return scale(s)
	}
	p := fakePlan()
	p.Sweep = true
	r, err := runFake(t, f, p, ctx)
	if kindOf(err) != KindInterrupted || !r.Complete || len(r.Sweep.Runs) != 2 || r.Recommendation.Workers != 2 || r.Recommendation.Measured != "" {
		t.Errorf("error %v, complete %v, swept %+v, recommended %+v", err, r.Complete, r.Sweep, r.Recommendation)
	}
	if last := f.saved[len(f.saved)-1]; len(last.Sweep.Runs) != 2 {
		t.Errorf("saved: %+v", last.Sweep)
	}
}

// A box of other cores than this machine's is sized by the law, and the report says so.
func TestRunSweepsForAnotherBox(t *testing.T) {
	f, _ := sweepRig()
	p := fakePlan()
	p.Sweep, p.CPUs = true, 1
	r, err := runFake(t, f, p, nil)
	if err != nil || len(r.Sweep.Runs) < 2 || r.Recommendation.Measured != "" {
		t.Fatalf("%v, %+v, %+v", err, r.Sweep, r.Recommendation)
	}
	warned := func(r Result) bool {
		return slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == sweepUndecided })
	}
	if !warned(r) {
		t.Errorf("nothing says that the sweep decides nothing: %v", r.Warnings)
	}
	r.Plan.CPUs = 2
	if here := r.Resized(); warned(here) || here.Recommendation.Measured == "" {
		t.Errorf("sized for this machine: %+v", here.Recommendation)
	}
}

func TestRunSweepsNothingOfOneCandidate(t *testing.T) {
	f, _ := sweepRig()
	p := fakePlan()
	p.Sweep, p.MinWorkers, p.MaxWorkers, p.MemoryBytes, p.OtherThreads = true, 2, 2, 140<<20, []int{2}
	r, err := runFake(t, f, p, nil)
	if err != nil || r.Sweep != nil || !slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "not-swept" }) {
		t.Errorf("%v, %+v, %v", err, r.Sweep, r.Warnings)
	}
}

// What is interrupted while it is only checked is whole, and says that it was interrupted.
func TestRunInterruptedWhileItScales(t *testing.T) {
	f := newFakeRig()
	ctx, cancel := context.WithCancelCause(context.Background())
	f.scale = func(Setup) (Target, error) {
		cancel(errors.New("Ctrl-C"))
		return f, nil
	}
	r, err := runFake(t, f, fakePlan(), ctx)
	if kindOf(err) != KindInterrupted || !r.Complete || r.Recommendation.Workers == 0 {
		t.Errorf("error %v, complete %v, recommended %+v", err, r.Complete, r.Recommendation)
	}
	var saved Result
	for _, s := range f.saved {
		if s.Complete {
			saved = s
			break
		}
	}
	if saved.Recommendation.Workers == 0 {
		t.Error("nothing whole was saved before the check began")
	}
}

func TestRunFlatApp(t *testing.T) {
	f := newFakeRig()
	f.warm = 10 << 20
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Creep.Verdict != "flat" || r.Recommendation.MaxRequests != 0 {
		t.Errorf("verdict %s, max-requests %d; want flat and none", r.Creep.Verdict, r.Recommendation.MaxRequests)
	}
}

func TestRunGivenLoadSkipsTheSearch(t *testing.T) {
	f := newFakeRig()
	p := fakePlan()
	p.Rate, p.Duration = 50, 20*time.Second
	r, err := runFake(t, f, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(phaseNames(r), PhaseCapacity) {
		t.Error("capacity was sought though the load was given")
	}
	if f.paces[0].Rate != 50 || f.paces[1].Duration != 20*time.Second {
		t.Errorf("paces %+v", f.paces)
	}
}

// What goes wrong in the middle ends the run, keeps what was measured, and never recommends.
func TestRunThatGoesWrong(t *testing.T) {
	after := func(seconds int, do func(*fakeRig)) func(string, *fakeRig) {
		return func(_ string, f *fakeRig) {
			if seconds--; seconds == 0 {
				do(f)
			}
		}
	}
	for _, c := range []struct {
		name string
		rig  func(*fakeRig)
		kind Kind
	}{
		{"the worker is replaced", func(f *fakeRig) {
			f.at = after(12, func(f *fakeRig) { f.mu.Lock(); f.pid++; f.mu.Unlock() })
		}, KindInconclusive},
		{"the app ends", func(f *fakeRig) { f.at = after(12, func(f *fakeRig) { close(f.exited) }) }, KindApp},
		{"most requests fail", func(f *fakeRig) { f.fails = true }, KindInconclusive},
		{"the disk is full", func(f *fakeRig) { f.saveErr = errors.New("no space left on device") }, KindTool},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeRig()
			c.rig(f)
			r, err := runFake(t, f, fakePlan(), nil)
			if kindOf(err) != c.kind {
				t.Errorf("error %v of kind %d, want kind %d", err, kindOf(err), c.kind)
			}
			if r.Complete || r.Recommendation.Withheld == "" || r.Recommendation.Workers != 0 {
				t.Errorf("complete %v, withheld %q, workers %d", r.Complete, r.Recommendation.Withheld, r.Recommendation.Workers)
			}
			if f.stopped != 1 {
				t.Errorf("the app was stopped %d times", f.stopped)
			}
			if len(f.saved) == 0 || f.saved[len(f.saved)-1].InterruptedBy == "" {
				t.Error("the partial run was not saved as such")
			}
		})
	}
}

func TestRunInterrupted(t *testing.T) {
	f := newFakeRig()
	ctx, cancel := context.WithCancelCause(context.Background())
	seconds := 0
	f.at = func(string, *fakeRig) {
		if seconds++; seconds == 15 {
			cancel(errors.New("Ctrl-C"))
		}
	}
	r, err := runFake(t, f, fakePlan(), ctx)
	if kindOf(err) != KindInterrupted || r.Complete || f.stopped != 1 {
		t.Errorf("error %v, complete %v, stopped %d times", err, r.Complete, f.stopped)
	}
	if r.Worker.PeakRSSBytes == 0 || len(f.samples) == 0 {
		t.Error("what was measured is lost")
	}
	if last := r.Phases[len(r.Phases)-1]; last.EndedBecause != CutShort {
		t.Errorf("the last phase ended because %q", last.EndedBecause)
	}
}

func TestRunStopsBeforeMemoryRunsOut(t *testing.T) {
	f := newFakeRig()
	f.keep = 1 << 20
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "memory-guard" }) {
		t.Errorf("no memory guard in %v", r.Warnings)
	}
	if limit := int64(5 << 30); r.Worker.PeakRSSBytes > limit {
		t.Errorf("the app was let grow to %d of 6 GB free", r.Worker.PeakRSSBytes)
	}
}

func TestRunWithoutAHighWaterMark(t *testing.T) {
	f := newFakeRig()
	f.keep, f.markErr = 16384, errors.New("permission denied")
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Worker.PeakSource != "samples" || !slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "peak-from-samples" }) {
		t.Errorf("peak from %q, warnings %v", r.Worker.PeakSource, r.Warnings)
	}
}
