package calibrate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Shape is how many workers, and threads in each, an app is started with.
type Shape struct{ Workers, Threads int }

const (
	scaleTime     = 3 * time.Second
	scaleLimit    = 10 * time.Second
	scaleRequests = 1000 // a worker: copy-on-write has done its work after some 800, measured with preload
)

// scale runs the app in a few other shapes for some seconds each, which turns one worker's memory into a law for many.
// It comes after the main app has ended, so that both never compete for memory. A shape that fails costs the law its
// check, not the run its answer.
func (r *run) scale(ctx context.Context) error {
	if r.rig.Scale == nil {
		return nil
	}
	for _, p := range r.result.Phases {
		if strings.HasPrefix(p.EndedBecause, memoryEnded) {
			return nil // it was too much for this machine with one worker
		}
	}
	for _, shape := range r.shapes() {
		r.tryScale(ctx, shape)
		if ctx.Err() != nil {
			return r.explain(ctx, ctx.Err()) // the run is whole all the same: only its check is missing
		}
		if err := r.rig.Journal.Save(r.analysed()); err != nil {
			return journalFailure(err)
		}
	}
	return nil
}

func (r *run) tryScale(ctx context.Context, shape Shape) {
	if err := r.scaleTo(ctx, shape); err != nil {
		r.warn("not-scaled", fmt.Sprintf("%d workers of %d threads could not be measured (%v), so that much of the law is "+
			"computed, not checked", shape.Workers, shape.Threads, err), "look at app.log in the run's folder")
	}
}

// shapes are the measured one with other threads, where the server has any, and with a second worker.
func (r *run) shapes() []Shape {
	threads := max(r.result.Target.Threads, 1)
	other := 1
	if threads == 1 {
		other = 4
	}
	var all []Shape
	if r.result.Target.HasThreads {
		all = append(all, Shape{1, other})
	}
	if r.result.Target.CanScale {
		all = append(all, Shape{2, threads})
	}
	return all
}

// highest is the highest peak of the main run's phases.
func (r *run) highest() int64 {
	var highest int64
	for _, p := range r.result.Phases {
		highest = max(highest, p.PeakRSSBytes)
	}
	return highest
}

func (r *run) scaleTo(ctx context.Context, shape Shape) error {
	if free := r.result.Host.AvailableBytes; free > 0 && float64(int64(shape.Workers)*r.highest()) > guardShare*float64(free) {
		return errors.New("they might take more than half of the memory that is free")
	}
	target, err := r.rig.Scale(shape)
	if err != nil {
		return err
	}
	r.phase = PhaseScale
	stopTelling := r.tellWhile(fmt.Sprintf("%d workers of %d threads", shape.Workers, shape.Threads))
	app, err := target.Start(ctx)
	stopTelling()
	if err != nil {
		return err
	}
	defer r.end(ctx, app)
	return r.measureShape(ctx, app, shape)
}

// measureShape loads every thread of every worker, and reads the whole tree afterwards.
func (r *run) measureShape(ctx context.Context, app App, shape Shape) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &watcher{rig: r.rig, app: app, started: r.started, fail: cancel, phase: PhaseScale}
	defer w.closeProbes()
	if found := w.await(ctx, shape.Workers); found != shape.Workers {
		return fmt.Errorf("%d workers were found", found)
	}
	answered := r.rig.Load.Answered()
	began := time.Now()
	clients := shape.Workers * max(r.clients(), r.plan.Clients)
	if r.result.Target.Threads > 0 {
		clients = shape.Workers * clientsPerThread * shape.Threads
	}
	tally, err := r.rig.Load.Attack(ctx, app.Info().URL, Pace{Clients: clients}, func(Bucket) {
		took, requests := time.Since(began), r.rig.Load.Answered()-answered
		enough := took >= scaleTime && requests >= int64(scaleRequests*shape.Workers)
		if enough || took >= scaleLimit {
			cancel(errEnough)
		}
		w.read()
		if short, why := r.memoryShort(w.taken(0)); short {
			cancel(errors.New(why))
		}
	})
	if err != nil {
		return err
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errEnough) {
		return cause
	}
	if tally.Requests < int64(fewRequests*shape.Workers) || float64(tally.Succeeded) < leastSuccess*float64(tally.Requests) {
		return fmt.Errorf("%d of %d requests succeeded", tally.Succeeded, tally.Requests)
	}
	total, processes, err := w.total()
	if err != nil {
		return err
	}
	charge, chargePeak := r.charged(app)
	r.result.Law.Runs = append(r.result.Law.Runs, LawRun{
		Workers: shape.Workers, Threads: shape.Threads, TotalBytes: total,
		Requests: r.rig.Load.Answered() - answered, Processes: processes,
		ChargeBytes: charge, ChargePeakBytes: chargePeak,
	})
	return nil
}

// await looks until so many workers are there: the first may answer while a server still forks the others.
func (w *watcher) await(ctx context.Context, workers int) (found int) {
	for deadline := time.Now().Add(3 * time.Second); ; {
		w.look()
		found = len(w.probes)
		if found == workers || time.Now().After(deadline) {
			return found
		}
		select {
		case <-ctx.Done():
			return found
		case <-time.After(SampleInterval):
		}
	}
}

// total is the memory of the whole tree at its workers' peaks.
func (w *watcher) total() (bytes int64, processes int, err error) {
	end, err := w.end()
	if err != nil {
		return 0, 0, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	bytes = end.TreePSSBytes
	for _, p := range w.probes {
		rss, _, err := p.Read()
		if err != nil {
			return 0, 0, err
		}
		peak, err := p.Peak()
		if err != nil {
			return 0, 0, err
		}
		bytes += max(peak-rss, 0) + kernelMemory
	}
	return bytes, end.Processes, nil
}
