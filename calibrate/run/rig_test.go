package run

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"workermem/calibrate"
)

// fakeRig is an app whose memory is a formula, under virtual time: it tests the order of the phases and what ends
// them. Real servers are measured by the end-to-end tests.
type fakeRig struct {
	keep     float64       // bytes kept a request
	warm     float64       // bytes gained exponentially, two thirds of them ...
	warmOver float64       // ... over so many requests
	capacity float64       // requests a second
	slows    float64       // requests a second beyond which an open loop waits, 0 for none
	fails    bool          // answers 500
	threads  int           // 0: as many requests at once as come
	limit    int           // requests at once that the server lets in, 0: all
	crowd    float64       // bytes held for each client while it is served ...
	pool     int           // ... of whom so many are served at once, 0: all
	p99      float64       // seconds, 0: not known
	cpus     int           // of the machine
	computes float64       // CPU seconds of the worker a request
	still    time.Duration // for which calibrate stands still in each load
	slept    float64       // seconds for which the machine has slept since its boot
	markErr  error
	saveErr  error
	stubborn int   // processes that had to be killed at the end
	leaving  int64 // bytes that a worker takes more while it ends
	copied   atomic.Int64
	scale    func(calibrate.Setup) (calibrate.Target, error)
	several  []calibrate.Route
	noGroup  string // why the app has no control group of its own

	answered atomic.Int64
	exited   chan struct{}
	mu       sync.Mutex
	pid      int
	paces    []calibrate.Pace
	stopped  int
	group    fakeGroup
	saved    []calibrate.Result
	samples  []calibrate.Sample
	buckets  []calibrate.Bucket
	at       func(phase string, f *fakeRig) // called once a second of load
	phases   []string
	told     func(calibrate.Status) // what the progress line is told

	helper    int     // process of 200 MB that is taken for the worker until so many requests are answered; 0: none
	shows     int64   // so many
	passing   bool    // the helper is gone by then
	others    []int   // workers beside pid: the requests are shared out evenly
	drift     float64 // bytes a second that a worker gains
	began     time.Time
	resets    int
	detail    error
	noURL     bool
	prepared  []int // loads that had been sent before each Prepare
	login     int64 // bytes that what there is to Prepare takes for a moment; 0: there is nothing
	spike     int64 // of it since the marks were set back
	refusal   error // of Prepare
	refusals  []calibrate.Refusal
	interrupt context.CancelCauseFunc
	coresErr  error // CPU time can't be read
}

func newFakeRig() *fakeRig {
	return &fakeRig{warmOver: 300, cpus: 4, computes: demand, capacity: 500, threads: 2, pid: 100, exited: make(chan struct{})}
}

// unsaidRig is one whose CPU time can't be read, so that nothing is said of what it serves: to simulate that takes most of a test's time.
func unsaidRig() *fakeRig {
	f := newFakeRig()
	f.coresErr = errUnread
	return f
}

var errUnread = errors.New("no /proc/stat")

func (f *fakeRig) rig() calibrate.Rig {
	return calibrate.Rig{Target: f, Scale: f.scale, Load: f, Memory: f, Journal: f, Progress: func(s calibrate.Status) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.phases) == 0 || f.phases[len(f.phases)-1] != s.Phase {
			f.phases = append(f.phases, s.Phase)
		}
		if f.told != nil {
			f.told(s)
		}
	}}
}

func (f *fakeRig) Start(context.Context) (calibrate.App, error) {
	time.Sleep(time.Second)
	return f, nil
}
func (f *fakeRig) Info() calibrate.TargetInfo {
	url := "http://127.0.0.1:1"
	if f.noURL {
		url = ""
	}
	return calibrate.TargetInfo{WorkerRule: f.rule(), Server: "fake", URL: url, Threads: f.threads, HasThreads: f.threads > 0, ConcurrencyLimit: f.limit, CanScale: true, CanRecycle: true, HasJitter: true, WorkerBootSeconds: 1}
}

// hidden says that the load has not shown yet who serves.
func (f *fakeRig) hidden() bool { return f.helper > 0 && f.answered.Load() < f.shows }

func (f *fakeRig) rule() calibrate.WorkerRule {
	if f.hidden() {
		return calibrate.WorkerRule{Kind: calibrate.RuleGuess, Words: "a guess"}
	}
	return calibrate.WorkerRule{Kind: calibrate.RuleServes, Words: "it serves"}
}

func (f *fakeRig) Warnings() []calibrate.Warning { return nil }
func (f *fakeRig) Workers() ([]int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hidden() {
		return []int{f.helper}, nil
	}
	return append([]int{f.pid}, f.others...), nil
}
func (f *fakeRig) Below() map[int][]int    { return nil }
func (f *fakeRig) Tree() []int             { return append([]int{1, f.pid}, f.others...) }
func (f *fakeRig) Exited() <-chan struct{} { return f.exited }
func (f *fakeRig) Failure(phase string) *calibrate.Failure {
	return &calibrate.Failure{What: "seen in " + phase, Kind: calibrate.KindTool}
}
func (f *fakeRig) Backlog() int { return 0 }
func (f *fakeRig) Group() (folder, why string) {
	if f.noGroup != "" {
		return "", f.noGroup
	}
	return "/sys/fs/cgroup/calibrate-1-2-3", ""
}
func (f *fakeRig) Stop(context.Context) (calibrate.Stopped, error) {
	f.stopped++
	f.copied.Store(f.leaving)
	time.Sleep(100 * time.Millisecond)
	f.copied.Store(0)
	return calibrate.Stopped{Seconds: 0.1, Killed: f.stubborn}, nil
}

