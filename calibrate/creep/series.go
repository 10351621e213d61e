package creep

import (
	"cmp"
	"math"
	"slices"
)

// The request count may stand still for idleSeconds before the worker counts as idle. A slow app, whose requests are
// seldom anyway, gets idleGaps times its mean gap between them.
const (
	idleSeconds = 2
	idleGaps    = 4
)

// implausible is more than any counter of bytes, requests or seconds reaches; squares below it can't overflow.
const implausible = 1e18

// busy returns the readings taken while requests were completing, in the order of time, on a clock that stops when the
// worker is idle. Of an idle stretch only the first reading is kept: memory that moves with time alone says nothing
// about creep by request.
func busy(series []Point) []Point {
	all := ordered(series)
	if len(all) == 0 {
		return nil
	}
	limit := idleLimit(all)
	kept := all[:0] // written behind the place it is read from
	idle := 0.0
	for i := 0; i < len(all); {
		j := i + 1
		for j < len(all) && all[j].Requests == all[i].Requests {
			j++
		}
		stop := j
		standstill := all[j-1].Seconds - all[i].Seconds
		if standstill > limit {
			stop = i + 1
		}
		for k := i; k < stop; k++ {
			p := all[k]
			p.Seconds -= idle
			kept = append(kept, p)
		}
		if standstill > limit {
			idle += standstill
		}
		i = j
	}
	return kept
}

// timed returns the readings in the order of time, with seconds in the place of requests.
func timed(series []Point) []Point {
	clock := make([]Point, len(series))
	for i, p := range series {
		p.Requests = p.Seconds
		clock[i] = p
	}
	return ordered(clock)
}

// ordered returns a copy of the plausible readings, sorted by time, without those whose request count goes back.
func ordered(series []Point) []Point {
	kept := make([]Point, 0, len(series))
	for _, p := range series {
		if plausible(p.Seconds) && plausible(p.Requests) && plausible(p.Bytes) {
			kept = append(kept, p)
		}
	}
	byTime := func(a, b Point) int { return cmp.Compare(a.Seconds, b.Seconds) }
	if !slices.IsSortedFunc(kept, byTime) {
		slices.SortStableFunc(kept, byTime)
	}
	most := math.Inf(-1)
	return slices.DeleteFunc(kept, func(p Point) bool {
		back := p.Requests < most
		most = max(most, p.Requests)
		return back
	})
}

func plausible(v float64) bool { return v >= 0 && v < implausible } // false for NaN

// idleLimit is the longest standstill of the request count, in seconds, that isn't idleness.
func idleLimit(series []Point) float64 {
	advances := 0
	for i := 1; i < len(series); i++ {
		if series[i].Requests > series[i-1].Requests {
			advances++
		}
	}
	seconds, _ := span(series)
	return max(idleSeconds, idleGaps*seconds/float64(max(advances, 1)))
}

// span is how much time and how many requests a series covers.
func span(series []Point) (seconds, requests float64) {
	if len(series) == 0 {
		return 0, 0
	}
	first, last := series[0], series[len(series)-1]
	return last.Seconds - first.Seconds, last.Requests - first.Requests
}

// afterWarmUp is the series without its first requests.
func afterWarmUp(series []Point) []Point {
	_, requests := span(series)
	from, _ := slices.BinarySearchFunc(series, warmUpShare*requests, func(p Point, share float64) int {
		return cmp.Compare(p.Requests-series[0].Requests, share)
	})
	return series[from:]
}
