package report

import (
	"math"
	"slices"

	"github.com/tsenart/vegeta/v12/lib/lttb"

	"workermem/calibrate"
)

// seen is how many points of a measure a chart shows: a chart on a screen has some 600 pixels, and a point takes four or five of
// them to be told from its neighbours.
const seen = 120

// leastBucket is the length of a bucket whose requests may stand for a second's: a phase ends in a part of one.
const leastBucket = 0.9

// thin leaves as much of the journals as a chart can show: the shape of each measure, and its highest point.
func thin(c calibrate.Curves) calibrate.Curves {
	return calibrate.Curves{
		Samples: thinned(c.Samples, func(s calibrate.Sample) float64 { return float64(s.RSS) }, func(s calibrate.Sample) float64 { return float64(s.Anon) },
			func(s calibrate.Sample) float64 { return float64(s.Held) }),
		Buckets: thinned(wholeSeconds(c.Buckets), answered, func(b calibrate.Bucket) float64 { return b.P99 },
			func(b calibrate.Bucket) float64 { return b.P50 }),
	}
}

// thinned keeps of a journal that is longer what each of its measures needs, by their largest triangles (Steinarsson 2013), and
// where each is highest.
func thinned[T any](all []T, measures ...func(T) float64) []T {
	if len(all) <= seen*len(measures) {
		return all
	}
	var kept []int
	for _, measure := range measures {
		kept = append(kept, corners(all, measure)...)
	}
	slices.Sort(kept)
	some := make([]T, 0, len(kept))
	for _, i := range slices.Compact(kept) {
		some = append(some, all[i])
	}
	return some
}

// corners are the places that show how a measure goes on, the highest among them.
func corners[T any](all []T, measure func(T) float64) []int {
	next, highest := 0, 0
	points, err := lttb.Downsample(len(all), seen, func(count int) ([]lttb.Point, error) {
		some := make([]lttb.Point, 0, max(count, 0))
		for ; len(some) < count && next < len(all); next++ {
			some = append(some, lttb.Point{X: float64(next), Y: measure(all[next])})
			if measure(all[next]) > measure(all[highest]) {
				highest = next
			}
		}
		return some, nil
	})
	if err != nil { // it has none of its own for so many points
		return nil
	}
	places := []int{highest}
	for _, p := range points {
		places = append(places, int(p.X))
	}
	return places
}

// wholeSeconds leaves out the buckets that are shorter than a second, and says of the others over how many seconds they are: a busy
// machine ends some late. Those of a page have been through this before, and are further apart.
func wholeSeconds(all []calibrate.Bucket) []calibrate.Bucket {
	var whole []calibrate.Bucket
	last := calibrate.Bucket{Seconds: math.Inf(-1)}
	for _, b := range all {
		gap, begins := b.Seconds-last.Seconds, b.Phase != last.Phase
		last = b
		switch {
		case gap < leastBucket:
			continue
		case b.Over > 0: // of a page
		case begins: // in the gap nobody asked for anything
			b.Over = 1
		default:
			b.Over = math.Round(10*gap) / 10
		}
		whole = append(whole, b)
	}
	return whole
}

// answered is how many requests a bucket has a second.
func answered(b calibrate.Bucket) float64 { return float64(b.Requests) / max(b.Over, leastBucket) }
