package analyse

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/creep"
)

// hardly is what a kind must have moved by to be judged at all: less is no creep by any limit (see axis.go of the creep room).
const hardly = 1 << 20

// kind is one kind of memory in the samples.
type kind struct {
	calibrate.GrowthKind
	bytes  func(calibrate.Sample) int64
	copied int64 // as much of its growth may be pages that a fork copies
}

var anonymous = kind{GrowthKind: calibrate.GrowsAnonymous, bytes: func(s calibrate.Sample) int64 { return s.Anon }}

// shmem is the shared memory that the kernel charges, each page once.
func shmem(s calibrate.Sample) int64 { return s.Shmem }

// charged is the anonymous memory of all processes, each page once, and what of files is locked.
func charged(s calibrate.Sample) int64 { return s.Held - s.Shmem - s.Kernel }

// kinds are those that a series tells apart. The first is the anonymous memory of the workers and of what descends from them:
// by their RSS; where there are children, and the kernel's account grows by less, by that, since RSS counts each page that a
// fork shares twice. So it is with shared memory: a segment that was there grows by nothing as one worker after the other comes to
// touch it. copyable is what a fork of the workers may yet copy, below zero if that isn't known.
func kinds(series []calibrate.Sample, copyable int64) []kind {
	all := []kind{anonymous, {GrowthKind: calibrate.GrowsShared, bytes: func(s calibrate.Sample) int64 { return s.Mapped }}}
	if slices.ContainsFunc(series, func(s calibrate.Sample) bool { return s.Held == 0 }) {
		return all
	}
	if childrenGrow(series) {
		all[0] = kind{GrowthKind: calibrate.GrowsAnonymous, bytes: charged}
	} else if copyable >= 0 {
		all = append(all, kind{calibrate.GrowsBeside, func(s calibrate.Sample) int64 { return charged(s) - s.Anon }, copyable})
	}
	if grown(series, all[1].bytes) > grown(series, shmem) {
		all[1].bytes = shmem
	} else {
		all = append(all, kind{GrowthKind: calibrate.GrowsFiles, bytes: func(s calibrate.Sample) int64 { return s.Shmem - s.Mapped }})
	}
	return append(all, kind{GrowthKind: calibrate.GrowsKernel, bytes: func(s calibrate.Sample) int64 { return s.Kernel - (s.Anon+s.Mapped)/pageTables }})
}

// childrenGrow says that there are children, and that RSS grows by more than the kernel's account does.
func childrenGrow(series []calibrate.Sample) bool {
	return slices.ContainsFunc(series, func(s calibrate.Sample) bool { return s.Below > 0 }) && grown(series, anonymous.bytes) > grown(series, charged)
}

// grown is by how much a figure rose from the first fifth of a series to the last; 0 of one that is too short to tell.
func grown(series []calibrate.Sample, bytes func(calibrate.Sample) int64) int64 {
	fifth := len(series) / 5
	if fifth == 0 {
		return 0
	}
	return quantileOf(series[len(series)-fifth:], 0.5, bytes) - quantileOf(series[:fifth], 0.5, bytes)
}

// Copyable is what of a worker's pages its fork may yet copy from its master in the soak, and so what the kernel's account may
// grow by without any creep: see law. Below zero: not known.
func Copyable(early *calibrate.EndReading, series []calibrate.Sample) int64 {
	if early == nil || len(series) == 0 {
		return -1
	}
	return max(series[0].Anon-early.PrivateDirtyBytes, 0)
}

// judgement is what a series says of one kind.
type judgement struct {
	kind
	at int // of those that were judged
	creep.Estimate
}

// estimator is how a kind's series is estimated.
type estimator func(points []creep.Point, rss float64) creep.Estimate

// growth is the creep of all kinds together: the slope is the sum of those that creep, and the high end has what those that
// are undecided may add. A kind that doesn't grow adds nothing, so that its noise widens no interval. of are the kinds that
// make it up, nil where that is anonymous memory alone.
func growth(series []calibrate.Sample, copyable int64, estimate estimator) (all creep.Estimate, of []judgement) {
	var judged []judgement
	for _, k := range kinds(series, copyable) {
		if k.GrowthKind == calibrate.GrowsAnonymous || moved(series, k.bytes) {
			judged = append(judged, judgement{k, len(judged), k.lessCopied(series, estimate(pointsOf(series, k.bytes), LastRSS(series)))})
		}
	}
	return together(judged)
}

// lessCopied is an estimate without what a fork may have copied.
func (k kind) lessCopied(series []calibrate.Sample, e creep.Estimate) creep.Estimate {
	if k.copied == 0 || !e.Known {
		return e
	}
	return e.Lower(float64(k.copied), float64(series[len(series)-1].Requests-series[0].Requests))
}

