package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// longMinutes is from when on a chart counts minutes.
const longMinutes = 240 // seconds

// timeCharts are memory, rate and latency as the run went on, with its phases.
func timeCharts(r calibrate.Result, c calibrate.Curves) (charts []Block) {
	if len(c.Samples) == 0 || r.Proof != nil {
		return nil
	}
	x, unit := timeAxis("since the start", c.Samples[len(c.Samples)-1].Seconds)
	phases := phaseSpans(r.Phases, unit)
	curve := func(name string, of func(calibrate.Bucket) float64) Series {
		s, phase := Series{Name: name}, ""
		for _, b := range c.Buckets {
			if phase != "" && b.Phase != phase { // there may be none in between
				s.Points = append(s.Points, Point{b.Seconds / unit, math.NaN()})
			}
			phase = b.Phase
			s.Points = append(s.Points, Point{b.Seconds / unit, of(b)})
		}
		return s
	}
	charts = append(charts, memoryOverTime(r, c.Samples, x, unit, phases))
	if len(c.Buckets) < 2 {
		return charts
	}
	silent := slices.ContainsFunc(c.Buckets, func(b calibrate.Bucket) bool { return b.P99 == 0 })
	unknown := when(silent, " Of a second without an answer it is unknown, and the line is parted.")
	return append(charts,
		Chart{Title: "Requests over time", Shows: "How many requests were answered in each second, and in which phase.", X: x, Y: Axis{Name: "answered", Unit: "a second", Zero: true},
			Series: []Series{curve("answered", answered)}, Spans: phases},
		Chart{Title: "Latency over time", Shows: "What half of the requests of a second took at most, and what 99 of 100 did. The scale is logarithmic." + unknown, X: x, Y: Axis{Name: "latency", Unit: "ms", Log: true},
			Series: []Series{curve("p50", func(b calibrate.Bucket) float64 { return inMilliseconds(b.P50) }), curve("p99", func(b calibrate.Bucket) float64 { return inMilliseconds(b.P99) })}, Spans: phases},
	)
}

// inMilliseconds is a latency on its axis: 0 is that of nothing, and unknown.
func inMilliseconds(seconds float64) float64 {
	if seconds == 0 {
		return math.NaN()
	}
	return 1000 * seconds
}

// timeAxis is one for so many seconds, and how many of them its unit has.
func timeAxis(name string, seconds float64) (Axis, float64) {
	if seconds > longMinutes {
		return Axis{Name: name, Unit: "min", Zero: true}, 60
	}
	return Axis{Name: name, Unit: "s", Zero: true}, 1
}

func memoryOverTime(r calibrate.Result, samples []calibrate.Sample, x Axis, unit float64, phases []Span) Chart {
	rss, held := Series{Name: "worker's RSS"}, Series{Name: "whole app, as the kernel charges it"}
	for _, s := range samples {
		rss.Points = append(rss.Points, Point{s.Seconds / unit, inMB(s.RSS)})
		if s.Held > 0 {
			held.Points = append(held.Points, Point{s.Seconds / unit, inMB(s.Held)})
		}
	}
	c := Chart{Title: "Memory over time", Shows: "What the worker held in each phase, and the highest that the kernel saw.", X: x, Y: Axis{Name: "memory", Unit: "MB", Zero: true},
		Series: []Series{rss}, Spans: phases}
	if attached(r) {
		c.Shows = "What the largest worker held as the watch went on."
	}
	if len(held.Points) > 1 {
		c.Series = append(c.Series, held)
	}
	if r.Worker.PeakRSSBytes > 0 {
		c.Guides = append(c.Guides, Guide{Name: "peak", At: inMB(r.Worker.PeakRSSBytes)})
	}
	return c
}

func inMB(bytes int64) float64 { return float64(bytes) / mb }

func phaseSpans(phases []calibrate.Phase, unit float64) []Span {
	spans := make([]Span, len(phases))
	for i, p := range phases {
		spans[i] = Span{p.Name, p.StartSeconds / unit, (p.StartSeconds + p.Seconds) / unit}
	}
	return spans
}

