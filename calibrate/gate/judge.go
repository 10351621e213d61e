package gate

import (
	"math"
	"slices"

	"workermem/calibrate"
)

// judge holds the figures of one run to bounds.
type judge struct {
	run      calibrate.Result
	baseline *calibrate.Baseline
	differs  []calibrate.Difference
	calibrate.Check
}

// limit judges the run by one limit.
func (j judge) limit(l calibrate.Limit) calibrate.Judged {
	m := l.Metric()
	one := calibrate.Judged{Limit: l, Bounded: calibrate.Bounded{Reading: m.Read(j.run), Unit: m.Unit, Least: l.Least, Bound: l.Bound}}
	if l.Relative() {
		was, why := j.was(m)
		if why != "" {
			one.Verdict, one.Reason = calibrate.LimitNoData, why
			return one
		}
		one.Was, one.Bound = &was, calibrate.Figure(l.Allowed(*was.Value))
		one.Reading = doubtful(one.Reading, was)
	}
	one.Bounded = j.held(one.Bounded, m.Rests(), m.CutShort(j.run))
	if m.Open(j.run) {
		one.Bounded = unsettled(one.Bounded)
	}
	return one
}

// was is what the baseline has for a metric, or why that can't be compared.
func (j judge) was(m calibrate.Metric) (calibrate.Reading, calibrate.LimitReason) {
	if j.baseline == nil {
		return calibrate.Reading{}, calibrate.LimitNoBaseline
	}
	for name, recorded := range j.baseline.Metrics {
		if same, err := calibrate.ParseMetric(name); err == nil && same.Same(m) {
			if slices.ContainsFunc(j.differs, func(d calibrate.Difference) bool { return d.Spoiled(m) }) {
				return recorded.Reading, calibrate.LimitOtherPrint
			}
			return recorded.Reading, ""
		}
	}
	return calibrate.Reading{}, calibrate.LimitNotInBaseline
}

// doubtful is a figure with the doubt of the one that it is compared with: of a difference the squares of both add up.
func doubtful(now, was calibrate.Reading) calibrate.Reading {
	if !now.Known() || now.Low == nil && was.Low == nil {
		return now
	}
	below, above := halves(now)
	wasBelow, wasAbove := halves(was)
	return calibrate.Reading{
		Value: now.Value, Low: calibrate.Figure(*now.Value - math.Hypot(below, wasAbove)), High: calibrate.Figure(*now.Value + math.Hypot(above, wasBelow)),
	}
}

// halves are how far a figure's interval reaches below it and above.
func halves(r calibrate.Reading) (below, above float64) {
	if r.Low == nil || r.High == nil {
		return 0, 0
	}
	return *r.Value - *r.Low, *r.High - *r.Value
}

// held is a figure with its verdict. One that a run was cut short before has none.
func (j judge) held(b calibrate.Bounded, on calibrate.Ground, cutShort bool) calibrate.Bounded {
	b.Verdict = verdict(b)
	switch {
	case j.Untrusted:
		b.Verdict, b.Reason = calibrate.LimitNoData, calibrate.LimitUntrusted
	case cutShort:
		b.Verdict, b.Reason = calibrate.LimitNoData, calibrate.LimitCutShort
	case j.noisy(on, b):
		b.Verdict, b.Reason = calibrate.LimitNoData, calibrate.LimitNoise
	case b.Verdict == calibrate.LimitNoData:
		b.Reason = calibrate.LimitNotMeasured
	case b.Verdict == calibrate.LimitExceeded && j.grows(b.Unit) && j.run.Creep.Unsettled():
		b.Verdict, b.Reason = calibrate.LimitTooClose, calibrate.LimitUnsettled
	}
	return b
}

// grows is of the units that only what creeps has.
func (judge) grows(u calibrate.Unit) bool {
	return u == calibrate.UnitBytesPerRequest || u == calibrate.UnitBytesPerSecond
}

func verdict(b calibrate.Bounded) calibrate.LimitVerdict {
	if !b.Known() || b.Bound == nil {
		return calibrate.LimitNoData
	}
	low, high := *b.Value, *b.Value
	if b.Low != nil {
		low, high = *b.Low, math.Inf(1) // nobody knows how much more
	}
	if b.High != nil {
		high = *b.High
	}
	bound := *b.Bound
	if b.Least {
		low, high, bound = -high, -low, -bound
	}
	switch {
	case high <= bound:
		return calibrate.LimitWithin
	case low > bound:
		return calibrate.LimitExceeded
	}
	return calibrate.LimitTooClose
}

// unsettled is a figure that is worse if memory creeps, of which that isn't known: it doesn't hold for sure.
func unsettled(b calibrate.Bounded) calibrate.Bounded {
	if b.Verdict == calibrate.LimitWithin {
		b.Verdict, b.Reason = calibrate.LimitTooClose, calibrate.LimitUnsettled
	}
	return b
}

// deployed judges what is deployed.
func (j judge) deployed(d calibrate.Deployed) *calibrate.Deployed {
	cutShort := j.run.Lacks(calibrate.OfShapes...)
	d.Memory = j.held(d.Memory, calibrate.GroundMemory, cutShort)
	if j.run.Creep.Unsettled() {
		d.Memory = unsettled(d.Memory)
	}
	for _, speed := range []**calibrate.Bounded{&d.Rate, &d.P99} {
		if *speed != nil {
			judged := j.held(**speed, calibrate.GroundServed, cutShort)
			*speed = &judged
		}
	}
	if d.Rate != nil && roomy(*d.Rate, d.WantedRate) {
		d.Rate.Verdict = calibrate.LimitWithin
	}
	return &d
}

// roomy says that a rate which is too close to its bound to tell holds all the same: what isn't in use is there for what was reckoned a
// little wrong, so the figure has to leave that room, and the lower end of its interval only to serve what is wanted. Both would ask for
// the room twice, and pass nothing that is recommended with little more than it.
func roomy(b calibrate.Bounded, wanted float64) bool {
	return b.Verdict == calibrate.LimitTooClose && *b.Value >= *b.Bound && (b.Low == nil || *b.Low >= wanted)
}
