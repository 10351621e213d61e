package report

import (
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

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