// creepChart is the memory that creep is read from, against what it is held against, with the slope that was fitted.
func creepChart(r calibrate.Result, c calibrate.Curves) []Block {
	if r.Proof != nil {
		return nil
	}
	at, x, slope := seenBy(r)
	points := againstLoad(r, c.Samples, at)
	if len(points) < 2 {
		return nil
	}
	chart := Chart{Title: "Memory against requests", Shows: grewFromTo(points, x), How: "The scale does not begin at 0, so that the slope can be seen.", Main: true,
		X: x, Y: Axis{Name: "memory", Unit: "MB"}, Series: []Series{{Name: "measured", Points: points}}}
	if byTime(r) {
		chart.Title = "Memory against time"
	}
	if slope.bytes == nil {
		return []Block{chart}
	}
	steady := steadyPoints(r, c.Samples, at)
	from := fittedFrom(r, steady)
	fitted := slices.DeleteFunc(slices.Clone(steady), func(p Point) bool { return p.X < from })
	if len(fitted) < 2 {
		return []Block{chart}
	}
	chart.Spans = []Span{{"settling", points[0].X, from}, {"judged", from, fitted[len(fitted)-1].X}}
	line := throughMiddle(fitted, *slope.bytes/mb)
	name := say.Bytes(*slope.bytes*slope.times) + " " + slope.unit
	if slope.low != nil && slope.high != nil {
		interval := when(r.Creep.Confidence > 0, "%s ", say.Percent(r.Creep.Confidence)) + "interval"
		chart.Bands = []Band{{Name: interval, Low: pivoted(line, *slope.low/mb), High: pivoted(line, *slope.high/mb)}}
		name += ", " + say.Range(*slope.low*slope.times, *slope.high*slope.times)
		chart.How += " The line is the slope that was fitted, with its " + interval + " about it; it rests on the judged part alone."
	}
	fit := Series{Name: name, Points: line, Fitted: true}
	if v := r.Creep.Verdict; v != calibrate.Creeping && v != calibrate.Flat {
		fit.Mark = Doubtful
	}
	chart.Series = append(chart.Series, fit)
	return []Block{chart}
}

// grewFromTo says in words what the line of a worker's memory shows: where it begins and ends, and its highest point.
func grewFromTo(points []Point, x Axis) string {
	first, highest := points[0], points[0]
	for _, p := range points {
		if p.Y > highest.Y {
			highest = p
		}
	}
	last, _ := lastOf(points)
	after := func(p Point) string {
		if x.Unit != "" {
			return say.Number(p.Y) + " MB after " + say.Seconds(p.X)
		}
		return say.Number(p.Y) + " MB after " + say.Plural(int64(p.X), "request") + strings.TrimPrefix(x.Name, "requests")
	}
	return fmt.Sprintf("The worker's own memory (heap, without file pages) was %s, and %s", after(first), after(last)) + when(highest.Y > last.Y, "; the most was %s", after(highest)) + "."
}

// seenBy is what memory is held against: a worker's requests, or where nobody counted those the time.
func seenBy(r calibrate.Result) (at func(calibrate.Sample) float64, x Axis, s slope) {
	if byTime(r) {
		return func(s calibrate.Sample) float64 { return s.Seconds }, Axis{Name: "since the start", Unit: "s"}, slopeIn(r.Creep)
	}
	name := "requests"
	if r.Worker.Workers > 1 {
		name = "requests a worker"
	}
	return func(s calibrate.Sample) float64 { return float64(s.Requests) / float64(max(s.Workers, 1)) }, Axis{Name: name}, heapSlope(r.Creep)
}

// heapSlope is by how much the heap grew with the requests: what else creeps is not in the chart, and what goes on without any is.
func heapSlope(c calibrate.Creep) slope {
	s := slopeIn(c)
	if s.bytes == nil {
		return s
	}
	if c.By == calibrate.ByBoth && c.Rest != nil {
		of := c.Together()
		s.bytes, s.low, s.high = &of.BytesPerRequest, &of.Low, &of.High
	}
	if len(c.Kinds) == 0 {
		return s
	}
	i := slices.IndexFunc(c.Kinds, func(g calibrate.Growth) bool { return g.Kind == calibrate.GrowsAnonymous })
	if i < 0 {
		return slope{}
	}
	g := c.Kinds[i]
	s.bytes, s.low, s.high = &g.BytesPerRequest, &g.Low, &g.High
	return s
}

// againstLoad are all readings under load. A worker in place of another begins a line of its own.
func againstLoad(r calibrate.Result, samples []calibrate.Sample, at func(calibrate.Sample) float64) (points []Point) {
	generation := -1
	for _, s := range samples {
		if s.Requests == 0 && !byTime(r) || s.Phase == calibrate.PhaseConcurrency {
			continue
		}
		if generation >= 0 && s.Generation != generation {
			points = append(points, Point{at(s), math.NaN()})
		}
		generation = s.Generation
		points = append(points, Point{at(s), heapOf(s)})
	}
	return points
}

// heapOf is what creep is read from, of one worker, in MB.
func heapOf(s calibrate.Sample) float64 { return inMB(s.Anon) / float64(max(s.Workers, 1)) }

