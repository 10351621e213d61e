package calibrate

import (
	"cmp"
	"fmt"
	"slices"

	"workermem/calibrate/say"
)

// More of them than any run has.
const (
	mostTimes = 1 << 12 // quantiles of a time
	mostUses  = 1 << 10 // thread counts that a worker was run with
)

// speedImplausible looks at what a request is said to cost: what any shape serves is reckoned from it.
func (r Result) speedImplausible() string {
	if a := r.Alone; a != nil {
		if odd := timesImplausible("alone.times_seconds", a.Times); odd != "" {
			return odd
		}
	}
	s := r.Speed
	if s == nil {
		return ""
	}
	return cmp.Or(timesImplausible("speed.times_alone_seconds", s.Times), s.Demand.implausible("speed.demand"), s.Waiting.implausible("speed.waiting"), usesImplausible(s.Threads))
}

func timesImplausible(key string, times []float64) string {
	switch {
	case len(times) > mostTimes:
		return fmt.Sprintf("%s has %s", key, say.Plural(len(times), "time"))
	case !slices.IsSorted(times):
		return key + " do not rise"
	}
	return ""
}

func (s Span) implausible(key string) string {
	if !(s.Low <= s.Value && s.Value <= s.High) {
		return fmt.Sprintf("%s.seconds is %g, outside of its interval", key, s.Value)
	}
	return ""
}

func usesImplausible(uses []ThreadUse) string {
	if len(uses) > mostUses {
		return "speed.threads has " + say.Plural(len(uses), "count")
	}
	last := 0
	for _, use := range uses {
		if use.Threads <= last {
			return "speed.threads do not rise"
		}
		last = use.Threads
	}
	return ""
}
