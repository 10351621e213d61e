// Package creep tells whether a worker's memory creeps: whether it grows with the requests served and does not come back.
//
// The promise, kept on the simulated series of this package's bench (TestBench, TestSoakBench): of workers that don't
// creep at most 0.5 % are called creeping, of those still settling at most 2 %, and at least 95 % of the intervals hold
// the true slope. If the series can't tell, the verdict says so and names what is missing.
//
// False alarms come from warm-up, not from chance: nearly all workers grow at first, slower and slower, and a straight
// line through that is "significant" nearly always. So the estimate is not one line but all the curves that explain the
// readings about equally well, and the interval covers them all:
//
//  1. Idle stretches, in which no request completes, are cut (series.go).
//  2. The first fifth of the requests is dropped; the rest is put into at most 30 buckets of equally many readings.
//     A bucket's value is the 10th percentile of its readings, its own trend apart: the lower envelope, which spikes
//     and the teeth of a garbage collector don't move (bucket.go).
//  3. With u the share of the requests done, least squares fits the line and two ways of settling (fit.go):
//     y = a + s*u
//     y = a + s*u + A*(1 - e^(-u/tau))    for six tau, A > 0
//     y = a + s*u + A*ln(1 + u/u0)        for two u0, A > 0
//     For a fit of p parameters to m buckets whose residuals have lag-1 correlation r, the slope's half-width is
//     t(97.5 %, max(n-p, 1.5)) * sqrt(RSS/(m-p) * (1+r)/(1-r) / S), with n = m*(1-r)/(1+r) the buckets' worth of news
//     and S the sum of squares of u that the other terms leave.
//  4. The slope is that of the best curve if n*ln(RSS_line/RSS_curve) > 2*ln(n+1), else of the line. The interval is the
//     union over the fits with n*ln(RSS/RSS_best) < 3.84 (interval.go).
//  5. The interval is widened for what least squares can't know: the second half's own slope, the grain of the
//     allocator (0.26 MB over the series), one per cent of the slope itself.
//  6. The verdict (verdict.go, axis.go) is creeping if even the low end matters: it is above 250 B a request, 2 % of RSS per
//     10 000 requests, and 1.25 MB over the series. It is flat if even the high end doesn't: it is below 5 % of RSS per
//     10 000 requests. Growth whose second half is slower than 0.6 of the first is warming. The rest is inconclusive, and
//     so is growth whose second half is faster than 1.5 of the first.
//
// Steps 2 to 4 follow Theil 1950 and Sen 1968 for slopes, Bartlett 1935 for the effective sample size, Schwarz 1978 for
// the choice of a curve, and the likelihood interval (Wilks 1938) for the union; putting them together is our own.
//
// If nothing counts the requests, the same steps measure growth over time ([ByTime]), with nothing cut as idle and with
// limits of their own (axis.go). That is weaker: load that rises through the watch looks like creep, and a worker without
// requests looks flat.
//
// What it can't tell: a worker that settles much more slowly than the soak lasts, or a sawtooth longer than the soak, looks
// like creep. A leak in steps of which none fell into the soak looks flat. A heap that is collected at twice its live bytes
// creeps at twice the bytes kept, and that is its true cost.
package creep

import "workermem/calibrate"

// Point is one reading of a worker's memory; of several workers the mean.
type Point struct {
	Seconds  float64 // since the series began
	Requests float64 // completed since the series began
	Bytes    float64 // anonymous resident memory: RSS minus file pages
}

// Estimate is what a series says about creep.
type Estimate struct {
	Verdict    calibrate.Verdict
	Slope      float64            // bytes a request, or by time a second; it and the bounds mean something only if Known
	Low, High  float64            // the same
	Known      bool               // a fit could be made at all
	Confidence float64            // of Low to High: 0.95
	Detectable float64            // the smallest creep, as Slope, that this series could have told from none
	Requests   float64            // completed in the part the estimate rests on: idle stretches and the first fifth are left out; 0 by time
	Seconds    float64            // that part's length
	Missing    *calibrate.Missing // if warming or inconclusive: what is missing; nil if not
	Method     string             // short name of the method
}

// Grows says that the slope would matter if it were known for sure: it is beyond what counts as creeping.
func (e Estimate) Grows() bool { return e.Known && e.Slope > e.least() }

// least is the slope above which the low end counts as creeping.
func (e Estimate) least() float64 { return e.Detectable - (e.Slope - e.Low) }

// Lower is the estimate where as much of the growth may be something else: the low end goes down by so many bytes over the
// whole of the series, and what is no creep then is flat.
func (e Estimate) Lower(bytes, length float64) Estimate {
	least := e.least()
	e.Low -= bytes / length
	e.Detectable = least + e.Slope - e.Low
	if e.Low <= least {
		e.Verdict = calibrate.Flat
	}
	return e
}

// method names steps 1 to 6 of the package doc.
const method = "settling-profile/2"

// confidence of the interval.
const confidence = 0.95

// Analyse estimates the creep of one worker generation (one pid) whose resident memory is rss bytes. It takes readings
// in any order and ignores broken ones.
func Analyse(series []Point, rss float64) Estimate {
	return byRequest.analyse(busy(series), rss)
}

// Brief is Analyse for the few seconds of a quick run.
func Brief(series []Point, rss float64) Estimate {
	return byFewRequests.analyse(busy(series), rss)
}

// Scarce is Analyse for a soak that ended in time, with few requests.
func Scarce(series []Point, rss float64) Estimate {
	return byScarceRequests.analyse(busy(series), rss)
}

// ByTime is Analyse if nothing counts the requests: growth is measured over seconds, of which none are idle.
func ByTime(series []Point, rss float64) Estimate {
	return byTime.analyse(timed(series), rss)
}

// analyse works on a series whose idle stretches are already cut.
func (a axis) analyse(series []Point, rss float64) Estimate {
	e := Estimate{Verdict: calibrate.Inconclusive, Confidence: confidence, Method: method}
	settled := afterWarmUp(series)
	e.Seconds, e.Requests = span(settled)
	if a.clock {
		e.Requests = 0
	}
	b, ok := envelopeOf(series, settled)
	if !ok {
		e.Missing = a.tooFew(settled)
		return e
	}
	g := growthOf(b)
	e.Known = true
	e.Slope, e.Low, e.High = g.slope/b.length, g.low/b.length, g.high/b.length
	limits := a.limits(largestOf(rss, series), b.length)
	e.Detectable = limits.creeping + e.Slope - e.Low
	e.Verdict = verdictOf(e, g, limits)
	e.Missing = a.missing(e, g, limits)
	return e
}
