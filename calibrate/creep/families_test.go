package creep

import (
	"math"
	"math/rand/v2"
)

const (
	kb = 1 << 10
	mb = 1 << 20
)

// window is how a series is measured: its rate in requests a second, its length in seconds, its readings a second.
type window struct{ rate, seconds, hertz float64 }

func (w window) requests() float64 { return w.rate * w.seconds }

// simulated is one series with its true answer.
type simulated struct {
	points []Point
	truth  float64 // bytes a request that stay
	rss    float64
}

// family makes series of one kind.
type family struct {
	name     string
	leaks    bool
	settling bool
	make     func(r *rand.Rand, w window) simulated
}

// worker is a simulated worker's memory: a sum of the things that move the memory of real ones.
type worker struct {
	base     float64
	leak     float64 // bytes a request
	grain    float64 // the leak comes in steps of this many bytes
	warm     func(x, t float64) float64
	sigma    float64 // stationary standard deviation of the noise, bytes
	phi      float64 // its correlation between readings
	tooth    float64 // sawtooth height, bytes
	period   float64 // its length, requests
	ragged   float64 // how much teeth differ
	spikes   float64 // a second
	spike    float64 // their mean height, bytes
	spikeFor float64 // seconds they last, on average
	doubling bool    // a heap collected when it has doubled
	live     float64 // its live bytes at the start
	alloc    float64 // garbage bytes a request
}

func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }
func logBetween(r *rand.Rand, low, high float64) float64 {
	return low * math.Pow(high/low, r.Float64())
}

// plain is a worker that does nothing but tremble.
func plain(r *rand.Rand) worker {
	return worker{
		base:  logBetween(r, 25*mb, 400*mb),
		sigma: logBetween(r, 20*kb, 1.5*mb),
		phi:   between(r, 0, 0.97),
		grain: logBetween(r, 4*kb, 1*mb),
	}
}

// settlingTime is a time constant in requests: half of what settles does so with requests, half with time.
func settlingTime(r *rand.Rand, w window) float64 {
	if r.IntN(2) == 0 {
		return min(logBetween(r, 150, 2400), 0.4*w.requests())
	}
	return min(logBetween(r, 1.5, 24)*w.rate, 0.4*w.requests())
}

func exponential(r *rand.Rand, w window) func(x, t float64) float64 {
	height, tau := logBetween(r, 2*mb, 80*mb), settlingTime(r, w)
	return func(x, _ float64) float64 { return -height * math.Expm1(-x/tau) }
}

// logarithmic grows like a cache whose keys are ever less often new.
func logarithmic(r *rand.Rand, w window) func(x, t float64) float64 {
	x0 := logBetween(r, 10, 0.05*w.requests())
	height := logBetween(r, 2*mb, 40*mb) / math.Log1p(w.requests()/x0)
	return func(x, _ float64) float64 { return height * math.Log1p(x/x0) }
}

// stairs fill a cache by steps, ever further apart, and stop.
func stairs(r *rand.Rand, w window) func(x, t float64) float64 {
	smooth := exponential(r, w)
	step := logBetween(r, 256*kb, 8*mb)
	return func(x, t float64) float64 { return step * math.Floor(smooth(x, t)/step) }
}

func (v worker) withTeeth(r *rand.Rand, w window) worker {
	v.tooth = logBetween(r, 0.5*mb, 40*mb)
	v.period = logBetween(r, 0.5, 8) * w.rate
	v.ragged = between(r, 0, 0.5)
	return v
}

func (v worker) withSpikes(r *rand.Rand, _ window) worker {
	v.spikes = logBetween(r, 0.05, 1)
	v.spike = logBetween(r, 1*mb, 60*mb)
	v.spikeFor = logBetween(r, 0.03, 1)
	return v
}

func (v worker) withDoubling(r *rand.Rand, _ window) worker {
	v.doubling = true
	v.live = logBetween(r, 4*mb, 40*mb)
	v.alloc = logBetween(r, 100*kb, 1*mb)
	return v
}

