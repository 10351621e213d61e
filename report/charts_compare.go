package report

import (
	"math"

	"workermem/calibrate"
)

// comparedCharts are the memory of base and head by requests, each pair's, and their difference.
func comparedCharts(c calibrate.Comparison) []Block {
	base, head, between := Series{Name: "base"}, Series{Name: "head"}, Series{Name: "head less base"}
	for _, pair := range c.Pairs {
		base.Points = append(base.Points, curveOf(pair.Base)...)
		head.Points = append(head.Points, curveOf(pair.Head)...)
		between.Points = append(between.Points, differenceOf(pair)...)
	}
	if len(between.Points) == 0 {
		return nil
	}
	x, y := Axis{Name: "requests", Zero: true}, Axis{Name: "memory", Unit: "MB"}
	each := when(len(c.Pairs) > 1, " Each pair of runs has a line.")
	same := when(c.Way != calibrate.CompareSaved, ", which were the same for both")
	return []Block{
		Chart{Title: "Memory of base and head", Shows: "The worker's own memory (heap, without file pages) after so many requests" + same + "." + each, X: x, Y: y, Series: []Series{base, head}},
		Chart{Title: "Difference of head and base", Shows: "How much more the head held than the base after as many requests. A line that climbs is a leak; a level one is a larger app." + each, X: x, Y: Axis{Name: "difference", Unit: "MB"},
			Series: []Series{between}, Guides: []Guide{{Name: "no difference", At: 0}}},
	}
}

// curveOf is a run's curve, parted from the next.
func curveOf(v calibrate.OfVersion) (points []Point) {
	for _, p := range v.Curve {
		points = append(points, Point{float64(p.Requests), inMB(p.Bytes)})
	}
	return parted(points)
}

// parted ends a line, so that another can follow it.
func parted(points []Point) []Point {
	if len(points) == 0 {
		return nil
	}
	return append(points, Point{points[len(points)-1].X, math.NaN()})
}

// differenceOf is the head's curve less the base's, wherever the base has a point and the head has been.
func differenceOf(pair calibrate.Pair) (points []Point) {
	for _, p := range pair.Base.Curve {
		if head, ok := valueAt(pair.Head.Curve, p.Requests); ok {
			points = append(points, Point{float64(p.Requests), head - inMB(p.Bytes)})
		}
	}
	return parted(points)
}

// valueAt is a curve's value at a number of requests, in MB, by its neighbours.
func valueAt(curve []calibrate.CurvePoint, requests int64) (float64, bool) {
	for i, p := range curve {
		switch {
		case p.Requests == requests:
			return inMB(p.Bytes), true
		case p.Requests > requests && i > 0:
			before := curve[i-1]
			share := float64(requests-before.Requests) / float64(p.Requests-before.Requests)
			return inMB(before.Bytes) + share*(inMB(p.Bytes)-inMB(before.Bytes)), true
		case p.Requests > requests:
			return 0, false
		}
	}
	return 0, false
}
