package gate

import (
	"math"
	"slices"

	"workermem/calibrate"
)

// difference is that of one figure in one pair, head less base.
type difference struct {
	base, value, low, high float64
	hasInterval            bool
	known                  bool
	noisy                  bool // it may be the noise's doing
	hidden                 bool // the noise may hide a larger one
}

func differenceOf(p calibrate.Pair, m calibrate.Metric) (d difference) {
	base, head := p.Base.Figures[m.Name], p.Head.Figures[m.Name]
	if !base.Known() || !head.Known() || openInOne(p, m) {
		return d
	}
	d = difference{base: *base.Value, value: *head.Value - *base.Value, known: true}
	d.low, d.high = d.value, d.value
	if d.hasInterval = base.Low != nil || head.Low != nil; d.hasInterval {
		with := doubtful(head.Reading, base.Reading)
		d.low, d.high = *with.Low-d.base, *with.High-d.base
	}
	d.noisy, d.hidden = noisyFor(p, m.Rests()), hiddenFor(p, m.Rests())
	return d
}

// openInOne says that a metric hangs on whether memory creeps, and that one run alone can't tell: one figure may have a creep in it, and
// the other has none. What the same workers and threads serve is the same either way.
func openInOne(p calibrate.Pair, m calibrate.Metric) bool {
	if !m.Lasting() || p.Base.Unsettled == p.Head.Unsettled {
		return false
	}
	return m.Rests() != calibrate.GroundServed || !sameFigure(p, "workers") || !sameFigure(p, "threads")
}

// sameFigure says that base and head have the same one, or neither has one.
func sameFigure(p calibrate.Pair, name string) bool {
	base, head := p.Base.Figures[name], p.Head.Figures[name]
	if !base.Known() || !head.Known() {
		return base.Known() == head.Known()
	}
	return *base.Value == *head.Value
}

func noisyFor(p calibrate.Pair, on calibrate.Ground) bool {
	return slices.ContainsFunc(slices.Concat(p.Base.Noise, p.Head.Noise), func(n calibrate.Noise) bool { return spoils(n, on) })
}

// moreNoise is by what part of the share that is borne the base must have had more noise than the head for it to hide something: what
// both had made both worse.
const moreNoise = 0.5

// hiddenFor says that noise may have made the base worse than it is, or the head better: a head that is worse looks like the base
// then. Neighbours make a run worse, and less load than was asked for makes it better. Of noise that a run bears the share isn't known,
// and may be none.
func hiddenFor(p calibrate.Pair, on calibrate.Ground) bool {
	share := func(all []calibrate.Noise, kind calibrate.NoiseKind) float64 {
		if i := slices.IndexFunc(all, func(n calibrate.Noise) bool { return n.Kind == kind }); i >= 0 {
			return all[i].Share
		}
		return 0
	}
	slower := func(n calibrate.Noise) bool {
		return n.Kind != calibrate.NoiseLoad && spoils(n, on) && n.Share > share(p.Head.Noise, n.Kind)+moreNoise*n.Most
	}
	better := func(n calibrate.Noise) bool { return n.Kind == calibrate.NoiseLoad && spoils(n, on) }
	return slices.ContainsFunc(p.Base.Noise, slower) || slices.ContainsFunc(p.Head.Noise, better)
}

// spoils says what noise makes doubtful of a difference: of speed all of it, for it was another while the other was run.
func spoils(n calibrate.Noise, on calibrate.Ground) bool {
	return on == calibrate.GroundTimes || on == calibrate.GroundCPU && n.Kind != calibrate.NoiseLoad
}

// outcome is what one pair says of a limit.
type outcome int

const (
	calm   outcome = iota // within half of it
	near                  // past half of it
	unsure                // beyond it, and it may be noise; or noise may hide that it is, or the pair can't tell
	failed                // beyond it, for sure
)

// against holds the difference of a pair to a limit. Whether a change is one at all is its interval's to say, and whether it
// matters the limit's.
func (d difference) against(l calibrate.Limit) outcome {
	if !d.known {
		return unsure
	}
	allowed, value, low, high := d.toward(l)
	switch half := (high - low) / 2; {
	case value > allowed && low > 0 && !d.noisy:
		return failed
	case value > allowed, half > allowed && high > allowed, d.hidden:
		return unsure
	case value > SettledShare*allowed:
		return near
	}
	return calm
}

