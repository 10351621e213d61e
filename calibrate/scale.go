package calibrate

import (
	"context"
	"fmt"
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
	for _, shape := range r.shapes() {
		if err := r.scaleTo(ctx, shape); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return r.explain(ctx, cause)
			}
			r.warn("not-scaled", fmt.Sprintf("%d workers of %d threads could not be measured (%v), so that much of the law is "+
				"computed, not checked", shape.Workers, shape.Threads, err), "look at app.log in the run's folder")
		}
	}
	return nil
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

func (r *run) scaleTo(ctx context.Context, shape Shape) error {
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
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		defer cancel()
		if stopped, err := app.Stop(ctx); err != nil || stopped.Left > 0 {
			r.warn("processes-left", fmt.Sprintf("%d processes of the app could not be ended", stopped.Left),
				"look for them with ps, and end them by hand")
		}
	}()
	return r.measureShape(ctx, app, shape)
}

// measureShape loads every thread of every worker, and reads the whole tree afterwards.
func (r *run) measureShape(ctx context.Context, app App, shape Shape) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &watcher{rig: r.rig, app: app, started: r.started, fail: cancel, phase: PhaseScale}
	w.look()
	defer w.closeProbes()
	if len(w.probes) != shape.Workers {
		return fmt.Errorf("%d workers were found", len(w.probes))
	}
	answered := r.rig.Load.Answered()
	began := time.Now()
	clients := clientsPerThread * shape.Workers * max(shape.Threads, 1)
	_, err := r.rig.Load.Attack(ctx, app.Info().URL, Pace{Clients: clients}, func(Bucket) {
		took, requests := time.Since(began), r.rig.Load.Answered()-answered
		enough := took >= scaleTime && requests >= int64(scaleRequests*shape.Workers)
		if enough || took >= scaleLimit {
			cancel(errEnough)
		}
	})
	if err != nil {
		return err
	}
	if parent := context.Cause(ctx); parent != nil && parent.Error() != errEnough.Error() {
		return parent
	}
	total, processes, err := w.total()
	if err != nil {
		return err
	}
	r.result.Law.Runs = append(r.result.Law.Runs, LawRun{
		Workers: shape.Workers, Threads: shape.Threads, TotalBytes: total,
		Requests: r.rig.Load.Answered() - answered, Processes: processes,
	})
	return nil
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
