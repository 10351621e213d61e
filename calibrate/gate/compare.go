package gate

import (
	"math"
	"slices"

	"workermem/calibrate"
)

// Of how many pairs a limit must have failed in how many: measuring.md's jump of a run, an arena of the allocator's or a collection
// at the wrong moment, comes in one run of 25, and not three times of five to the same side.
const (
	MostPairs = 5
	Failures  = 3
	// SettledShare of a limit is what nothing may be past for one pair to be enough.
	SettledShare = 0.5
)

// Compare judges what there is of a comparison: see the package's comment. Its verdict is CompareOpen where another pair is needed.
func Compare(c calibrate.Comparison) calibrate.Comparison {
	c.Compared, c.Parts = []calibrate.Compared{}, parts(c.Pairs)
	limited := c.Limits.Metrics()
	for i, m := range limited {
		c.Compared = append(c.Compared, compared(c, m, &c.Limits[i]))
	}
	for _, m := range shownBeside {
		if !slices.ContainsFunc(limited, m.Same) {
			c.Compared = append(c.Compared, compared(c, m, nil))
		}
	}
	c.Verdict = verdictOf(c)
	c.ExitCode = map[calibrate.CompareVerdict]calibrate.Kind{
		calibrate.CompareRegressed: calibrate.KindRegression, calibrate.CompareInconclusive: calibrate.KindInconclusive, calibrate.CompareOpen: calibrate.KindInconclusive,
	}[c.Verdict]
	return c
}

// shownBeside are compared though nothing limits them.
var shownBeside = func() (all []calibrate.Metric) {
	for _, name := range []string{"peak", "plateau", "idle", "marginal", "shared", "creep", "cpu", "boot"} {
		if m, err := calibrate.FindMetric(name); err == nil {
			all = append(all, m)
		}
	}
	return all
}()

// compared is one figure over all pairs.
func compared(c calibrate.Comparison, m calibrate.Metric, limit *calibrate.Limit) calibrate.Compared {
	out := calibrate.Compared{Metric: m.Name, Unit: m.Unit, Better: m.Better, Limit: limit}
	var base, allowed []float64
	var all []difference
	for _, p := range c.Pairs {
		d := differenceOf(p, m)
		if d.known {
			base, all = append(base, d.base), append(all, d)
		}
		if limit == nil {
			continue
		}
		if d.known {
			allowed = append(allowed, limit.Allowed(d.base)-d.base)
		}
		switch d.against(*limit) {
		case failed:
			out.Failed++
		case unsure:
			out.Doubtful++
		case near:
			out.Near++
		}
	}
	if len(all) > 0 {
		out.Difference, out.Largest = joined(all)
		// The head's own median needn't be as far from the base's as the pairs are from each other: one table would have two answers.
		out.Base, out.Head = calibrate.Figure(median(base)), calibrate.Figure(median(base)+*out.Difference.Value)
		low, high := out.Difference.Low, out.Difference.High
		out.Same = low != nil && high != nil && *low <= 0 && *high >= 0
	}
	if len(allowed) > 0 {
		out.Allowed = calibrate.Figure(median(allowed))
	}
	if limit == nil {
		return out
	}
	if out.Reason = unlike(c, m, out); out.Reason != "" {
		out.Verdict = calibrate.LimitNoData
	} else {
		out.Verdict, out.Reason = limited(c, m, out, len(c.Pairs)-len(all), together(all, *limit))
	}
	return out
}

// lacking is why a figure can't be compared in every pair.
func lacking(pairs []calibrate.Pair, m calibrate.Metric) calibrate.LimitReason {
	reason := calibrate.LimitNotMeasured
	if slices.ContainsFunc(pairs, func(p calibrate.Pair) bool { return openInOne(p, m) }) {
		reason = calibrate.LimitUnsettled
	}
	for _, p := range pairs {
		for _, of := range []calibrate.OfVersion{p.Base, p.Head} {
			switch {
			case of.Withheld != nil:
				return calibrate.LimitUntrusted
			case of.Unserved != "":
				reason = calibrate.LimitUnserved
			}
		}
	}
	return reason
}

// asServed are the figures that have what has crept by then in them.
var asServed = []string{"peak", "plateau", "marginal"}

// unlike is why a figure of two saved runs says nothing of the app: it rests on something that differs, or on how many requests a
// worker had served by then, for memory that creeps. Runs in turn have the same, but for what is to be compared.
func unlike(c calibrate.Comparison, m calibrate.Metric, of calibrate.Compared) calibrate.LimitReason {
	if c.Way != calibrate.CompareSaved {
		return ""
	}
	if slices.ContainsFunc(c.Differs, func(d calibrate.Difference) bool { return d.Spoiled(m) }) {
		return calibrate.LimitOtherPrint
	}
	if slices.Contains(asServed, m.Name) && of.Allowed != nil && creptBetween(c.Pairs) > SettledShare*math.Abs(*of.Allowed) {
		return calibrate.LimitOtherRequests
	}
	return ""
}

