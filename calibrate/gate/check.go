package gate

import (
	"slices"
	"time"

	"workermem/calibrate"
)

// Against is what a run is held to. Deployed is judged here; its figures are there.
type Against struct {
	Limits   calibrate.Limits
	Baseline *calibrate.Baseline // nil: there is none
	Deployed *calibrate.Deployed // nil: nobody says what is deployed
	Ignored  []calibrate.Ignore
	Now      time.Time // by which some of these have expired
}

// Check judges a run.
func Check(r calibrate.Result, a Against) calibrate.Check {
	c := calibrate.Check{
		Schema: calibrate.CheckSchema, Run: r.ID, Untrusted: untrusted(r), Limits: []calibrate.Judged{}, Noise: Noise(r), Expired: []calibrate.Ignore{},
		Undone: append([]string{}, r.Undone()...),
	}
	noFit, cutShort := a.Deployed == nil && r.Outcome() == calibrate.KindNothingFits, r.Lacks(calibrate.OfShapes...)
	c.NoFit, c.FitOpen = noFit && !cutShort, noFit && cutShort
	j := judge{r, a.Baseline, nil, c}
	if a.Baseline != nil {
		j.differs = a.Baseline.Fingerprint.Differences(r.Fingerprint())
		c.Baseline = &calibrate.BaselineCompare{Run: a.Baseline.Run, Differs: j.differs}
	}
	for _, l := range a.Limits {
		c.Limits = append(c.Limits, a.excused(j.limit(l)))
	}
	for _, i := range a.Ignored {
		if i.Expired(a.Now) {
			c.Expired = append(c.Expired, i)
		}
	}
	if a.Deployed != nil {
		c.Deployed = j.deployed(*a.Deployed)
	}
	c.ExitCode = exitCode(c)
	return c
}

// excused notes who excused a limit that isn't met.
func (a Against) excused(one calibrate.Judged) calibrate.Judged {
	if one.Verdict != calibrate.LimitWithin {
		one.Ignored = a.excuse(one.Limit)
	}
	return one
}

// excuse is that of a limit, nil if nobody excuses it.
func (a Against) excuse(l calibrate.Limit) *calibrate.Ignore {
	for _, i := range a.Ignored {
		if i.Excuses(l.Metric(), a.Now) {
			return &i
		}
	}
	return nil
}

// untrusted says that a run's figures are no ground for a judgement.
func untrusted(r calibrate.Result) bool { return !r.Complete || r.Recommendation.Withheld != nil }

// exitCode is 0, or the first of the kinds that something amounts to.
func exitCode(c calibrate.Check) calibrate.Kind {
	var beyond, regressed bool
	unknown := c.FitOpen
	for _, j := range c.Limits {
		if !j.Counts() {
			continue
		}
		beyond = beyond || j.Verdict == calibrate.LimitExceeded && !j.Limit.Relative()
		regressed = regressed || j.Verdict == calibrate.LimitExceeded && j.Limit.Relative()
		unknown = unknown || j.Verdict != calibrate.LimitExceeded
	}
	deployed := ofDeployed(c.Deployed)
	is := func(v calibrate.LimitVerdict) bool { return slices.Contains(deployed, v) }
	switch {
	case !c.Untrusted && (c.NoFit || is(calibrate.LimitExceeded)):
		return calibrate.KindNothingFits
	case beyond:
		return calibrate.KindLimit
	case regressed:
		return calibrate.KindRegression
	case c.Untrusted, unknown, is(calibrate.LimitTooClose), is(calibrate.LimitNoData):
		return calibrate.KindInconclusive
	}
	return 0
}

func ofDeployed(d *calibrate.Deployed) []calibrate.LimitVerdict {
	if d == nil {
		return nil
	}
	all := []calibrate.LimitVerdict{d.Memory.Verdict}
	for _, held := range []*calibrate.Bounded{d.Rate, d.P99} {
		if held != nil {
			all = append(all, held.Verdict)
		}
	}
	return all
}
