package main

import (
	"context"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workermem/calibrate"
	"workermem/loadgen"
	"workermem/sampler"
)

// speedEnough is how many requests a rate, and a 99th percentile, rest on; a slow app gets more time for them.
const (
	speedEnough   = 150
	speedTimes    = 1000
	speedWarm     = time.Second
	othersWarm    = 8 * time.Second // templates, caches, connections: the calibration's worker was warm
	speedPatience = 15 * time.Second
	speedCores    = 1024
)

// windowFor is as long as the flag says, or as so many requests at a rate take.
func windowFor(requests int, rate float64) time.Duration {
	if rate <= 0 {
		return *speedWindow
	}
	return min(max(*speedWindow, time.Duration(float64(requests)/rate*float64(time.Second))), speedPatience)
}

// measure starts the server in the row's shape and loads it; timed, also at rates that it can bear.
func (r *speedRow) measure(t *testing.T, c speedCase, clients int, said speedSaid, timed bool) {
	app, load := c.start(t, r.speedShape)
	if c.others {
		attack(t, load, app.Info().URL, calibrate.Pace{Clients: clients, Duration: othersWarm}, nil)
	}
	window := windowFor(speedEnough, r.predicted)
	r.speedLoad = said.calmest(t, func() speedLoad { return busyRate(t, app, load, clients, window) })
	r.lawful, _ = said.atCost(r.speedLoad).most(r.speedShape, clients)
	r.failed = ""
	if timed {
		for _, share := range []float64{0.5, 0.8} {
			at := speedAt{rate: share * r.measured}
			at.predicted = said.p99(r.speedShape, at.rate)
			at.speedLoad = said.calmest(t, func() speedLoad { return p99At(t, app, load, at.rate) })
			at.lawful = said.atCost(at.speedLoad).p99(r.speedShape, at.rate)
			r.at = append(r.at, at)
		}
	}
	stopApp(t, app)
}

// calmest is the least disturbed of a few loads, the first that is calm enough.
func (s speedSaid) calmest(t *testing.T, load func() speedLoad) (best speedLoad) {
	for again := range speedTries {
		before := spinTime(t)
		l := load()
		l.slower = (before+spinTime(t))/2/s.spin - 1
		if again == 0 || l.doubt() < best.doubt() {
			best = l
		}
		if best.doubt() <= speedDisturbed {
			break
		}
	}
	return best
}

// spinTime is the CPU time that a fixed piece of work takes, with every core at it, in the mean of the cores.
func spinTime(t *testing.T) (seconds float64) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	times := make(chan float64)
	cores := 0
	for core := range speedCores {
		if !all.IsSet(core) {
			continue
		}
		cores++
		go func() {
			runtime.LockOSThread() // for good: a thread on one core ends with its goroutine
			var one unix.CPUSet
			one.Set(core)
			_ = unix.SchedSetaffinity(0, &one)
			var from, to unix.Timespec
			_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &from)
			spin()
			_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &to)
			times <- float64(to.Nano()-from.Nano()) / 1e9
		}()
	}
	for range cores {
		seconds += <-times / float64(cores)
	}
	return seconds
}

var spun atomic.Uint64 // so that the work isn't optimised away

// spin keeps all units of a core busy and goes about its memory, as an interpreter does. A chain of multiplications, each of which
// waits for the one before, takes as long beside a busy hyperthread: while it said 1 % slower, a request of an app took 20 % more.
func spin() {
	const chains, rounds, words = 8, 96_000_000, 1 << 17 // 1 MB
	memory := make([]uint64, words)
	var x [chains]uint64
	for i := range x {
		x[i] = uint64(i)
	}
	for range rounds / chains {
		for i := range x {
			x[i] = x[i]*6364136223846793005 + 1442695040888963407
			memory[x[i]>>47] ^= x[i]
		}
	}
	spun.Add(memory[x[0]>>47])
}

