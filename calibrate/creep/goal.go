package creep

import (
	"fmt"
	"math"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Goal says when a soak, or a watch, has shown enough.
type Goal struct {
	ByTime      bool    // nothing counts the requests
	Brief       bool    // the series will be one of seconds: see [Brief]
	Precision   float64 // half the interval's width over the slope: 0.2 is +-20 %. 0 asks for a verdict only
	MinSeconds  float64 // of load, idle stretches apart
	MinRequests float64
}

// Progress says whether a soak may stop, and if not, what it waits for.
type Progress struct {
	Done        bool
	Waiting     string  // "interval +-34 %, want +-20 %"
	SecondsLeft float64 // an estimate; 0 if unknown
}

// DefaultGoal is the goal of a default run, for a soak of at most 40 s.
//
// What the floor buys, by TestSoakBench at 300 to 3000 requests a second: with 5 s, 0.6 % of the workers without a leak
// are called creeping (1.8 % of the sawtooths) and 90 % of the intervals of exponential settling hold the truth; with
// 10 s 0.1 % and 94 %; with 20 s 0.02 % and 95 %. Half the soaks then stop at 20 s, nine in ten of those that stop by
// 27 s, and 98 % of the creeps of 5 KB a request are found, with a median error of 0.8 %. The floor in requests is for
// slow apps, whose caches fill by requests: at 20 requests a second, 20 s alone gave 0.7 %, 1.1 % of those settling.
func DefaultGoal() Goal { return Goal{Precision: 0.2, MinSeconds: 20, MinRequests: 4000} }

// QuickGoal is the goal of a quick run, for a soak of 8 to 12 s.
//
// By TestSoakBench with a limit of 12 s: 0.1 % false alarms (0.2 % of settling workers), 98 % of the intervals hold the
// truth, and 71 % of the creeps of 5 KB a request are found, 84 % of 20 KB and 98 % of 100 KB. Four in ten workers
// without a leak stay warming or inconclusive. If growth need not be steady there are 0.3 % false alarms, and 94 % of the
// creeps of 20 KB are found.
func QuickGoal() Goal { return Goal{Brief: true, Precision: 0.5, MinSeconds: 8, MinRequests: 3000} }

// WatchGoal is the goal of a watch by time, of at most ten minutes.
//
// By TestSoakBench -soak-by-time, 60 workers of each family, fresh from their start: at 3 requests a second, with a floor
// of 60 s 3.7 % of those without a leak are called creeping, with 120 s 0.6 % (0.4 % if two looks in a row must agree,
// as in a watch), and 96 % of the intervals hold the truth; at 30 requests a second none of 540 with either. 69 %
// stop before the limit at 3 requests a second and 86 % at 30, half of them within 4 minutes.
func WatchGoal() Goal { return Goal{ByTime: true, Precision: 0.2, MinSeconds: 120} }

// earlier is the share of the soak whose estimate must agree with the whole's before the soak may stop: looking every
// second until the interval happens to be narrow would stop on flukes.
const earlier = 0.64

// Check analyses the series so far and says whether the goal is reached. It costs about two Analyse.
func (g Goal) Check(series []Point, rss float64) (Estimate, Progress) {
	a, under := byRequest, busy(series)
	switch {
	case g.ByTime:
		a, under = byTime, timed(series)
	case g.Brief:
		a = byFewRequests
	}
	e := a.analyse(under, rss)
	seconds, requests := span(under)
	if p, wait := g.floor(seconds, requests); wait {
		return e, p
	}
	if !e.Known {
		return e, Progress{Waiting: "enough readings under load"}
	}
	return e, g.weigh(a, e, under, rss)
}

// floor says whether the soak is still shorter than its least.
func (g Goal) floor(seconds, requests float64) (Progress, bool) {
	left := g.MinSeconds - seconds
	if requests < g.MinRequests && requests > 0 {
		left = max(left, (g.MinRequests-requests)/requests*seconds)
	}
	switch {
	case seconds < g.MinSeconds:
		return Progress{Waiting: fmt.Sprintf("%s of at least %s", say.Seconds(seconds), say.Seconds(g.MinSeconds)), SecondsLeft: left}, true
	case requests < g.MinRequests:
		return Progress{Waiting: fmt.Sprintf("%s of at least %s requests", count(requests), count(g.MinRequests)), SecondsLeft: max(left, 0)}, true
	}
	return Progress{}, false
}

// weigh says whether an estimate is good enough, the floor being passed.
func (g Goal) weigh(a axis, e Estimate, series []Point, rss float64) Progress {
	seconds, length := span(series)
	switch e.Verdict {
	case calibrate.Warming:
		return Progress{Waiting: "growth to stop slowing"}
	case calibrate.Inconclusive:
		return Progress{
			Waiting:     fmt.Sprintf("creep between %s and %s to narrow down", bytes(e.Low*a.unit), a.rate(e.High)),
			SecondsLeft: longer(seconds, timesLonger(e, a.limits(largestOf(rss, series), length))),
		}
	case calibrate.Flat:
		return Progress{Done: true}
	}
	if width := (e.High - e.Low) / 2 / e.Slope; g.Precision > 0 && width > g.Precision {
		return Progress{
			Waiting:     fmt.Sprintf("interval +-%s, want +-%s", share(width), share(g.Precision)),
			SecondsLeft: longer(seconds, math.Pow(width/g.Precision, 1/narrowing)),
		}
	}
	before := a.analyse(series[:int(earlier*float64(len(series)))], rss)
	if change := math.Abs(before.Slope - e.Slope); !before.Known || change > max((e.High-e.Low)/2, g.Precision*e.Slope) {
		return Progress{Waiting: fmt.Sprintf("the slope to hold still: %s, %s a while ago", a.rate(e.Slope), bytes(before.Slope*a.unit))}
	}
	return Progress{Done: true}
}

// longer is the seconds left if the soak has to grow by so many times; 0 if that is beyond telling.
func longer(seconds, times float64) float64 {
	if !(times > 1 && times <= 20) {
		return 0
	}
	return seconds * (times - 1)
}
