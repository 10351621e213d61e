package report

import (
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// creepSection says whether memory grows with requests, and how sure that is.
func creepSection(r calibrate.Result) []Block {
	if byTime(r) {
		return section(Heading{"Creep", "memory that grows with time (no request was counted)"}, Facts{Rows: growth(r)})
	}
	return section(Heading{"Creep", "memory that grows with requests"}, Facts{Rows: creep(r)})
}

// verdictByRequest is the verdict as far as max-requests may rest on it.
func verdictByRequest(r calibrate.Result) calibrate.Verdict {
	if byTime(r) {
		return ""
	}
	return r.Creep.Verdict
}

func creep(r calibrate.Result) []Fact {
	c := r.Creep
	facts := []Fact{fact("verdict", verdictOf(c))}
	if c.Verdict == "" {
		return facts
	}
	facts = append(facts, factsOf(fact("slope", slopeOf(c)), fact("at rest", restOf(c)), fact("rests on", evidenceOf(r)))...)
	if c.Verdict == calibrate.Flat {
		return append(facts, fact("so", safeOf(r.Recommendation)))
	}
	return append(facts, missingFacts(r, "more requests")...)
}

// missingFacts are what keeps the creep from a verdict, and what to do about it.
func missingFacts(r calibrate.Result, other string) []Fact {
	if v := r.Creep.Verdict; v != calibrate.Warming && v != calibrate.Inconclusive {
		return nil
	}
	return []Fact{fact("missing", orElse(missingOf(r.Creep), other)), fact("try", longerOf(r))}
}

func verdictOf(c calibrate.Creep) string {
	switch c.Verdict {
	case "":
		return "not measured: the run has no soak to read it from"
	case calibrate.Flat:
		return "flat: memory does not grow with requests"
	case calibrate.Creeping:
		if c.By == calibrate.ByBoth {
			return creepingByTime(c)
		}
		return "creeping: requests leave memory behind that does not come back"
	case calibrate.Warming:
		return "warming: memory was still settling; this may not be creep"
	case calibrate.Inconclusive:
		if c.BytesPerRequest == nil {
			return "inconclusive: too little data to fit a slope"
		}
		return "inconclusive: the data allow growth as well as none"
	}
	return string(c.Verdict)
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

// restOf is what memory did without any request, "" if it was not left alone.
func restOf(c calibrate.Creep) string {
	r := c.Rest
	if r == nil {
		return ""
	}
	if c.By == calibrate.ByBoth {
		return fmt.Sprintf("it grows by %s without any request (interval %s). With what requests leave behind, that came to %s a request",
			hourly(r.BytesPerSecond), say.Range(r.Low*3600, r.High*3600), say.Bytes(r.Together.BytesPerRequest))
	}
	return fmt.Sprintf("nothing grew in %s without load; less than %s, or steps further apart, would not have shown", say.Seconds(r.Seconds), hourly(max(r.High, 0))) +
		when(r.ReturnedBytes > mb/8, "; %s were given back", knownMB(r.ReturnedBytes))
}

func confidenceOf(c calibrate.Creep) string {
	return when(c.Confidence > 0, "%s ", say.Percent(c.Confidence))
}

func evidenceOf(r calibrate.Result) string {
	c := r.Creep
	s := "an unknown number of requests"
	if c.Requests > 0 {
		s = say.Count(c.Requests) + " requests"
	}
	if attached(r) {
		s += " a worker, counted by " + counterOf(*r.Watch)
	}
	if c.Detectable == nil {
		return s + "; how small a leak would have shown is not known"
	}
	return fmt.Sprintf("%s; a leak of %s a request would have shown", s, say.Bytes(*c.Detectable))
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

// missingOf is what keeps the creep from a verdict; "" if nothing is known of that.
func missingOf(c calibrate.Creep) string {
	m := c.Missing
	if m == nil {
		return ""
	}
	after := say.Plural(c.Requests, "request")
	if c.By == calibrate.ByTime {
		after = say.Seconds(c.Seconds)
	}
	switch m.Kind {
	case calibrate.FewRequests:
		return fmt.Sprintf("only %s were completed after the first fifth, where at least %d are needed: check that the load reaches this worker, or measure longer",
			say.Plural(m.Requests, "request"), m.NeededRequests)
	case calibrate.FewReadings:
		return fewReadings(c, *m)
	case calibrate.Uneven:
		return fmt.Sprintf("the %d readings under load came at too few different request counts: keep the load steady", m.Readings)
	case calibrate.Slowing:
		return fmt.Sprintf("growth was still slowing after %s (%s of the first half's rate in the second): warm up or measure longer", after, say.Percent(m.HalvesRatio))
	case calibrate.Quickening:
		return fmt.Sprintf("growth was quickening after %s, as a heap's does between two full collections and a leak's doesn't: measure longer", after)
	case calibrate.Wide:
		return wideInterval(c, *m, after)
	case calibrate.Returned:
		return returnedOf(c.Rest)
	}
	return string(m.Kind)
}

func fewReadings(c calibrate.Creep, m calibrate.Missing) string {
	of := "readings under load after the first fifth of the requests"
	if c.By == calibrate.ByTime {
		of = "readings after the first fifth of the time"
	}
	return fmt.Sprintf("only %d %s, where at least %d are needed: measure longer", m.Readings, of, m.NeededReadings)
}

// wideInterval says between which slopes the creep lies, and what would decide.
func wideInterval(c calibrate.Creep, m calibrate.Missing, after string) string {
	low, high, each, unit := c.Low, c.High, "a request", 1.0
	if c.By == calibrate.ByTime {
		low, high, each, unit = c.LowBytesPerSecond, c.HighBytesPerSecond, "an hour", 3600
	}
	longer := "measure longer"
	if m.TimesLonger > 0 {
		longer = fmt.Sprintf("measure about %s times as long", say.Fixed(m.TimesLonger, 1))
	}
	if low == nil || high == nil {
		return longer
	}
	return fmt.Sprintf("creep lies between %s and %s %s after %s, where flat means below %s and creeping above %s: %s", say.Bytes(*low*unit),
		say.Bytes(*high*unit), each, after, say.Bytes(m.FlatBelow*unit), say.Bytes(m.CreepingAbove*unit), longer)
}

func returnedOf(r *calibrate.Rest) string {
	if r == nil {
		return "what had grown came back without load: a longer soak must show where that ends"
	}
	return fmt.Sprintf("%s of the %s that it had grown by came back within %s without load, as from a cache that expires: a longer soak must show where that ends",
		say.Bytes(r.ReturnedBytes), say.Bytes(r.GrownBytes), say.Seconds(r.Seconds))
}