// start starts the server in a shape, and what loads it, which has logged in.
func (c speedCase) start(t *testing.T, s speedShape) (calibrate.App, *loadgen.Loader) {
	t.Chdir(t.TempDir()) // apps write where they are started
	requests := c.requests
	inherited, err := pairs(c.inherited)
	if err != nil {
		t.Fatal(err)
	}
	env := Env{Getenv: func(name string) string { return inherited[name] }}
	requests.defaultPath(c.command)
	targets, load, err := requests.loader(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := specOf(env, appFlags{}, requests, c.command, targets)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(inherited, c.env)
	spec.Env, spec.Workers, spec.Threads = inherited, s.workers, s.threads
	app := startShape(t, spec)
	if _, err := load.Prepare(t.Context(), app.Info().URL); err != nil {
		t.Fatal(err)
	}
	return app, load
}

// speedLoad is what a load measured, requests a second or a time in seconds, and what of the machine it had.
type speedLoad struct {
	measured  float64
	cost, own float64 // CPU seconds a request of the app, and of its load
	disturbed float64 // share of the cores that others had, or that the machine's host withheld
	slower    float64 // share by which a fixed piece of work took longer than beside the calibration
}

// doubt is how far the machine was another than the calibration's.
func (l speedLoad) doubt() float64 { return max(l.disturbed, math.Abs(l.slower)) }

// busyRate is what is answered in a closed loop: of whole seconds, without the first, in which the server warms up, and without
// the last, in which the load ends.
func busyRate(t *testing.T, app calibrate.App, load *loadgen.Loader, clients int, window time.Duration) speedLoad {
	var buckets []calibrate.Bucket
	pace := calibrate.Pace{Clients: clients, Duration: speedWarm + window + 200*time.Millisecond}
	before := coresNow(t, app)
	tally := attack(t, load, app.Info().URL, pace, func(b calibrate.Bucket) { buckets = append(buckets, b) })
	found := coresNow(t, app).since(before, tally)
	if len(buckets) < 3 {
		t.Fatalf("%d seconds of load", len(buckets))
	}
	var requests int64
	first, last := buckets[0], buckets[len(buckets)-2]
	for _, b := range buckets[1 : len(buckets)-1] {
		requests += b.Succeeded
	}
	found.measured = float64(requests) / (last.Seconds - first.Seconds)
	return found
}

// coresRead is what the cores have done by a moment, in seconds.
type coresRead struct {
	at  time.Time
	app float64
	calibrate.CoreTime
}

func coresNow(t *testing.T, app calibrate.App) coresRead {
	memory, read := sampler.New(), coresRead{at: time.Now()}
	for _, pid := range app.Tree() {
		probe, err := memory.Open(pid)
		if err != nil {
			continue // it has just ended
		}
		if used, err := probe.CPU(); err == nil {
			read.app += used.Own + used.Reaped
		}
		_ = probe.Close()
	}
	var err error
	if read.CoreTime, err = memory.Cores(os.Getpid()); err != nil {
		t.Fatal(err)
	}
	return read
}

func (c coresRead) since(before coresRead, tally calibrate.Tally) (l speedLoad) {
	app, own := c.app-before.app, c.Own-before.Own
	others := max(c.Busy-before.Busy-app-own, 0)
	l.disturbed = (others + c.Steal - before.Steal) / (float64(c.Cores) * c.at.Sub(before.at).Seconds())
	l.cost, l.own = app/float64(max(tally.Requests, 1)), own/float64(max(tally.Requests, 1))
	return l
}

// p99At is the 99th percentile of the time in an open loop.
func p99At(t *testing.T, app calibrate.App, load *loadgen.Loader, rate float64) speedLoad {
	url := app.Info().URL
	attack(t, load, url, calibrate.Pace{Rate: rate, Duration: speedWarm / 2}, nil)
	before := coresNow(t, app)
	tally := attack(t, load, url, calibrate.Pace{Rate: rate, Duration: windowFor(speedTimes, rate)}, nil)
	if tally.Latency.P99 == nil {
		t.Fatal("nothing was answered")
	}
	found := coresNow(t, app).since(before, tally)
	found.measured = *tally.Latency.P99
	return found
}

func attack(t *testing.T, load *loadgen.Loader, url string, pace calibrate.Pace, each func(calibrate.Bucket)) calibrate.Tally {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tally, err := load.Attack(ctx, url, pace, each)
	if err != nil {
		t.Fatal(err)
	}
	if tally.Succeeded < tally.Requests*99/100 {
		t.Fatalf("%d of %d requests succeeded: %v", tally.Succeeded, tally.Requests, tally.Errors)
	}
	return tally
}

// pin has this process, and all that it starts, run on one core, until the returned function is called.
func pin(t *testing.T, core int) (free func()) {
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	if !before.IsSet(core) || !before.IsSet(0) {
		t.Skipf("core %d can't be used", core)
	}
	one.Set(core)
	setThreads(t, &one)
	return func() { setThreads(t, &before) }
}

// setThreads goes through the threads until a round finds no new one: each begins on the cores of the one that made it.
func setThreads(t *testing.T, cores *unix.CPUSet) {
	done := map[string]bool{}
	for grown := true; grown; {
		grown = false
		threads, err := os.ReadDir(filepath.Join("/proc", "self", "task"))
		if err != nil {
			t.Fatal(err)
		}
		for _, thread := range threads {
			id, _ := strconv.Atoi(thread.Name())                                // the kernel's own format
			if done[thread.Name()] || unix.SchedSetaffinity(id, cores) != nil { // it may have ended
				continue
			}
			done[thread.Name()], grown = true, true
		}
	}
}
