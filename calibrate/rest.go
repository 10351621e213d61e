package calibrate

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"
)

// Rest is what the memory of a creeping worker did while nothing was asked of it. What grows then grows with time; what comes
// back then was a cache that expires, or garbage that nobody had collected yet.
type Rest struct {
	Seconds        float64 `json:"seconds"` // the first one left out, in which the last requests end
	BytesPerSecond float64 `json:"bytes_per_second"`
	Low            float64 `json:"low"`
	High           float64 `json:"high"`
	ReturnedBytes  int64   `json:"returned_bytes"` // from its beginning to its end
	GrownBytes     int64   `json:"grown_bytes"`    // in the soak before it
	// Together is the creep of the soak as it was, by request and by time, at so many requests a second.
	Together      CreepSeen `json:"together"`
	RatePerSecond float64   `json:"rate_per_second"`
}

const (
	restTime = 6 * time.Second
	// restGrain is as much as a worker's memory was seen to move by itself, thrice: 20 KB in 10 to 20 s (measuring.md).
	restGrain = 64 << 10
	// Of what grew in the soak: more than cameBack makes it no creep, more than someBack is worth a word.
	cameBack = 0.5
	someBack = 0.1
)

// rest leaves a creeping worker alone for a while. Without creep there is nothing to be told apart.
func (r *run) rest(ctx context.Context) error {
	soaked := creepOf(Measured{Result: r.result, Samples: r.watch.taken(0)})
	if r.plan.Quick || soaked.Verdict != Creeping {
		return nil
	}
	r.enter(PhaseRest)
	began, from := r.watch.seconds(), len(r.watch.taken(0))
	r.watch.tell("", "no load: what grows now grows with time", restTime.Seconds())
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(restTime):
	}
	peak, source := r.watch.peak(from)
	r.result.Phases = append(r.result.Phases, Phase{Name: PhaseRest, StartSeconds: began, Seconds: r.watch.seconds() - began,
		Answered: r.rig.answered(), PeakRSSBytes: peak, PeakSource: source, Ended: End{By: EndSeen}})
	return nil
}

// restOf reads the rest of a run, nil where there was none. The drift is that of the medians of its first and last third;
// what it may be off by is the largest jump between two readings and the noise, over the time between the thirds: growth in
// steps may have one step more or less in it, and a single step is no growth that goes on.
func restOf(m Measured) *Rest {
	samples := phaseSamples(m.Samples, PhaseRest)
	if len(samples) == 0 {
		return nil
	}
	start := samples[0].Seconds + 1 // the last requests end, and what they held is let go
	samples = slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool { return s.Seconds < start })
	if len(samples) < int(3/SampleInterval.Seconds()) {
		return nil
	}
	var jump int64
	for i := 1; i < len(samples); i++ {
		jump = max(jump, abs64(samples[i].Anon-samples[i-1].Anon))
	}
	third := len(samples) / 3
	first, last := samples[:third], samples[len(samples)-third:]
	apart := last[0].Seconds - first[0].Seconds
	drift, off := float64(medianAnon(last)-medianAnon(first))/apart, float64(jump+restGrain)/apart
	r := Rest{Seconds: samples[len(samples)-1].Seconds - samples[0].Seconds, BytesPerSecond: drift, Low: drift - off, High: drift + off}
	r.ReturnedBytes = max(medianAnon(first)-medianAnon(last), 0)
	return &r
}

func abs64(n int64) int64 { return max(n, -n) }

func medianAnon(samples []Sample) int64 { return anonAt(samples, 0.5) }

func anonAt(samples []Sample, share float64) int64 {
	sorted := slices.SortedFunc(slices.Values(samples), func(a, b Sample) int { return cmp.Compare(a.Anon, b.Anon) })
	return sorted[int(share*float64(len(sorted)-1))].Anon
}

// apart takes what the rest has shown out of a creep that the soak found at so many requests a second.
func (c Creep) apart(rest *Rest, soak []Sample, rate float64) Creep {
	if rest == nil || c.Verdict != Creeping || c.BytesPerRequest == nil || c.Low == nil || c.High == nil || rate <= 0 {
		return c
	}
	c.Rest = rest
	rest.Together, rest.RatePerSecond = CreepSeen{c.Verdict, *c.BytesPerRequest, *c.Low, *c.High}, rate
	rest.GrownBytes = int64(*c.BytesPerRequest * float64(soak[len(soak)-1].Requests-soak[0].Requests))
	if float64(rest.ReturnedBytes) > cameBack*float64(rest.GrownBytes) {
		c.Verdict = Inconclusive
		c.Missing = &Missing{Kind: Returned} // the figures are those of the rest
		return c
	}
	if rest.Low <= 0 {
		return c
	}
	c.By, c.Confidence = ByBoth, 0 // the two intervals together are not one of 95 %
	c.BytesPerSecond, c.LowBytesPerSecond, c.HighBytesPerSecond = number(rest.BytesPerSecond), number(rest.Low), number(rest.High)
	by := max(*c.BytesPerRequest-rest.BytesPerSecond/rate, 0)
	c.BytesPerRequest, c.Low, c.High = number(by), number(min(*c.Low-rest.High/rate, by)), number(max(*c.High-rest.Low/rate, by))
	return c
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