func (f *fakeRig) Routes() []calibrate.Route { return f.several }

func (f *fakeRig) Prepare(context.Context, string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.prepared = append(f.prepared, len(f.paces))
	f.spike = f.login
	return f.login > 0, f.refusal
}
func (f *fakeRig) Answered() int64 { return f.answered.Load() }
func (f *fakeRig) Attack(ctx context.Context, _ string, p calibrate.Pace, each func(calibrate.Bucket)) (calibrate.Tally, error) {
	f.mu.Lock()
	f.paces = append(f.paces, p)
	f.mu.Unlock()
	rate := p.Rate
	if rate == 0 {
		rate = f.capacity
	}
	queued := f.slows > 0 && p.Rate > f.slows
	if queued {
		rate = f.slows
	}
	began := time.Now()
	var requests int64
	var times []float64
	var stood time.Duration
	for ctx.Err() == nil && (p.Duration == 0 || time.Since(began) < p.Duration) && (p.Requests == 0 || requests < p.Requests) {
		for range 10 { // the answers of a second don't come at once
			time.Sleep(100 * time.Millisecond)
			f.answered.Add(int64(rate / 10))
			requests += int64(rate / 10)
		}
		b := calibrate.Bucket{Requests: int64(rate)}
		if f.still > stood {
			time.Sleep(f.still)
			stood, b.Paused = f.still, f.still.Seconds()
		}
		b.Seconds = (time.Since(began) - stood).Seconds()
		if b.P50, b.P99 = 0.05, 0.08; queued {
			b.P50, b.P99 = min(0.05+0.1*b.Seconds, 0.5), 1
		}
		if f.fails {
			b.Errors = map[calibrate.ErrorClass]int64{"http_5xx": int64(rate)}
		} else {
			b.Succeeded = b.Requests
		}
		if f.at != nil {
			f.at("", f)
		}
		each(b)
	}
	if p.Timed {
		for i := range requests {
			times = append(times, 0.020+0.0001*float64(i%51))
		}
	}
	tally := calibrate.Tally{Mode: "open", Times: times, Requests: requests, Succeeded: requests, RateAsked: p.Rate, RateSent: rate, Seconds: (time.Since(began) - stood).Seconds(), Refusals: f.refusals}
	if f.fails {
		tally.Succeeded = 0
	}
	if f.p99 > 0 {
		tally.Latency.P99 = &f.p99
	}
	return tally, nil
}

func (f *fakeRig) Open(pid int) (calibrate.Probe, error) { return &fakeProbe{rig: f, pid: pid}, nil }

// Cores: of four cores, others keep one half busy, and the load takes a tenth of what the app takes.
func (f *fakeRig) Cores(int) (calibrate.CoreTime, error) {
	app, elapsed := f.cpuSeconds(), time.Since(f.began).Seconds()
	return calibrate.CoreTime{Cores: 4, Own: 0.1 * app, Busy: 1.1*app + 0.5*elapsed, Steal: 0.01 * elapsed, Slept: f.slept}, f.coresErr
}

// demand and atRest are what a request costs the worker, and the master.
const demand, atRest = 0.002, 0.0005

func (f *fakeRig) cpuSeconds() float64 { return (f.computes + atRest) * float64(f.answered.Load()) }

func (f *fakeRig) OpenGroup(string) (calibrate.Group, error) {
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
	counts         bool // CPU time, as v2 does
}

func (g *fakeGroup) Charge() (calibrate.Charge, error) {
	rss := (&fakeProbe{rig: g.rig}).bytes()
	c := calibrate.Charge{ChargeBytes: rss + 10<<20, PeakBytes: rss + 15<<20, Source: "fake"}
	if !g.reset {
		c.PeakBytes = 1 << 30
	}
	if g.rig.stopped > 0 {
		return calibrate.Charge{}, errors.New("the group is gone")
	}
	return c, nil
}
func (g *fakeGroup) ResetPeak() error {
	g.reset = g.resetErr == nil
	return g.resetErr
}
func (g *fakeGroup) CPU() (float64, error) {
	if !g.counts {
		return 0, errors.ErrUnsupported
	}
	return 100 + 1.2*g.rig.cpuSeconds(), nil // children that nobody waited for are in it
}
func (g *fakeGroup) Close() error { g.closed++; return nil }

