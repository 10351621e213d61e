package report

import (
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// The verdicts on creep, as result.json has them.
const (
	verdictFlat         = "flat"
	verdictCreeping     = "creeping"
	verdictWarming      = "warming"
	verdictInconclusive = "inconclusive"
)

// creepTitle says what growth is held against.
func creepTitle(r calibrate.Result) string {
	if byTime(r) {
		return "Creep: memory that grows with time (no request was counted)"
	}
	return "Creep: memory that grows with requests"
}

// creepHeading is the same for a runbook's contents.
func creepHeading(r calibrate.Result) string {
	if byTime(r) {
		return "Creep by time"
	}
	return "Creep"
}

// verdictByRequest is the verdict as far as max-requests may rest on it.
func verdictByRequest(r calibrate.Result) string {
	if byTime(r) {
		return ""
	}
	return r.Creep.Verdict
}

// creep says whether memory grows with requests, and how sure that is.
func creep(r calibrate.Result) []fact {
	c := r.Creep
	if byTime(r) {
		return growth(r)
	}
	facts := []fact{{"verdict", verdictOf(c)}}
	if c.Verdict == "" {
		return facts
	}
	facts = append(facts, fact{"slope", slopeOf(c)})
	if s := restOf(c); s != "" {
		facts = append(facts, fact{"at rest", s})
	}
	facts = append(facts, fact{"rests on", evidenceOf(r)})
	switch c.Verdict {
	case verdictFlat:
		facts = append(facts, fact{"so", safeOf(r.Recommendation)})
	case verdictWarming, verdictInconclusive:
		facts = append(facts, fact{"missing", orElse(c.Missing, "more requests")}, fact{"try", longerOf(r)})
	}
	return facts
}

func verdictOf(c calibrate.Creep) string {
	switch c.Verdict {
	case "":
		return "not measured: the run has no soak to read it from"
	case verdictFlat:
		return "flat: memory does not grow with requests"
	case verdictCreeping:
		if c.By == calibrate.ByBoth {
			return creepingByTime(c)
		}
		return "creeping: requests leave memory behind that does not come back"
	case verdictWarming:
		return "warming: memory was still settling; this may not be creep"
	case verdictInconclusive:
		if c.BytesPerRequest == nil {
			return "inconclusive: too little data to fit a slope"
		}
		return "inconclusive: the data allow growth as well as none"
	}
	return c.Verdict
}

// creepingByTime is of a worker that grows without any request as well.
func creepingByTime(c calibrate.Creep) string {
	if c.Low != nil && *c.Low > 0 {
		return "creeping: memory grows with requests, and with time without any"
	}
	return "creeping: memory grows with time, whether requests come or not"
}

func slopeOf(c calibrate.Creep) string {
	if c.BytesPerRequest == nil {
		return notMeasured
	}
	s := say.Bytes(*c.BytesPerRequest) + " a request"
	if c.Low != nil && c.High != nil {
		s += fmt.Sprintf(" (%sinterval %s)", confidenceOf(c), say.Range(*c.Low, *c.High))
	}
	return s
}

// restOf is what memory did without any request, "" where it was not left alone.
func restOf(c calibrate.Creep) string {
	r := c.Rest
	if r == nil {
		return ""
	}
	if c.By == calibrate.ByBoth {
		return fmt.Sprintf("it grows by %s without any request (interval %s): with the requests' own it came to %s each",
			hourly(r.BytesPerSecond), say.Range(r.Low*3600, r.High*3600), say.Bytes(r.Together.BytesPerRequest))
	}
	s := fmt.Sprintf("nothing grew in %s without load; less than %s, or steps further apart, would not have shown", say.Seconds(r.Seconds), hourly(max(r.High, 0)))
	if r.ReturnedBytes > mb/8 {
		s += fmt.Sprintf("; %s came back", knownMB(r.ReturnedBytes))
	}
	return s
}

func confidenceOf(c calibrate.Creep) string {
	if c.Confidence <= 0 {
		return ""
	}
	return say.Percent(c.Confidence) + " "
}

func evidenceOf(r calibrate.Result) string {
	c := r.Creep
	s := "an say.Unknown number of requests"
	if c.Requests > 0 {
		s = say.Count(c.Requests) + " requests"
	}
	if attached(r) {
		s += " a worker, counted by " + counterOf(*r.Watch)
	}
	if c.Detectable == nil {
		return s + "; the smallest creep it could have seen is not known"
	}
	return fmt.Sprintf("%s; a creep of %s a request would have been seen", s, say.Bytes(*c.Detectable))
}

func safeOf(rec calibrate.Recommendation) string {
	if rec.SafeRequests <= 0 {
		return "no need to recycle workers"
	}
	return fmt.Sprintf("no need to recycle: safe to %s requests at the upper bound", say.Count(rec.SafeRequests))
}

func longerOf(r calibrate.Result) string {
	if attached(r) {
		return longerWatch(r)
	}
	soak := soakSeconds(r)
	if soak <= 0 {
		return "a soak to its end: --duration " + longer(soak)
	}
	return fmt.Sprintf("a longer soak: --duration %s (this one lasted %s)", longer(soak), say.Seconds(soak))
}

func soakSeconds(r calibrate.Result) float64 {
	for _, ph := range r.Phases {
		if ph.Name == calibrate.PhaseSoak {
			return ph.Seconds
		}
	}
	return 0
}

// longer is about three times as long, at least five minutes: the interval narrows faster than the square root of
// the requests, as the drift of the baseline averages out too.
func longer(s float64) string {
	minutes := 5
	for float64(minutes)*60 < 3*s && minutes < 240 {
		minutes *= 2
	}
	return fmt.Sprintf("%dm", minutes)
}
