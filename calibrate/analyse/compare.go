package analyse

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/creep"
	"workermem/calibrate/gate"
)

// curvePoints of a run are compared with those of another.
const curvePoints = 40

// OfVersion is what is kept of a run to compare it with another: every figure, and memory by requests.
func OfVersion(m calibrate.Measured, limits calibrate.Limits, folder string) calibrate.OfVersion {
	r := m.Result
	of := calibrate.OfVersion{Run: r.ID, Folder: folder, Figures: map[string]calibrate.Recorded{}, Noise: gate.Noise(r), PeakRequests: r.Worker.Requests,
		PlateauRequests: plateauAt(m), Threads: r.Target.Threads, Curve: curveOf(m.Samples)}
	requests, good := traffic(r)
	if r.Complete && float64(good) >= LeastSuccess*float64(requests) && (r.Worker.Restarts == 0 || r.Mode == calibrate.ModeAttach) {
		of.Figures = calibrate.BaselineOf(r, limits.Metrics()...).Metrics
	}
	return of
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
