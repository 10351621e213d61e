package analyse

import (
	"slices"

	"workermem/calibrate"
)

const (
	// restGrain is as much as a worker's memory was seen to move by itself, thrice: 20 KB in 10 to 20 s (measured).
	restGrain = 64 << 10
	leastRest = 1.5 // seconds of readings, the first second apart
	// Of what grew in the soak: more than cameBack makes it no creep, more than someBack is worth a word.
	cameBack = 0.5
	someBack = 0.1
)

// restOf reads the rest of a run, nil where there was none. The drift is that of the medians of its first and last third;
// what it may be off by is the largest jump between two readings and the noise, over the time between the thirds: growth in
// steps may have one step more or less in it, and a single step is no growth that goes on. All of it is of the kinds that creep.
func restOf(m calibrate.Measured, of []judgement) *calibrate.Rest {
	samples := asAnon(phaseSamples(m.Samples, calibrate.PhaseRest), of)
	if len(samples) == 0 {
		return nil
	}
	start := samples[0].Seconds + 1 // the last requests end, and what they held is let go
	samples = slices.DeleteFunc(slices.Clone(samples), func(s calibrate.Sample) bool { return s.Seconds < start })
	if len(samples) < int(leastRest/calibrate.SampleInterval.Seconds()) {
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
	r := calibrate.Rest{Seconds: samples[len(samples)-1].Seconds - samples[0].Seconds, BytesPerSecond: drift, Low: drift - off, High: drift + off}
	r.ReturnedBytes = max(medianAnon(first)-medianAnon(last), 0)
	return &r
}

// asAnon puts the sum of the kinds that creep in the place of the workers' anonymous memory, where it isn't that.
func asAnon(samples []calibrate.Sample, of []judgement) []calibrate.Sample {
	if len(of) == 0 {
		return samples
	}
	samples = slices.Clone(samples)
	for i, s := range samples {
		samples[i].Anon = 0
		for _, j := range of {
			samples[i].Anon += j.bytes(s)
		}
	}
	return samples
}

func abs64(n int64) int64 { return max(n, -n) }

func medianAnon(samples []calibrate.Sample) int64 { return AnonQuantile(samples, 0.5) }

// AnonQuantile is the anonymous memory below which such a share of the samples lies.
func AnonQuantile(samples []calibrate.Sample, share float64) int64 {
	return quantileOf(samples, share, anonymous.bytes)
}

// quantileOf is the same of any figure of a sample.
func quantileOf(samples []calibrate.Sample, share float64, bytes func(calibrate.Sample) int64) int64 {
	sorted := make([]int64, len(samples))
	for i, s := range samples {
		sorted[i] = bytes(s)
	}
	slices.Sort(sorted)
	return sorted[int(share*float64(len(sorted)-1))]
}

// splitByTime takes what the rest has shown out of a creep that the soak found at so many requests a second.
func splitByTime(c calibrate.Creep, rest *calibrate.Rest, soak []calibrate.Sample, rate float64) calibrate.Creep {
	if rest == nil || c.Verdict != calibrate.Creeping || c.BytesPerRequest == nil || c.Low == nil || c.High == nil || rate <= 0 {
		return c
	}
	c.Rest = rest
	rest.Together, rest.RatePerSecond = calibrate.CreepSeen{Verdict: c.Verdict, BytesPerRequest: *c.BytesPerRequest, Low: *c.Low, High: *c.High}, rate
	rest.GrownBytes = int64(*c.BytesPerRequest * float64(soak[len(soak)-1].Requests-soak[0].Requests))
	if float64(rest.ReturnedBytes) > cameBack*float64(rest.GrownBytes) {
		c.Verdict = calibrate.Inconclusive
		c.Missing = &calibrate.Missing{Kind: calibrate.Returned} // the figures are those of the rest
		return c
	}
	if rest.Low <= 0 {
		return c
	}
	c.By, c.Confidence = calibrate.ByBoth, 0 // the two intervals together are not one of 95 %
	c.BytesPerSecond, c.LowBytesPerSecond, c.HighBytesPerSecond = calibrate.Figure(rest.BytesPerSecond), calibrate.Figure(rest.Low), calibrate.Figure(rest.High)
	by := max(*c.BytesPerRequest-rest.BytesPerSecond/rate, 0)
	c.BytesPerRequest, c.Low, c.High = calibrate.Figure(by), calibrate.Figure(min(*c.Low-rest.High/rate, by)), calibrate.Figure(max(*c.High-rest.Low/rate, by))
	return c
}