// background is any worker that doesn't leak: nearly all settle, half have teeth, half have spikes.
func background(r *rand.Rand, w window) worker {
	v := plain(r)
	switch r.IntN(6) {
	case 0:
	case 1, 2, 3:
		v.warm = exponential(r, w)
	case 4:
		v.warm = logarithmic(r, w)
	case 5:
		v.warm = stairs(r, w)
	}
	if r.IntN(2) == 0 {
		v = v.withTeeth(r, w)
	}
	if r.IntN(2) == 0 {
		v = v.withSpikes(r, w)
	}
	return v
}

// series plays the worker through the window, from its first request.
func (v worker) series(r *rand.Rand, w window) simulated {
	n := int(w.seconds * w.hertz)
	out := simulated{points: make([]Point, 0, n), truth: v.trueCreep()}
	p := playing{worker: v, r: r, noise: v.sigma * r.NormFloat64(), length: v.period, height: v.tooth,
		heap: v.live, goal: 2 * v.live, high: v.live}
	var requests float64
	for i := range n {
		t := float64(i) / w.hertz
		step := w.rate / w.hertz * between(r, 0.9, 1.1)
		requests += step
		x := math.Floor(requests)
		y := v.base + p.kept(x, t, step) + p.tremble() + p.teeth(step) + p.spikesIn(1/w.hertz)
		out.points = append(out.points, Point{Seconds: t, Requests: x, Bytes: 4096 * math.Floor(y/4096)})
	}
	out.rss = out.points[len(out.points)-1].Bytes
	return out
}

// trueCreep is the leak, or what a doubling heap makes of it: collected at twice its live bytes, it grows by two for
// each byte kept, but in steps. Its peak is twice what was alive one to two collections ago, and each collection comes
// later by 1 + leak/alloc than the last.
func (v worker) trueCreep() float64 {
	if v.doubling {
		return v.leak * 2 / math.Pow(1+v.leak/v.alloc, 1.5)
	}
	return v.leak
}

// playing is a worker in the course of a series.
type playing struct {
	worker
	r                      *rand.Rand
	noise                  float64
	tooth, length, height  float64 // of the sawtooth: requests into the tooth, its requests, its bytes
	spikeLeft, spikeHeight float64 // seconds, bytes
	heap, goal, high       float64 // of the doubling heap: bytes now, at which it is collected, ever
}

// settled is what warm-up has added by now.
func (p *playing) settled(x, t float64) float64 {
	if p.warm == nil {
		return 0
	}
	return p.warm(x, t)
}

// kept is what warm-up and the leak hold after x requests, of which the last step came since the last reading.
func (p *playing) kept(x, t, step float64) float64 {
	switch {
	case p.doubling:
		return p.settled(x, t) + p.collected(x, t, step)
	case p.grain > 0:
		return p.settled(x, t) + p.grain*math.Floor(p.leak*x/p.grain)
	}
	return p.settled(x, t) + p.leak*x
}

// collected is the most a doubling heap has held.
func (p *playing) collected(x, t, step float64) float64 {
	const parts = 100 // of a reading, so that several collections fit into one
	for k := range parts {
		live := p.live + p.leak*(x-step*float64(parts-1-k)/parts) + p.settled(x, t)/4
		if p.heap += p.alloc * step / parts; p.heap >= p.goal {
			p.high = max(p.high, p.heap)
			p.heap, p.goal = live, max(2*live, 4*mb)
		}
	}
	p.high = max(p.high, p.heap)
	return p.high
}

// tremble is AR(1) noise.
func (p *playing) tremble() float64 {
	p.noise = p.phi*p.noise + math.Sqrt(1-p.phi*p.phi)*p.sigma*p.r.NormFloat64()
	return p.noise
}

// teeth is garbage that grows until it is collected.
func (p *playing) teeth(step float64) float64 {
	if p.worker.tooth == 0 {
		return 0
	}
	p.tooth += step
	for p.tooth > p.length {
		p.tooth -= p.length
		p.length = p.period * between(p.r, 1-p.ragged, 1+p.ragged)
		p.height = p.worker.tooth * between(p.r, 1-p.ragged, 1+p.ragged)
	}
	return p.height * p.tooth / p.length
}