// steadyPoints are those of the phase that creep is read from.
func steadyPoints(r calibrate.Result, samples []calibrate.Sample, at func(calibrate.Sample) float64) (points []Point) {
	for _, s := range samples {
		if s.Phase == r.SteadyPhase() {
			points = append(points, Point{at(s), heapOf(s)})
		}
	}
	return points
}

// fittedFrom is where the estimate begins: what it rests on reaches from there to the end of the phase.
func fittedFrom(r calibrate.Result, steady []Point) float64 {
	if len(steady) == 0 {
		return 0
	}
	reach := float64(r.Creep.Requests)
	if byTime(r) {
		reach = r.Creep.Seconds
	}
	return max(steady[len(steady)-1].X-reach, steady[0].X)
}

// throughMiddle is a line of a slope through the middle of some points: half of them lie below it.
func throughMiddle(points []Point, slope float64) []Point {
	rest := make([]float64, len(points))
	for i, p := range points {
		rest[i] = p.Y - slope*p.X
	}
	slices.Sort(rest)
	base, first, last := rest[len(rest)/2], points[0].X, points[len(points)-1].X
	return []Point{{first, base + slope*first}, {last, base + slope*last}}
}

// pivoted is a line turned about its middle to another slope.
func pivoted(line []Point, slope float64) []Point {
	x, y := (line[0].X+line[1].X)/2, (line[0].Y+line[1].Y)/2
	turned := make([]Point, len(line))
	for i, p := range line {
		turned[i] = Point{p.X, y + slope*(p.X-x)}
	}
	return turned
}

// livesShown is how often the chart of recycling lets a worker be replaced.
const livesShown = 3

// recyclingChart is the saw-tooth of a worker that is replaced after max-requests, against what it may take.
func recyclingChart(r calibrate.Result) []Block {
	rec := r.Recommendation
	if rec.MaxRequests <= 0 || rec.Recycling.Steepest <= 0 {
		return nil
	}
	peak := rec.Sum.WorkerBytes + int64(threadsAtLeast(rec.Threads))*rec.Sum.ThreadBytes
	fresh := peak - int64(rec.Recycling.Steepest*float64(rec.Recycling.PeakRequests))
	c := Chart{Title: "What max-requests does to a worker", Shows: "Memory grows from " + say.MB(fresh) + " with the requests that a worker serves, and falls back when it is replaced." +
		when(rec.MaxRequestsJitter > 0, " The second life is the longest that jitter allows."),
		X: Axis{Name: "requests of one worker", Zero: true}, Y: Axis{Name: "memory", Unit: "MB", Zero: true}}
	lives := [livesShown]int{rec.MaxRequests, rec.MaxRequests + rec.MaxRequestsJitter, rec.MaxRequests}
	if slope := r.Creep.BytesPerRequest; slope != nil && *slope > 0 {
		c.Series = append(c.Series, sawTooth("as measured", fresh, *slope, lives))
	}
	c.Series = append(c.Series, sawTooth("at the upper bound", fresh, rec.Recycling.Steepest, lives))
	if room := rec.Recycling.HeadroomBytes; room > 0 {
		c.Guides = append(c.Guides, Guide{Name: "share of the budget", At: inMB(peak + room), Mark: Bad})
	}
	return []Block{c}
}

func threadsAtLeast(threads int) int { return max(threads, 1) }

func sawTooth(name string, fresh int64, slope float64, lives [livesShown]int) Series {
	s, served := Series{Name: name, Fitted: true}, 0
	for _, life := range lives {
		from, to := float64(served), float64(served+life)
		s.Points = append(s.Points, Point{from, inMB(fresh)}, Point{to, (float64(fresh) + slope*float64(life)) / mb})
		served += life
	}
	return s
}

// candidatesShown is how many candidates a chart has rows for.
const candidatesShown = 12

// candidateBars are what the candidates most worth a look take, and of what, against the budget.
func candidateBars(r calibrate.Result) Bars {
	budget := r.Recommendation.Budget
	b := Bars{
		Title: "What each candidate takes", Of: "workers" + when(threaded(r), " x threads"), X: Axis{Name: "memory of the whole app", Unit: "MB", Zero: true},
		Parts: []string{"shared", "workers", "threads", "creep until recycled"}, Guides: []Guide{{Name: "budget", At: inMB(r.Recommendation.BudgetBytes), Mark: Bad}},
		Shows: "Each row is one choice of workers and threads. What reaches beyond the budget does not fit; the recommended one is marked.",
	}
	if budget.ReserveBytes+budget.OthersBytes > 0 {
		b.Guides = append(b.Guides, Guide{Name: "all memory", At: inMB(budget.MemoryBytes)})
		b.Shows += " Between the budget and all memory is the reserve."
	}
	for _, i := range worthALook(r.Candidates) {
		c := r.Candidates[i]
		beside := ""
		if c.Rate > 0 {
			beside, b.Beside, b.Title = say.Rate(c.Rate), "serves", "What each candidate takes, and serves"
		}
		mark := recommended(c.Recommended)
		if !c.Fits {
			mark = Bad
		}
		b.Rows = append(b.Rows, Bar{Name: shapeName(c.Workers, c.Threads), Beside: beside, Amounts: partsOf(r, c), Mark: mark})
	}
	return b
}