// toward is a difference as a limit looks at it: more is worse.
func (d difference) toward(l calibrate.Limit) (allowed, value, low, high float64) {
	allowed, value, low, high = l.Allowed(d.base)-d.base, d.value, d.low, d.high
	if l.Least {
		allowed, value, low, high = -allowed, -value, -high, -low
	}
	return max(allowed, 0), value, low, high
}

// sum is what the pairs say of a limit together.
type sum struct {
	mean, half, room float64
	pairs, hidden    int // and those of which noise may hide a larger difference
}

// within says that the limit is met, beyond that it most likely isn't.
func (s sum) within() bool { return s.mean+s.half <= s.room }
func (s sum) beyond() bool { return s.mean > s.room }

// together is the mean of the pairs' differences with half an interval of 95 %. That half is the wider of two, for the first lacks
// what starts differ by, and the second has few pairs to go by:
//
//	sqrt(sum of half^2) / n             half of each pair's own interval
//	student x deviation / sqrt(n)       how far the pairs are apart
//
// It is endless of fewer pairs than a failure takes.
func together(all []difference, l calibrate.Limit) (s sum) {
	n := float64(len(all))
	var own, apart float64
	for _, d := range all {
		allowed, value, _, high := d.toward(l)
		s.mean, s.room, own = s.mean+value/n, s.room+allowed/n, own+(high-value)*(high-value)
		if s.pairs++; d.hidden {
			s.hidden++
		}
	}
	for _, d := range all {
		_, value, _, _ := d.toward(l)
		apart += (value - s.mean) * (value - s.mean)
	}
	if len(all) < Failures {
		s.half = math.Inf(1)
		return s
	}
	s.half = max(math.Sqrt(own)/n, student(len(all))*math.Sqrt(apart/(n-1)/n))
	return s
}

// students are the quantiles of Student's t at 97.5 % with 2 degrees of freedom, 3 and 4: of Failures pairs up to MostPairs
// (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2).
var students = [...]float64{4.303, 3.182, 2.776}

// student is the quantile for a deviation that is itself taken from n pairs. Outside of the table it is the nearest there.
func student(n int) float64 {
	return students[min(max(n-Failures, 0), len(students)-1)]
}

// joined is the median of the pairs' differences with its interval, and the largest of them. Of few pairs it is the median of the
// differences' own intervals.
func joined(all []difference) (calibrate.Reading, *float64) {
	var values, lows, highs []float64
	own, largest := true, 0.0
	for _, d := range all {
		values, lows, highs = append(values, d.value), append(lows, d.low), append(highs, d.high)
		own = own && d.hasInterval
		if math.Abs(d.value) > math.Abs(largest) {
			largest = d.value
		}
	}
	r := calibrate.Reading{Value: calibrate.Figure(median(values))}
	if low, high, ok := medianInterval(values); ok {
		r.Low, r.High = calibrate.Figure(low), calibrate.Figure(high)
	} else if own {
		r.Low, r.High = calibrate.Figure(median(lows)), calibrate.Figure(median(highs))
	}
	return r, calibrate.Figure(largest)
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// LeastForInterval is the fewest pairs of which the median has an interval of 95 %.
const LeastForInterval = 6

// medianInterval is the interval of the median that holds it in 95 % of all cases whatever the distribution: between the k-th
// least and the k-th most, where a coin that is thrown n times shows fewer than k heads in 2.5 % of all cases at most (the sign
// test; Conover, Practical Nonparametric Statistics, 3.2). Of fewer than six there is none.
func medianInterval(all []float64) (low, high float64, ok bool) {
	n := len(all)
	if n < LeastForInterval {
		return 0, 0, false
	}
	sorted := slices.Sorted(slices.Values(all))
	k, chance, fewer := 0, math.Pow(0.5, float64(n)), 0.0
	for fewer+chance <= 0.025 {
		fewer += chance
		k++
		chance *= float64(n-k+1) / float64(k)
	}
	return sorted[k-1], sorted[n-k], true
}
