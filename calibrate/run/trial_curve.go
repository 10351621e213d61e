package run

import "workermem/calibrate"

// mostOfCurve is how many points of a trial are kept: a picture shows no more.
const mostOfCurve = 240

// trialCurve keeps what a trial took as it went on. A point stands for a stretch of time, and is the highest reading of that;
// when there are too many the stretches are doubled.
type trialCurve struct {
	points  []calibrate.TrialPoint
	stretch float64 // seconds
}

func (c *trialCurve) add(p calibrate.TrialPoint) {
	if c.stretch == 0 {
		c.stretch = calibrate.SampleInterval.Seconds()
	}
	last := len(c.points) - 1
	if last < 0 || int(p.Seconds/c.stretch) != int(c.points[last].Seconds/c.stretch) {
		c.points = append(c.points, p)
	} else if p.Bytes > c.points[last].Bytes {
		c.points[last] = p
	}
	if len(c.points) <= mostOfCurve {
		return
	}
	all := c.points
	c.points, c.stretch = nil, 2*c.stretch
	for _, p := range all {
		c.add(p)
	}
}