// shapeName is a choice of workers and threads as a row's name.
func shapeName(workers, threads int) string {
	return say.Count(workers) + when(threads > 0, " x %s", say.Count(threads))
}

// partsOf is what of a candidate's total is shared, the workers', their threads' and their creep.
func partsOf(r calibrate.Result, c calibrate.Candidate) []float64 {
	n, threads := int64(c.Workers), threadsAtLeast(c.Threads)
	perThreads := int64(threads) * r.Law.ThreadBytes
	worker := min(r.Law.Worker(threads)+r.Recommendation.Sum.CrowdBytes, c.WorkerBytes)
	perThreads = min(perThreads, worker)
	return []float64{inMB(c.TotalBytes - n*c.WorkerBytes), inMB(n * (worker - perThreads)), inMB(n * perThreads), inMB(n * (c.WorkerBytes - worker))}
}

// worthALook are the places of the candidates that rank first, in their order.
func worthALook(all []calibrate.Candidate) []int {
	rank, places := ranks(all), make([]int, len(all))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(rank[a], rank[b]) })
	places = places[:min(len(places), candidatesShown)]
	slices.Sort(places)
	return places
}

// sweepCharts are what each candidate that was run served and took, beside what was predicted of it.
func sweepCharts(r calibrate.Result) []Block {
	of := "workers" + when(threaded(r), " x threads")
	served := Bars{Title: "What each candidate served", Of: of, X: Axis{Name: "served, every thread busy", Unit: "/s", Zero: true}, Parts: []string{"served"},
		Shows: "How many requests each candidate answered in a second, in the better of its rounds."}
	took := Bars{Title: "What each candidate took", Of: of, X: Axis{Name: "memory of the whole app", Unit: "MB", Zero: true}, Parts: []string{"measured"},
		Shows: "The most that all processes took, without creep; the upright is what the formula has for that many workers and threads."}
	for _, run := range r.Sweep.Runs {
		row := Bar{Name: shapeName(run.Workers, run.Threads), Mark: sweptMark(r, run)}
		if run.RatePerSecond > 0 {
			served.Rows = append(served.Rows, withPrediction(row, run.RatePerSecond, run.PredictedRate))
		}
		if run.MeasuredBytes > 0 {
			took.Rows = append(took.Rows, withPrediction(row, inMB(run.MeasuredBytes), inMB(run.PredictedBytes)))
		}
	}
	if served.predicts() {
		served.Shows += " The upright is what one worker's CPU time and waiting promise."
	}
	return withRows(served, took)
}

// withPrediction is a row with what was measured, and what was predicted if that is known.
func withPrediction(row Bar, measured, predicted float64) Bar {
	row.Amounts = []float64{measured}
	if predicted > 0 {
		row.Predicted = &predicted
	}
	return row
}

// withRows are the charts that have something to show.
func withRows(all ...Bars) (charts []Block) {
	for _, b := range all {
		if len(b.Rows) > 0 {
			charts = append(charts, b)
		}
	}
	return charts
}

// routeCharts are what each route costs, and leaks.
func routeCharts(routes calibrate.Routes) []Block {
	cost := Bars{Title: "What each route costs", Shows: "The peak above an idle worker, without creep, with every thread busy on that route alone.", Of: "route",
		X: Axis{Name: "memory above an idle worker", Unit: "MB", Zero: true}, Parts: []string{"cost"}}
	creep := Bars{Title: "What each route leaks", Shows: "The slope of each route alone, with its 95 % interval. One that reaches 0 may leak nothing.", Of: "route",
		X: Axis{Name: "creep", Unit: "B a request", Zero: true}, Parts: []string{"creep"}}
	for _, run := range routes.Runs {
		if run.PeakRSSBytes > 0 {
			cost.Rows = append(cost.Rows, Bar{Name: run.Name, Amounts: []float64{inMB(run.Bill())}})
		}
		if run.Creep != nil {
			low, high := run.Creep.Low, run.Creep.High
			creep.Rows = append(creep.Rows, Bar{Name: run.Name, Amounts: []float64{run.Creep.BytesPerRequest}, Low: &low, High: &high})
		}
	}
	return withRows(cost, creep)
}
