package calibrate

import (
	"math"
)

// Rest is what the memory of a creeping worker did while nothing was asked of it. What grows then grows with time; what comes
// back then was a cache that expires, or garbage that nobody had collected yet.
type Rest struct {
	Seconds        float64 `json:"seconds"` // the first one left out, in which the last requests end
	BytesPerSecond float64 `json:"bytes_per_second"`
	Low            float64 `json:"low_bytes_per_second"`
	High           float64 `json:"high_bytes_per_second"`
	ReturnedBytes  int64   `json:"returned_bytes"` // from its beginning to its end
	GrownBytes     int64   `json:"grown_bytes"`    // in the soak before it
	// Together is the creep of the soak as it was, by request and by time, at so many requests a second.
	Together      CreepSeen `json:"together"`
	RatePerSecond float64   `json:"rate_per_second"`
}

// Together is the creep of the soak as it was, also where part of it was found to go on without any request. Slope and
// bounds must be known.
func (c Creep) Together() CreepSeen {
	if c.By == ByBoth {
		return c.Rest.Together
	}
	low := math.Inf(-1)
	if c.Low != nil {
		low = *c.Low
	}
	high := math.Inf(1)
	if c.High != nil {
		high = *c.High
	}
	return CreepSeen{c.Verdict, *c.BytesPerRequest, low, high}
}