// together adds up what was judged apart; the first is the anonymous memory.
func together(judged []judgement) (all creep.Estimate, of []judgement) {
	anonymous := judged[0]
	grow := slices.DeleteFunc(slices.Clone(judged[1:]), func(j judgement) bool { return !j.Grows() || j.Verdict == calibrate.Flat })
	if len(grow) == 0 {
		return anonymous.Estimate, nil
	}
	grow = slices.Insert(grow, 0, anonymous)
	if doubt, is := undecided(grow); is {
		if doubt.GrowthKind == calibrate.GrowsAnonymous {
			return doubt.Estimate, nil
		}
		return doubt.Estimate, []judgement{doubt}
	}
	all = anonymous.Estimate
	all.Verdict, all.Missing, all.Slope, all.Low, all.High = calibrate.Creeping, nil, 0, 0, 0
	for _, j := range grow {
		switch {
		case j.Verdict == calibrate.Creeping:
			all.Slope, all.Low, all.High = all.Slope+j.Slope, all.Low+j.Low, all.High+j.High
			of = append(of, j)
		case j.Verdict != calibrate.Flat:
			all.High += max(j.High, 0)
		}
	}
	if len(of) == 1 && of[0].GrowthKind == calibrate.GrowsAnonymous {
		of = nil
	}
	return all, of
}

// undecided is the first kind that may creep, where none is known to. The kernel's own memory, which an app can do without,
// decides nothing while another kind is undecided.
func undecided(judged []judgement) (doubt judgement, is bool) {
	needed := slices.DeleteFunc(slices.Clone(judged), func(j judgement) bool { return j.Verdict == calibrate.Flat || j.GrowthKind == calibrate.GrowsKernel })
	if slices.ContainsFunc(needed, func(j judgement) bool { return j.Verdict == calibrate.Creeping }) {
		return doubt, false
	}
	if len(needed) > 0 {
		return needed[0], true
	}
	kernel := slices.IndexFunc(judged, func(j judgement) bool { return j.GrowthKind == calibrate.GrowsKernel })
	return judged[kernel], judged[kernel].Verdict != calibrate.Creeping
}

// moved says that a kind's figures are not all about the same.
func moved(series []calibrate.Sample, bytes func(calibrate.Sample) int64) bool {
	least, most := span(series, bytes)
	return most-least > hardly
}

func span(series []calibrate.Sample, bytes func(calibrate.Sample) int64) (least, most int64) {
	for i, s := range series {
		b := bytes(s)
		if i == 0 {
			least, most = b, b
		}
		least, most = min(least, b), max(most, b)
	}
	return least, most
}

// Check is what a soak, or a watch, has shown so far of all kinds, and whether that is enough. Of the others that grow it is,
// too, where they are known well enough beside all that creeps.
func Check(g creep.Goal, samples []calibrate.Sample, early *calibrate.EndReading) (creep.Estimate, creep.Progress) {
	series := longest(samples)
	var all []creep.Progress
	estimate, of := growth(series, Copyable(early, series), func(points []creep.Point, rss float64) creep.Estimate {
		e, p := g.Check(points, rss)
		all = append(all, p)
		return e
	})
	progress := all[0]
	for _, j := range of {
		enough := j.Verdict == calibrate.Creeping && (j.High-j.Low)/2 <= g.Precision*estimate.Slope
		if p := all[j.at]; progress.Done && !p.Done && !enough {
			progress = p
		}
	}
	return estimate, progress
}

// growths are the kinds that creep, as a result has them.
func growths(of []judgement, by calibrate.CreepBy) []calibrate.Growth {
	var all []calibrate.Growth
	for _, j := range of {
		g := calibrate.Growth{Kind: j.GrowthKind, BytesPerRequest: j.Slope, Low: j.Low, High: j.High}
		if by == calibrate.ByTime {
			g = calibrate.Growth{Kind: j.GrowthKind, BytesPerSecond: j.Slope, LowBytesPerSecond: j.Low, HighBytesPerSecond: j.High}
		}
		all = append(all, g)
	}
	return all
}

// withStays notes what a worker's end doesn't give back: processes beside the workers, and files on a tmpfs, unless most of
// what these had grown by was gone as the app ended. The kernel's own memory goes with what it is for.
func withStays(all []calibrate.Growth, m calibrate.Measured) []calibrate.Growth {
	goes, stays := false, false
	for i, g := range all {
		switch {
		case g.Kind == calibrate.GrowsKernel:
			continue
		case g.Kind == calibrate.GrowsFiles:
			_, most := span(m.Samples, func(s calibrate.Sample) int64 { return s.Shmem })
			left, grown := m.Result.Worker.LeftSharedBytes, g.BytesPerRequest*float64(m.Result.Worker.Requests)
			all[i].Stays = left == nil || float64(most-*left) < grown/2
		default:
			all[i].Stays = g.Kind == calibrate.GrowsBeside
		}
		goes, stays = goes || !all[i].Stays, stays || all[i].Stays
	}
	for i, g := range all {
		all[i].Stays = g.Stays || g.Kind == calibrate.GrowsKernel && stays && !goes
	}
	return all
}
