package run

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/say"
)

const (
	sweepWarmup = 2 * time.Second // caches, connections, compilers
	sweepBusy   = 4 * time.Second
	sweepSteady = 3 * time.Second
	sweepLimit  = 20 * time.Second // of one load, for an app that needs longer for a few requests
)

// sweep really runs the best few candidates, so that the choice among them rests on throughput and latency, of which the
// law knows nothing. What goes wrong with one costs its row, not the run.
func (r *run) sweep(ctx context.Context) error {
	computed := r.analysed()
	if computed.Recommendation.Workers == 0 {
		return nil // there is nothing to choose from, which the report says
	}
	shapes := analyse.SweepShapes(computed)
	if len(shapes) < 2 {
		r.warn("not-swept", "fewer than two candidates fit and can be started by calibrate, or the recommended one can't, so nothing was compared",
			"give more memory or cores; or write {workers} where the command says how many")
		return nil
	}
	s := &calibrate.Sweep{CPUs: r.result.Host.SizingCPUs(), BudgetBytes: computed.Recommendation.BudgetBytes, Wanted: len(shapes), Runs: []calibrate.SweepRun{}}
	s.RateAsked, s.RateBasis = analyse.SweepRate(computed)
	r.result.Sweep = s
	for round := range analyse.SweepRounds {
		for i := range shapes {
			if round > 0 && s.Runs[i].Failed != nil {
				continue
			}
			row, err := r.compete(ctx, shapes, round, i)
			if err != nil {
				return err
			}
			if round == 0 {
				s.Runs = append(s.Runs, row)
			}
			s.Runs[i] = row
			if err := r.rig.Journal.Save(r.analysed()); err != nil {
				return journalFailure(err)
			}
		}
	}
	return nil
}

// compete runs one of the shapes for a round. What goes wrong with it is in its row; the error is what ends the run.
func (r *run) compete(ctx context.Context, shapes []calibrate.Shape, round, i int) (calibrate.SweepRun, error) {
	shape := shapes[i]
	c := &contender{
		place: fmt.Sprintf("round %s, %s of %s: %s", say.Count(round+1), say.Count(i+1), say.Count(len(shapes)), shape),
		after: (analyse.SweepRounds-round)*len(shapes) - i - 1, began: time.Now(),
		steady: calibrate.Pace{Rate: r.result.Sweep.RateAsked, Clients: r.steadyClients(shapes)},
		row:    calibrate.SweepRun{Workers: shape.Workers, Threads: shape.Threads, Errors: []calibrate.ErrorCount{}},
	}
	if round > 0 {
		c.row = r.result.Sweep.Runs[i]
	}
	err := r.startBeside(ctx, calibrate.Setup{Shape: shape}, calibrate.PhaseSweep, c.place, c.measure)
	if ctx.Err() != nil {
		return c.row, r.explain(ctx, ctx.Err()) // the run is whole all the same, and keeps what came before
	}
	if err != nil {
		c.row.Failed = missOf(err)
	}
	return c.row, nil
}

// steadyClients bounds the requests under way in the open loop, for all candidates alike.
func (r *run) steadyClients(shapes []calibrate.Shape) int {
	if limit := r.bound(); limit > 0 {
		return limit
	}
	most := 1
	for _, s := range shapes {
		most = max(most, mostWaiting*r.clientsOf(s))
	}
	return min(most, mostLoaded)
}

// contender is one candidate that is run.
type contender struct {
	*beside
	place  string // in the sweep, for the progress line
	after  int    // candidates still to come
	began  time.Time
	steady calibrate.Pace
	row    calibrate.SweepRun
	meter  meter

	mu       sync.Mutex // of what is read while the load goes on
	observed int64
}