// spikesIn is what short-lived buffers hold at a reading so many seconds after the last.
func (p *playing) spikesIn(seconds float64) float64 {
	p.spikeLeft -= seconds
	if p.spikes > 0 && p.r.Float64() < p.spikes*seconds {
		p.spikeLeft, p.spikeHeight = p.spikeFor*p.r.ExpFloat64(), p.spike*p.r.ExpFloat64()
	}
	if p.spikeLeft > 0 {
		return p.spikeHeight
	}
	return 0
}

// recycled is what is left to analyse when the worker is replaced in the middle: the longer life, with its own warm-up.
func recycled(r *rand.Rand, w window, v worker) simulated {
	w.seconds *= between(r, 0.5, 0.9)
	return v.series(r, w)
}

// byClock are the same kinds, their truth in bytes a second.
func byClock(all []family) []family {
	timed := make([]family, len(all))
	for i, f := range all {
		timed[i] = f
		timed[i].make = func(r *rand.Rand, w window) simulated {
			s := f.make(r, w)
			s.truth *= w.rate
			return s
		}
	}
	return timed
}

// families are the kinds of series of the bench.
func families() []family {
	quiet := func(name string, settling bool, build func(r *rand.Rand, w window) worker) family {
		return family{name: name, settling: settling, make: func(r *rand.Rand, w window) simulated { return build(r, w).series(r, w) }}
	}
	leaky := func(name string, leak float64, build func(r *rand.Rand, w window) worker) family {
		return family{name: name, leaks: true, make: func(r *rand.Rand, w window) simulated {
			v := build(r, w)
			v.leak = leak
			return v.series(r, w)
		}}
	}
	return []family{
		quiet("AR(1) noise", false, func(r *rand.Rand, w window) worker { return plain(r) }),
		quiet("settling, exponential", true, func(r *rand.Rand, w window) worker {
			v := plain(r)
			v.warm = exponential(r, w)
			return v
		}),
		quiet("settling, logarithmic", true, func(r *rand.Rand, w window) worker {
			v := plain(r)
			v.warm = logarithmic(r, w)
			return v
		}),
		quiet("settling, staircase", true, func(r *rand.Rand, w window) worker {
			v := plain(r)
			v.warm = stairs(r, w)
			return v
		}),
		quiet("sawtooth", false, func(r *rand.Rand, w window) worker { return plain(r).withTeeth(r, w) }),
		quiet("spikes", false, func(r *rand.Rand, w window) worker { return plain(r).withSpikes(r, w) }),
		quiet("heap doubling", true, func(r *rand.Rand, w window) worker {
			v := plain(r).withDoubling(r, w)
			v.warm = exponential(r, w)
			return v
		}),
		quiet("mixture", true, func(r *rand.Rand, w window) worker {
			v := plain(r).withTeeth(r, w).withSpikes(r, w)
			v.warm = exponential(r, w)
			return v
		}),
		{name: "recycled", make: func(r *rand.Rand, w window) simulated {
			return recycled(r, w, background(r, w))
		}},
		leaky("linear 1 KB", 1*kb, background),
		leaky("linear 5 KB", 5*kb, background),
		leaky("linear 20 KB", 20*kb, background),
		leaky("linear 100 KB", 100*kb, background),
		leaky("staircase 5 KB", 5*kb, func(r *rand.Rand, w window) worker {
			v := plain(r)
			v.grain = logBetween(r, 256*kb, 4*mb)
			return v
		}),
		leaky("sawtooth 5 KB", 5*kb, func(r *rand.Rand, w window) worker { return plain(r).withTeeth(r, w) }),
		leaky("heap doubling 5 KB", 5*kb, func(r *rand.Rand, w window) worker { return plain(r).withDoubling(r, w) }),
		leaky("settling + 5 KB", 5*kb, func(r *rand.Rand, w window) worker {
			v := plain(r)
			v.warm = exponential(r, w)
			return v
		}),
		{name: "recycled 5 KB", leaks: true, make: func(r *rand.Rand, w window) simulated {
			v := background(r, w)
			v.leak = 5 * kb
			return recycled(r, w, v)
		}},
	}
}
