package analyse

import (
	"math"

	"workermem/calibrate"
	"workermem/calibrate/sizing"
)

// Deployed is what a run says of a setup that somebody has chosen:
//
//	total = shared + N x (worker + T x thread + creep x (max-requests + jitter))
//
// with each worker at the end of its life at once. Its interval has the creep's own, and how far the law is off the shapes
// that were run. Nothing is known of threads for which the law doesn't vouch.
func Deployed(r calibrate.Result, s calibrate.Setup) calibrate.Deployed {
	bytes, parts := budget(r)
	d := calibrate.Deployed{
		Shape: s.Shape, MaxRequests: s.MaxRequests, Jitter: s.Jitter, Budget: parts, WantedRate: r.Plan.ProductionRate,
		Memory: calibrate.Bounded{Unit: calibrate.UnitBytes, Bound: calibrate.Figure(float64(bytes))},
	}
	if least, most := r.ThreadRange(); max(s.Threads, 1) >= least && max(s.Threads, 1) <= most && r.Worker.PeakRSSBytes > 0 {
		d.Memory.Reading = totalOf(r, s)
	}
	if s.MaxRequests == 0 && Slope(r) > 0 {
		d.GrowsSeconds = restartEvery(r)
		d.FullSeconds = d.GrowsSeconds * shareToFill(r, d)
	}
	serves(&d, r)
	return d
}

// shareToFill is the share of their growth with which workers that fit when they are young fill the budget, 0 where they never do.
func shareToFill(r calibrate.Result, d calibrate.Deployed) float64 {
	if !d.Memory.Known() || d.LeftBytes() >= 0 {
		return 0
	}
	_, each, _ := grownInLife(r, calibrate.Setup{Shape: d.Shape})
	grown := float64(d.Workers) * each
	return max(0, 1+float64(d.LeftBytes())/grown)
}

// totalOf is the sum of Deployed.
func totalOf(r calibrate.Result, s calibrate.Setup) calibrate.Reading {
	_, crowd := AtOnce(r)
	fixed := float64(r.Law.Total(s.Workers, max(s.Threads, 1)) + Leaving(r, s) + int64(s.Workers)*crowd)
	if r.Mode == calibrate.ModeAttach {
		fixed += float64(int64(s.Workers) * crept(r))
	}
	low, middle, high := grownInLife(r, s)
	off, workers := float64(r.Law.ResidualBytes), float64(s.Workers)
	return calibrate.Reading{
		Value: calibrate.Figure(fixed + workers*middle),
		Low:   calibrate.Figure(fixed + workers*low - off),
		High:  calibrate.Figure(fixed + workers*high + off),
	}
}

// grownInLife is what a worker grows by in its life: by the creep's lower bound, as found, and by the upper bound. Of flat memory
// it is only what the upper bound can't exclude, within a life that ends.
func grownInLife(r calibrate.Result, s calibrate.Setup) (low, middle, high float64) {
	life := float64(s.MaxRequests + s.Jitter)
	q := question(r, 0)
	grown := func(slope float64) float64 {
		if !(slope > 0) || math.IsInf(slope, 0) {
			return 0
		}
		q := q
		q.Creep.Slope, q.Creep.High = slope, slope
		return float64(sizing.Grown(q, s.Workers, life))
	}
	switch {
	case !q.Creep.Known:
		return 0, 0, 0
	case q.Creep.Verdict == calibrate.Creeping:
		high = grown(q.Creep.High)
		middle = grown(q.Creep.Slope)
		return grown(r.Creep.Together().Low), middle, max(high, middle)
	case q.Creep.Verdict == calibrate.Flat && !r.Creep.Harmless():
		return 0, 0, max(q.Creep.High, 0) * max(life-q.Requests, 0)
	}
	return 0, 0, 0
}

// serves is what they serve, held to what is wanted of them. What production may ask for is calibrate.MostUsed of it.
func serves(d *calibrate.Deployed, r calibrate.Result) {
	served, _ := servedOf(r, d.Workers, max(d.Threads, 1))
	if served.Rate > 0 {
		d.Serves = calibrate.Reading{Value: calibrate.Figure(served.Rate), Low: calibrate.Figure(served.RateLow), High: calibrate.Figure(served.RateHigh)}
	}
	if d.WantedRate == 0 {
		return
	}
	d.Rate = &calibrate.Bounded{Reading: d.Serves, Unit: calibrate.UnitRate, Least: true, Bound: calibrate.Figure(d.WantedRate / calibrate.MostUsed)}
	if r.Plan.P99Seconds > 0 {
		d.P99 = &calibrate.Bounded{Unit: calibrate.UnitSeconds, Bound: calibrate.Figure(r.Plan.P99Seconds)}
		if served.P99 > 0 {
			d.P99.Reading = calibrate.Reading{Value: calibrate.Figure(served.P99), Low: calibrate.Figure(served.P99Low), High: calibrate.SomeFigure(served.P99High)}
		}
	}
}