func (f *fakeRig) Sample(s calibrate.Sample) error {
	f.samples = append(f.samples, s)
	return f.saveErr
}
func (f *fakeRig) Bucket(b calibrate.Bucket) error { f.buckets = append(f.buckets, b); return nil }
func (f *fakeRig) Save(r calibrate.Result) error   { f.saved = append(f.saved, r); return nil }

type fakeProbe struct {
	rig *fakeRig
	pid int
}

func (p *fakeProbe) bytes() int64 {
	n := float64(p.rig.answered.Load()) / float64(1+len(p.rig.others))
	return int64(40<<20 + p.rig.keep*n + p.rig.warm*(1-math.Exp(-n/p.rig.warmOver)) + p.rig.drift*time.Since(p.rig.began).Seconds())
}

func (p *fakeProbe) Read() (rss, anon int64, err error) {
	p.rig.mu.Lock()
	defer p.rig.mu.Unlock()
	if p.pid > 0 && p.pid == p.rig.helper && (!p.rig.passing || p.rig.hidden()) {
		return 200 << 20, 190 << 20, nil
	}
	if p.pid != p.rig.pid && !slices.Contains(p.rig.others, p.pid) {
		return 0, 0, calibrate.ErrGone
	}
	return p.bytes(), p.bytes() - 10<<20, nil
}
func (p *fakeProbe) Kinds() (calibrate.Resident, error) {
	rss, anon, err := p.Read()
	return calibrate.Resident{Anon: anon, File: rss - anon}, err
}
func (p *fakeProbe) Peak() (int64, error) {
	p.rig.mu.Lock()
	defer p.rig.mu.Unlock()
	if p.pid > 0 && p.pid == p.rig.helper {
		return 210 << 20, nil
	}
	clients := 0
	if n := len(p.rig.paces); n > 0 {
		clients = p.rig.paces[n-1].Clients
	}
	if p.rig.pool > 0 {
		clients = min(clients, p.rig.pool)
	}
	return p.bytes() + 5<<20 + int64(p.rig.crowd)*int64(clients) + p.rig.spike, nil
}
func (p *fakeProbe) ResetPeak() error {
	p.rig.mu.Lock()
	defer p.rig.mu.Unlock()
	p.rig.resets++
	p.rig.spike = 0
	return p.rig.markErr
}
func (p *fakeProbe) Detail() (calibrate.Detail, error) {
	if p.rig.detail != nil {
		return calibrate.Detail{}, p.rig.detail
	}
	return calibrate.Detail{RSS: p.bytes(), PSS: p.bytes() - 8<<20, PrivateDirty: p.bytes() - 20<<20 + p.rig.copied.Load(), PrivateClean: 1 << 20}, nil
}
func (p *fakeProbe) Status() (calibrate.ProcessStatus, error) {
	return calibrate.ProcessStatus{Program: "fake", Threads: 3}, p.rig.detail
}
func (p *fakeProbe) Virtual() (calibrate.Virtual, error) {
	return calibrate.Virtual{Bytes: 100<<20 + int64(p.pid), Threads: 3}, p.rig.detail
}

// CPU is shared out evenly among the workers; 1 is the master.
func (p *fakeProbe) CPU() (calibrate.CPUTime, error) {
	p.rig.mu.Lock()
	defer p.rig.mu.Unlock()
	c := calibrate.CPUTime{Start: int64(1000 + p.pid), Parent: 1, System: 0.01, Threads: map[int]calibrate.ThreadTime{p.pid: {Waited: 0.001 * float64(p.rig.answered.Load())}}}
	each := p.rig.computes / float64(1+len(p.rig.others))
	if p.pid == 1 {
		each, c.Parent, c.Threads = atRest, 0, nil
	}
	c.Own = 5 + each*float64(p.rig.answered.Load())
	return c, nil
}
func (p *fakeProbe) Close() error { return nil }

func fakePlan() calibrate.Plan {
	p := calibrate.Plan{WarmupLimit: DefaultWarmup}
	p.Precision, p.ReserveRatio, p.MemoryBytes, p.CPUs = 0.2, 0.2, 2<<30, 2
	return p
}

func runFake(t *testing.T, f *fakeRig, p calibrate.Plan, ctx context.Context) (result calibrate.Result, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f.exited, f.began = make(chan struct{}), time.Now()
		if ctx == nil {
			ctx = t.Context()
		}
		result, err = Run(ctx, p, f.rig(), calibrate.Result{ID: "test", Host: calibrate.Host{MemoryBytes: 8 << 30, AvailableBytes: 6 << 30, CPUs: f.cpus}})
	})
	return result, err
}

func phaseNames(r calibrate.Result) []string {
	var names []string
	for _, p := range r.Phases {
		names = append(names, p.Name)
	}
	return names
}

func kindOf(err error) calibrate.Kind {
	var f *calibrate.Failure
	if errors.As(err, &f) {
		return f.Kind
	}
	return 0
}

// otherWorkers are the pids of those beside the first.
func otherWorkers(s calibrate.Setup) (pids []int) {
	for i := range s.Workers - 1 {
		pids = append(pids, 101+i)
	}
	return pids
}