// measure loads the app: every thread busy for its throughput and its memory, then the rate that all have for its latency.
func (c *contender) measure(ctx context.Context, b *beside) error {
	c.beside = b
	c.meter, _ = c.watch.openMeter(c.setup.Threads, c.result.Host.CPUs)
	defer c.meter.close()
	defer c.watch.follow(ctx, c.readTree)()
	from := c.rig.Load.Answered()
	busy := calibrate.Pace{Clients: c.clientsOf(c.setup.Shape)}
	c.row.Clients = busy.Clients
	if _, err := c.attack(ctx, busy, sweepWarmup, "warming up"); err != nil {
		return err
	}
	before := c.watch.readWork()
	tally, err := c.attack(ctx, busy, sweepBusy, "every thread busy")
	if err != nil {
		return err
	}
	work := c.watch.workSince(before)
	rate := float64(tally.Succeeded) / max(tally.Seconds, 1e-9)
	c.row.Rates = append(slices.Clone(c.row.Rates), rate)
	if rate > c.row.RatePerSecond {
		c.row.RatePerSecond, c.row.Work = rate, work
	}
	c.noteMemory(c.rig.Load.Answered() - from)
	if c.row.ObservedBytes == 0 {
		return &calibrate.Miss{Kind: calibrate.MissUnreadable}
	}
	if err := c.count(tally); err != nil {
		return err
	}
	if tally, err = c.attack(ctx, c.steady, sweepSteady, say.RequestRate(c.steady.Rate)); err != nil {
		return err
	}
	if tally.Latency.P99 == nil {
		return &calibrate.Miss{Kind: calibrate.MissFew, LimitSeconds: tally.Seconds}
	}
	if *tally.Latency.P99 < c.row.P99() {
		c.row.Latency, c.row.RateSent, c.row.LatencyRequests = tally.Latency, tally.RateSent, tally.Requests
	}
	return c.count(tally)
}

// noteMemory keeps the larger of the rounds' peaks.
func (c *contender) noteMemory(answered int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.observed == 0 {
		return
	}
	if bytes := c.observed + c.meter.unseen(); bytes > c.row.ObservedBytes {
		c.row.ObservedBytes, c.row.ObservedSource, c.row.BusyRequests = bytes, c.meter.source(), answered
	}
}

// attack loads the app until enough was seen.
func (c *contender) attack(ctx context.Context, pace calibrate.Pace, least time.Duration, waiting string) (calibrate.Tally, error) {
	return c.load(ctx, pace, func(so seen) state {
		s := atLeast(so, least, sweepLimit)
		s.waiting, s.left = c.place+", "+waiting, c.left()
		return s
	})
}

// left is how many seconds the sweep will still take.
func (c *contender) left() float64 {
	const each = sweepWarmup + sweepBusy + sweepSteady
	return (max(each-time.Since(c.began), 0) + time.Duration(c.after)*each).Seconds()
}

// count adds a load's requests to the row. Load that fails says nothing of the candidate.
func (c *contender) count(t calibrate.Tally) error {
	c.row.Requests += t.Requests
	c.row.Succeeded += t.Succeeded
	for _, e := range t.Errors {
		i := slices.IndexFunc(c.row.Errors, func(have calibrate.ErrorCount) bool { return have.Class == e.Class })
		if i < 0 {
			c.row.Errors = append(c.row.Errors, e)
			continue
		}
		c.row.Errors[i].Count += e.Count
	}
	if t.Requests == 0 || float64(t.Succeeded) < analyse.LeastSuccess*float64(t.Requests) {
		return &calibrate.Miss{Kind: calibrate.MissErrors, Requests: t.Requests, Succeeded: t.Succeeded}
	}
	return nil
}

// readTree reads the memory of the whole tree, and ends what takes too much of it.
func (c *contender) readTree() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if bytes, _, ok := c.meter.read(); ok {
		c.observed = max(c.observed, bytes)
	}
	if c.tooMuch(c.observed) {
		return &calibrate.Miss{Kind: calibrate.MissMemory, TakenBytes: c.observed}
	}
	return nil
}
