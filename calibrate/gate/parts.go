package gate

import (
	"math"

	"workermem/calibrate"
)

// What parts move by themselves from start to start: a share of the base's peak and an amount, both of which a move must exceed.
const (
	movedShare   = 0.01
	movedBytes   = 512 << 10
	movedCreep   = 128.0 // bytes a request
	movedCPU     = 0.08  // of what it was
	movedBoot    = 0.25  // of what it was, ...
	movedSeconds = 0.3   // ... and so many seconds
)

// parts take the difference apart:
//
//	idle         memory before any request
//	settled      plateau - idle - creep x requests by then
//	creep        bytes a request
//	working set  (peak - plateau - creep x requests between the two) / threads
func parts(pairs []calibrate.Pair) []calibrate.Part {
	all := []calibrate.Part{}
	for _, name := range []calibrate.PartName{calibrate.PartIdle, calibrate.PartSettled, calibrate.PartCreep, calibrate.PartWorkingSet, calibrate.PartShared, calibrate.PartCPU, calibrate.PartBoot} {
		if p, ok := part(name, pairs); ok {
			all = append(all, p)
		}
	}
	return all
}

func part(name calibrate.PartName, pairs []calibrate.Pair) (calibrate.Part, bool) {
	var base, moved []float64
	same, floor := true, 0.0
	for _, p := range pairs {
		before, after := amount(name, p.Base), amount(name, p.Head)
		if math.IsNaN(before) || math.IsNaN(after) {
			return calibrate.Part{}, false
		}
		base, moved = append(base, before), append(moved, after-before)
		floor = max(floor, stirs(name, p.Base, before))
		same = same && moved[0]*(after-before) > 0 && !noisyFor(p, groundOf(name))
	}
	if len(pairs) == 0 {
		return calibrate.Part{}, false
	}
	out := calibrate.Part{Name: name, Unit: unitOf(name), Base: median(base), Difference: median(moved)}
	out.Moved = same && math.Abs(out.Difference) > floor
	return out, true
}

// amount is a part of one run, NaN where it isn't known.
func amount(name calibrate.PartName, r calibrate.OfVersion) float64 {
	figure := func(metric string) float64 {
		if f := r.Figures[metric]; f.Known() {
			return *f.Value
		}
		return math.NaN()
	}
	plateauAt := math.NaN()
	if r.PlateauRequests != nil {
		plateauAt = float64(*r.PlateauRequests)
	}
	switch name {
	case calibrate.PartSettled:
		return figure("plateau") - figure("idle") - figure("creep")*plateauAt
	case calibrate.PartWorkingSet:
		crept := figure("creep") * (float64(r.PeakRequests) - plateauAt)
		return (figure("peak") - figure("plateau") - crept) / float64(max(r.Threads, 1))
	}
	return figure(string(name))
}

// stirs is by how much a part moves by itself.
func stirs(name calibrate.PartName, r calibrate.OfVersion, before float64) float64 {
	switch name {
	case calibrate.PartCreep:
		f := r.Figures["creep"]
		below, above := halves(f.Reading)
		return max(movedCreep, math.Sqrt2*max(below, above))
	case calibrate.PartCPU:
		return movedCPU * before
	case calibrate.PartBoot:
		return max(movedBoot*before, movedSeconds)
	}
	least := movedBytes / float64(max(r.Threads, 1))
	if name != calibrate.PartWorkingSet {
		least = movedBytes
	}
	if peak := r.Figures["peak"]; peak.Known() && name != calibrate.PartWorkingSet {
		least = max(least, movedShare**peak.Value)
	}
	return least
}

func groundOf(name calibrate.PartName) calibrate.Ground {
	switch name {
	case calibrate.PartCPU:
		return calibrate.GroundCPU
	case calibrate.PartBoot:
		return calibrate.GroundTimes
	}
	return calibrate.GroundMemory
}

func unitOf(name calibrate.PartName) calibrate.Unit {
	switch name {
	case calibrate.PartCreep:
		return calibrate.UnitBytesPerRequest
	case calibrate.PartCPU:
		return calibrate.UnitCPU
	case calibrate.PartBoot:
		return calibrate.UnitSeconds
	}
	return calibrate.UnitBytes
}
