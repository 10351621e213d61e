package analyse

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/creep"
	"workermem/calibrate/gate"
)

// curvePoints of a run are compared with those of another.
const curvePoints = 40

// OfVersion is what is kept of a run to compare it with another: every figure, and memory by requests. Of a run that can't be relied
// on there are no figures, but why.
func OfVersion(m calibrate.Measured, limits calibrate.Limits, folder string) calibrate.OfVersion {
	r := m.Result
	of := calibrate.OfVersion{Run: r.ID, Folder: folder, Fingerprint: r.Fingerprint(), Figures: map[string]calibrate.Recorded{}, Noise: gate.Noise(r), PeakRequests: r.Worker.Requests,
		PlateauRequests: plateauAt(m), Threads: r.Target.Threads, Curve: curveOf(m.Samples), Unsettled: r.Creep.Unsettled(), Warnings: alsoOfVersions(r.Warnings)}
	if of.Withheld = incomparable(r); of.Withheld == nil {
		of.Figures = calibrate.BaselineOf(r, limits.Metrics()...).Metrics
	}
	return of
}

// incomparable is why a run's figures say nothing of the app: what keeps a recommendation from it. A budget that would soon be full
// has no say here, for the figures themselves are sound; nor have few requests where base and head get the same ones in turn, for memory
// is compared at the same request then.
func incomparable(r calibrate.Result) *calibrate.Withheld {
	w := r.Recommendation.Withheld
	switch {
	case w != nil && w.Kind == calibrate.WithheldGrowth:
		return nil
	case w != nil && w.Kind == calibrate.WithheldRequests && r.Plan.Portions != nil:
		return answeredBadly(r)
	case w == nil && !r.Complete:
		return &calibrate.Withheld{Kind: calibrate.WithheldPartial}
	}
	return w
}

// alsoOfVersions are a run's warnings that say something of the version that was run, and not of its sizing alone.
func alsoOfVersions(all []calibrate.Warning) []calibrate.Warning {
	return slices.DeleteFunc(slices.Clone(all), func(w calibrate.Warning) bool { return w.Code != failedRequests })
}

// plateauAt is how many requests had been answered when the plateau was read, nil where no sample of that is there: see plateau.
func plateauAt(m calibrate.Measured) *int64 {
	first := steadySamples(m)
	first = first[:min(len(first), int(1/calibrate.SampleInterval.Seconds()))]
	if len(first) == 0 {
		return nil
	}
	return &first[len(first)/2].Requests
}

// curveOf is the lower envelope of anonymous memory in stretches of equal requests, up to the end of the soak.
func curveOf(samples []calibrate.Sample) []calibrate.CurvePoint {
	points := []calibrate.CurvePoint{}
	end := slices.IndexFunc(samples, func(s calibrate.Sample) bool { return s.Phase == calibrate.PhasePeak })
	if end < 0 {
		end = len(samples)
	}
	if samples = samples[:end]; len(samples) == 0 {
		return points
	}
	last := samples[end-1].Requests
	var held []float64
	for i, s := range samples {
		held = append(held, float64(s.Anon))
		next := int64(len(points)+1) * last / curvePoints
		if s.Requests >= next && s.Requests > 0 || i == len(samples)-1 {
			slices.Sort(held)
			points, held = append(points, calibrate.CurvePoint{Requests: s.Requests, Bytes: int64(creep.Quantile(held, 0.1))}), nil
		}
	}
	return points
}