// creptBetween is what a worker may have gained in the requests that only one of both had served when its peak was read: endless
// where it isn't known whether memory creeps.
func creptBetween(pairs []calibrate.Pair) (most float64) {
	for _, p := range pairs {
		requests := math.Abs(float64(p.Head.PeakRequests - p.Base.PeakRequests))
		if requests == 0 {
			continue
		}
		for _, of := range []calibrate.OfVersion{p.Base, p.Head} {
			f := of.Figures["creep"]
			if !f.Known() {
				return math.Inf(1)
			}
			_, above := halves(f.Reading)
			most = max(most, (*f.Value+above)*requests)
		}
	}
	return most
}

// limited is what becomes of a limit; "" while that is open. Pairs that can't tell alone may do so together.
func limited(c calibrate.Comparison, m calibrate.Metric, of calibrate.Compared, missing int, all sum) (calibrate.LimitVerdict, calibrate.LimitReason) {
	if missing > 0 {
		return calibrate.LimitNoData, lacking(c.Pairs, m)
	}
	needed, left := Failures, MostPairs-len(c.Pairs)
	switch c.Way {
	case calibrate.CompareSaved:
		needed, left = 1, 0
	case calibrate.CompareSelf:
		return "", ""
	case calibrate.CompareFixed:
		return byInterval(of, all)
	}
	switch {
	case of.Failed >= needed:
		return calibrate.LimitExceeded, ""
	case len(c.Pairs) == 1 && of.Failed+of.Doubtful+of.Near == 0:
		return calibrate.LimitWithin, ""
	case of.Failed+of.Doubtful+left < needed:
		return calibrate.LimitWithin, ""
	case of.Failed+left >= needed:
		return "", ""
	case all.within():
		return calibrate.LimitWithin, ""
	case left == 0, of.Failed+of.Doubtful >= needed && all.beyond(): // more pairs won't tell
		return calibrate.LimitTooClose, calibrate.LimitNoise
	}
	return "", ""
}

// byInterval holds the interval of the differences to the limit. Pairs too few for an interval, or in noise, are no alarm: here, too,
// the limit must have failed in three. Of such few pairs noise may hide a change in none.
func byInterval(of calibrate.Compared, all sum) (calibrate.LimitVerdict, calibrate.LimitReason) {
	d := of.Difference
	if !d.Known() || of.Allowed == nil {
		return calibrate.LimitNoData, calibrate.LimitNotMeasured
	}
	low, high, allowed := *d.Value, *d.Value, *of.Allowed
	if d.Low != nil && d.High != nil {
		low, high = *d.Low, *d.High
	}
	if of.Limit.Least {
		low, high, allowed = -high, -low, -allowed
	}
	switch {
	case high <= allowed && all.hidden > 0 && all.pairs < LeastForInterval:
		return calibrate.LimitTooClose, calibrate.LimitNoise
	case high <= allowed:
		return calibrate.LimitWithin, ""
	case low > allowed && low > 0 && of.Failed >= Failures:
		return calibrate.LimitExceeded, ""
	}
	return calibrate.LimitTooClose, ""
}

// verdictOf is that of all limits together. What has failed stays so, whatever else can't be told. After one pair that is near
// nothing there is no other; the limits that are open decide whether there is one more.
func verdictOf(c calibrate.Comparison) calibrate.CompareVerdict {
	if c.Way == calibrate.CompareSelf && !slices.ContainsFunc(c.Compared, func(one calibrate.Compared) bool { return one.Limit != nil && one.Difference.Known() }) {
		return calibrate.CompareInconclusive
	}
	if c.Way == calibrate.CompareSelf {
		return calibrate.CompareMeasured
	}
	has := func(v calibrate.LimitVerdict) bool {
		return slices.ContainsFunc(c.Compared, func(one calibrate.Compared) bool { return one.Limit != nil && one.Verdict == v })
	}
	switch {
	case has(calibrate.LimitExceeded):
		return calibrate.CompareRegressed
	case len(c.Pairs) == 0 || has(""):
		return calibrate.CompareOpen
	case has(calibrate.LimitTooClose) || has(calibrate.LimitNoData):
		return calibrate.CompareInconclusive
	}
	return calibrate.ComparePassed
}
