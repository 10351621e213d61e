package report

import (
	"fmt"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// creepSection says whether memory grows with requests, and how sure that is.
func creepSection(r calibrate.Result) []Block {
	detail := "memory that grows with requests"
	if byTime(r) {
		detail = "memory that grows with time (no request was counted)"
	}
	return section(Heading{"Creep", detail}, Facts{Rows: creep(r)})
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
	if c.Verdict == "" {
		return []Fact{fact("verdict", verdictOf(r))}
	}
	facts := factsOf(fact("verdict", verdictOf(r)), fact("slope", slopeOf(c)), detail("of it", kindsOf(c)), detail("who frees it", freedBy(c)), detail("at rest", restOf(c)), detail("rests on", evidenceOf(r)))
	if verdictByRequest(r) == calibrate.Flat {
		return append(facts, fact("so", safeOf(r.Recommendation)))
	}
	if c.Verdict == calibrate.Warming || c.Verdict == calibrate.Inconclusive {
		facts = append(facts, fact("missing", missingOf(c)), detail("try", longerOf(r)))
	}
	return facts
}

func verdictOf(r calibrate.Result) string {
	c := r.Creep
	slope, v := slopeIn(c), c.Verdict
	switch {
	case v == "":
		return "not measured: the run has no soak to read it from"
	case v == calibrate.Flat:
		return "flat: " + flatOf(r)
	case v == calibrate.Creeping && c.Harmless():
		return "creeping: requests leave memory of the kernel's own behind"
	case v == calibrate.Creeping:
		return "creeping: " + growsWith(c)
	case v == calibrate.Warming:
		return "warming: memory was still settling; this may not be creep"
	case v == calibrate.Inconclusive && tooQuick(c.Missing):
		return "inconclusive: memory grew, but a quick run can't tell whether that is creep"
	case v == calibrate.Inconclusive && slope.bytes == nil:
		return "inconclusive: too little data to fit a slope"
	case v == calibrate.Inconclusive:
		return "inconclusive: the data allow growth as well as none"
	}
	return string(v)
}

// tooQuick says that growth was seen, and that a run that isn't quick may call it creep.
func tooQuick(m *calibrate.Missing) bool {
	return m != nil && slices.Contains([]calibrate.MissingKind{calibrate.TooBrief, calibrate.Unrested, calibrate.GrowsAlone}, m.Kind)
}

func growsWith(c calibrate.Creep) string {
	switch {
	case c.By == calibrate.ByTime:
		return "memory grows with time and does not come back"
	case c.By == calibrate.ByBoth && c.Low != nil && *c.Low > 0:
		return "memory grows with requests, and with time without any"
	case c.By == calibrate.ByBoth:
		return "memory grows with time, whether requests come or not"
	}
	return "requests leave memory behind that does not come back"
}

// slope is a creep in what it is told by: bytes a request, or a second, of which times make the unit.
type slope struct {
	bytes, low, high, detectable *float64
	times                        float64
	unit                         string
}

func slopeIn(c calibrate.Creep) slope {
	if c.By == calibrate.ByTime {
		return slope{c.BytesPerSecond, c.LowBytesPerSecond, c.HighBytesPerSecond, c.DetectablePerSecond, 3600, "an hour"}
	}
	return slope{c.BytesPerRequest, c.Low, c.High, c.Detectable, 1, "a request"}
}

// flatOf is what a worker without creep does: an interval that leaves zero out says that it grows, if too little to matter.
func flatOf(r calibrate.Result) string {
	s := slopeIn(r.Creep)
	switch {
	case r.Creep.GrowsALittle():
		return fmt.Sprintf("memory grows by at most %s %s, which does not matter here: ", say.Bytes(*s.high*s.times), s.unit) + littleOf(r)
	case byTime(r):
		return "no growth with time that matters under the load there was"
	case s.high != nil && *s.high < 0:
		return "memory does not grow with requests; it fell"
	}
	return "memory does not grow with requests"
}

// littleOf holds growth that doesn't matter against the worker.
func littleOf(r calibrate.Result) string {
	const many = 10_000 // the verdict's own measure: flat is below a twentieth of the worker over so many
	if byTime(r) {
		return "a watch calls no less than 6 MB an hour creep"
	}
	return fmt.Sprintf("%s add at most %s to a worker", say.Plural(many, "request"), say.MB(*r.Creep.High*many)) +
		when(r.Worker.PeakRSSBytes > 0, " of %s", say.MB(r.Worker.PeakRSSBytes))
}

func slopeOf(c calibrate.Creep) string {
	s := slopeIn(c)
	switch {
	case s.bytes == nil:
		return notMeasured
	case s.low != nil && s.high != nil && (c.Verdict == calibrate.Warming || c.Unsettled() && *s.bytes < 0):
		return fmt.Sprintf("%s %s%s (%sinterval): where between them is not known yet", say.Range(*s.low*s.times, *s.high*s.times), s.unit,
			when(byClock(c), " in each worker"), when(c.Confidence > 0, "%s ", say.Percent(c.Confidence)))
	}
	text := say.Bytes(*s.bytes*s.times) + " " + s.unit + when(byClock(c), " in each worker")
	if s.low != nil && s.high != nil {
		text += fmt.Sprintf(" (%sinterval %s)", when(c.Confidence > 0, "%s ", say.Percent(c.Confidence)), say.Range(*s.low*s.times, *s.high*s.times))
	}
	return text
}

func byClock(c calibrate.Creep) bool { return c.By == calibrate.ByTime }

// hourly prints growth by the clock: "1.2 MB an hour".
func hourly(bytesPerSecond float64) string { return say.Bytes(bytesPerSecond*3600) + " an hour" }

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

func evidenceOf(r calibrate.Result) string {
	c, s := r.Creep, slopeIn(r.Creep)
	seen, grown := orElse(when(c.Requests > 0, "%s", say.Count(c.Requests)), "an unknown number of")+" requests", "a leak"
	switch {
	case byTime(r):
		seen, grown = say.Seconds(c.Seconds), "growth"
	case attached(r):
		seen += " a worker, counted by " + counterOf(*r.Watch)
	}
	switch {
	case s.detectable != nil:
		return fmt.Sprintf("%s; %s of %s %s would have shown", seen, grown, say.Bytes(*s.detectable*s.times), s.unit)
	case byTime(r):
		return seen
	}
	return seen + "; how small a leak would have shown is not known"
}

func safeOf(rec calibrate.Recommendation) string {
	safe := when(rec.SafeRequests > 0, "no need to recycle: safe to %s requests at the upper bound", say.Count(rec.SafeRequests))
	return orElse(safe, "no need to recycle workers")
}

func longerOf(r calibrate.Result) string {
	switch {
	case attached(r):
		return longerWatch(r)
	case r.Plan.Quick:
		return fmt.Sprintf("a whole run: leave out --quick (this soak lasted %s)", say.Seconds(r.SteadySeconds()))
	}
	soak := r.SteadySeconds()
	if soak <= 0 {
		return "a soak to its end: " + r.LongerTry()
	}
	return fmt.Sprintf("a longer soak: %s (this one lasted %s)", r.LongerTry(), say.Seconds(soak))
}

// missingOf is what keeps the creep from a verdict.
func missingOf(c calibrate.Creep) string {
	m, after, more := c.Missing, say.Plural(c.Requests, "request"), "more requests"
	if c.By == calibrate.ByTime {
		after, more = say.Seconds(c.Seconds), "more time"
	}
	if m == nil {
		return more
	}
	switch m.Kind {
	case calibrate.FewRequests:
		return fmt.Sprintf("only %s were completed after the first fifth, where at least %s are needed: check that the load reaches this worker, or measure longer",
			say.Plural(m.Requests, "request"), say.Count(m.NeededRequests))
	case calibrate.FewReadings:
		return fewReadings(c, *m)
	case calibrate.Uneven:
		return fmt.Sprintf("the %s readings under load came at too few different request counts: keep the load steady", say.Count(m.Readings))
	case calibrate.Slowing:
		return fmt.Sprintf("growth was still slowing after %s (%s of the first half's rate in the second): warm up or measure longer", after, say.Percent(m.HalvesRatio))
	case calibrate.Quickening:
		return fmt.Sprintf("growth was quickening after %s, as a heap's does between two full collections and a leak's doesn't: measure longer", after)
	case calibrate.Wide:
		return wideInterval(c, *m, after)
	case calibrate.Returned:
		return returnedOf(c.Rest)
	case calibrate.TooBrief:
		return tooBrief(*m)
	case calibrate.Unrested:
		return "memory grew steadily, but was not left without load, so whether it grows with requests or with time is not known"
	case calibrate.GrowsAlone:
		return "memory goes on growing without any request, and a quick run is too short to see whether that ends"
	}
	return string(m.Kind)
}

func tooBrief(m calibrate.Missing) string {
	if m.Requests < int64(m.NeededRequests) {
		return fmt.Sprintf("memory grew, but in %s alone: what an app keeps for a minute grows as steadily, and a quick run calls no growth creep before %s",
			say.Plural(m.Requests, "request"), say.Count(m.NeededRequests))
	}
	return "memory grew, but by how much a request did not hold still within a quick run"
}

func fewReadings(c calibrate.Creep, m calibrate.Missing) string {
	of := "readings under load after the first fifth of the requests"
	if c.By == calibrate.ByTime {
		of = "readings after the first fifth of the time"
	}
	return fmt.Sprintf("only %s %s, where at least %s are needed: measure longer", say.Count(m.Readings), of, say.Count(m.NeededReadings))
}

// wideInterval says between which slopes the creep lies, and what would decide: flat is a matter of the upper end, creeping of
// the lower, so the two may overlap.
func wideInterval(c calibrate.Creep, m calibrate.Missing, after string) string {
	s := slopeIn(c)
	if s.low == nil || s.high == nil {
		return "measure longer"
	}
	return fmt.Sprintf("creep lies between %s and %s %s after %s: it would be flat if that ended below %s, and creeping if it began above %s", say.Bytes(*s.low*s.times),
		say.Bytes(*s.high*s.times), s.unit, after, say.Bytes(m.FlatBelow*s.times), say.Bytes(m.CreepingAbove*s.times))
}

func returnedOf(r *calibrate.Rest) string {
	if r == nil {
		return "what had grown came back without load: a longer soak must show where that ends"
	}
	return fmt.Sprintf("%s of the %s that it had grown by came back within %s without load, as from a cache that expires: a longer soak must show where that ends",
		say.Bytes(r.ReturnedBytes), say.Bytes(r.GrownBytes), say.Seconds(r.Seconds))
}
