package calibrate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"workermem/calibrate/creep"
)

// Rest is what the memory of a creeping worker did while nothing was asked of it. What grows then grows with time; what comes
// back then was a cache that expires, or garbage that nobody had collected yet.
type Rest struct {
	Seconds        float64 `json:"seconds"` // the first one left out, in which the last requests end
	BytesPerSecond float64 `json:"bytes_per_second"`
	Low            float64 `json:"low"`
	High           float64 `json:"high"`
	ReturnedBytes  int64   `json:"returned_bytes"` // of what the worker held at the end of the soak
	// Together is the creep of the soak as it was, by request and by time, in bytes a request at that rate.
	Together CreepSeen `json:"together"`
}

const (
	restTime = 8 * time.Second
	// restGrain is as much as a worker's memory was seen to move by itself, thrice: 20 KB in 10 to 20 s (measuring.md).
	restGrain = 64 << 10
	// Of what grew in the soak: more than cameBack makes it no creep, more than someBack is worth a word.
	cameBack = 0.5
	someBack = 0.1
)

// rest leaves a creeping worker alone for a while. Without creep there is nothing to be told apart.
func (r *run) rest(ctx context.Context) error {
	soaked := creepOf(Measured{Result: r.result, Samples: r.watch.taken(0)})
	if r.plan.Quick || soaked.Verdict != string(creep.Creeping) {
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
		Answered: r.rig.answered(), PeakRSSBytes: peak, PeakSource: source, EndedBecause: "enough seen"})
	return nil
}

// restOf reads the rest of a run, nil where there was none. The drift is that of the medians of its first and last third;
// what it may be off by is the largest jump between two readings, over the time: growth in steps may have one step more
// or less in it.
func restOf(m Measured) *Rest {
	samples := phaseSamples(m.Samples, PhaseRest)
	if len(samples) == 0 {
		return nil
	}
	start := samples[0].Seconds + 1
	samples = slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool { return s.Seconds < start })
	if len(samples) < int(3/SampleInterval.Seconds()) {
		return nil
	}
	jump := int64(restGrain)
	for i := 1; i < len(samples); i++ {
		jump = max(jump, abs64(samples[i].Anon-samples[i-1].Anon))
	}
	third := len(samples) / 3
	first, last := samples[:third], samples[len(samples)-third:]
	r := Rest{Seconds: samples[len(samples)-1].Seconds - samples[0].Seconds}
	r.BytesPerSecond = float64(medianAnon(last)-medianAnon(first)) / (last[0].Seconds - first[0].Seconds)
	r.Low, r.High = r.BytesPerSecond-float64(jump)/r.Seconds, r.BytesPerSecond+float64(jump)/r.Seconds
	if soak := phaseSamples(m.Samples, m.Result.steady()); len(soak) > 0 {
		r.ReturnedBytes = max(level(soak)-medianAnon(last), 0)
	}
	return &r
}

func abs64(n int64) int64 { return max(n, -n) }

func medianAnon(samples []Sample) int64 { return anonAt(samples, 0.5) }

// level is the lower envelope of the last two seconds.
func level(samples []Sample) int64 {
	return anonAt(samples[max(len(samples)-int(2/SampleInterval.Seconds()), 0):], 0.1)
}

func anonAt(samples []Sample, share float64) int64 {
	sorted := slices.SortedFunc(slices.Values(samples), func(a, b Sample) int { return cmp.Compare(a.Anon, b.Anon) })
	return sorted[int(share*float64(len(sorted)-1))].Anon
}

// apart takes what the rest has shown out of a creep that the soak found at so many requests a second.
func (c Creep) apart(rest *Rest, rate float64) Creep {
	if rest == nil || c.Verdict != string(creep.Creeping) || c.BytesPerRequest == nil || c.Low == nil || c.High == nil || rate <= 0 {
		return c
	}
	c.Rest = rest
	rest.Together = CreepSeen{c.Verdict, *c.BytesPerRequest, *c.Low, *c.High}
	if grown := *c.BytesPerRequest * float64(c.Requests); float64(rest.ReturnedBytes) > cameBack*grown {
		c.Verdict = string(creep.Inconclusive)
		c.Missing = fmt.Sprintf("%s of the %s that it had grown by came back in %.0f s without load: a cache that expires, or a "+
			"collector that waits, so a longer soak must show where it ends", sayBytes(float64(rest.ReturnedBytes)), sayBytes(grown), restTime.Seconds())
		return c
	}
	if rest.Low <= 0 {
		return c
	}
	c.By = ByBoth
	c.BytesPerSecond, c.LowBytesPerSecond, c.HighBytesPerSecond = number(rest.BytesPerSecond), number(rest.Low), number(rest.High)
	by := max(*c.BytesPerRequest-rest.BytesPerSecond/rate, 0)
	c.BytesPerRequest, c.Low, c.High = number(by), number(min(*c.Low-rest.High/rate, by)), number(max(*c.High-rest.Low/rate, by))
	return c
}

// at is the creep by request and by time together, in bytes a request, at so many requests a second and worker.
func (c Creep) at(rate float64) (slope, high float64) {
	slope, high = *c.BytesPerRequest, *c.High
	if c.By == ByBoth && rate > 0 {
		slope, high = slope+*c.BytesPerSecond/rate, high+*c.HighBytesPerSecond/rate
	}
	return slope, high
}
