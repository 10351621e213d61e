package gate

import (
	"slices"

	"workermem/calibrate"
)

// The shares that speed bears.
const (
	MostSteal   = 0.05 // of the cores' time that the machine's host gives to other machines
	MostOthers  = 0.25 // of it that other programs keep busy
	MostStalled = 0.05 // of the time in which somebody is held up for want of memory
)

// Noise is what of a run's time was beyond what its figures of speed bear, none for a quiet one. Memory, and what a request costs
// in CPU time, hardly move under neighbours; steal and want of memory make the latter doubtful, too. What a database takes for the app's
// own requests is no neighbour's: it is there whenever the app is.
func Noise(r calibrate.Result) []calibrate.Noise {
	all := []calibrate.Noise{}
	cores := max(float64(r.Host.CPUs), 1)
	for _, of := range []struct {
		kind    calibrate.NoiseKind
		most    float64
		seconds func(calibrate.Work) float64
	}{
		{calibrate.NoiseSteal, MostSteal, func(w calibrate.Work) float64 { return w.Steal / cores }},
		{calibrate.NoiseOthers, MostOthers, func(w calibrate.Work) float64 { return strangers(r, w) / cores }},
		{calibrate.NoiseMemory, MostStalled, func(w calibrate.Work) float64 { return w.Stalled }},
	} {
		if phase, share := worstPhase(r, of.seconds); share > of.most {
			all = append(all, calibrate.Noise{Kind: of.kind, Phase: phase, Share: share, Most: of.most})
		}
	}
	if l := r.Load; l.RateAsked > 0 && l.RateSent > 0 && l.RateSent < calibrate.RateReached*l.RateAsked {
		all = append(all, calibrate.Noise{Kind: calibrate.NoiseLoad, Phase: r.SteadyPhase(), Share: l.RateSent / l.RateAsked, Most: calibrate.RateReached})
	}
	return all
}

// strangers is what other programs took of the cores, those apart that were the busier the more the app served.
func strangers(r calibrate.Result, w calibrate.Work) float64 {
	others := r.Host.OthersOf(w)
	if r.Speed != nil {
		others -= r.Speed.Beside * float64(w.Requests)
	}
	return max(others, 0)
}

// worstPhase is the phase with the largest share of its time, of those whose times and rates are made use of.
func worstPhase(r calibrate.Result, seconds func(calibrate.Work) float64) (worst string, share float64) {
	for _, p := range r.Phases {
		if !slices.Contains([]string{calibrate.PhaseAlone, r.SteadyPhase(), calibrate.PhasePeak}, p.Name) || p.Work == nil || p.Work.Seconds <= 0 {
			continue
		}
		if now := seconds(*p.Work) / p.Work.Seconds; now > share {
			worst, share = p.Name, now
		}
	}
	return worst, share
}

// noisy says that a figure of speed tells nothing for the noise. Neighbours make it worse: what is within its bound in spite of
// them is within. A load that is less than was asked for makes it better. What workers serve is unknown to the run itself where
// that was spoilt.
func (j judge) noisy(on calibrate.Ground, b calibrate.Bounded) bool {
	if s := j.run.Speed; on == calibrate.GroundServed {
		return !b.Known() && s != nil && (s.Doubt == calibrate.DoubtSteal || s.Doubt == calibrate.DoubtOthers)
	}
	return slices.ContainsFunc(j.Noise, func(n calibrate.Noise) bool {
		return spoilsFigure(n, on) && (n.Kind == calibrate.NoiseLoad || b.Verdict != calibrate.LimitWithin)
	})
}

// spoilsFigure says what noise makes doubtful of one run: times and rates, and where cores were stolen or memory was short CPU time.
func spoilsFigure(n calibrate.Noise, on calibrate.Ground) bool {
	slows := n.Kind == calibrate.NoiseSteal || n.Kind == calibrate.NoiseMemory
	return on == calibrate.GroundTimes || on == calibrate.GroundCPU && slows
}
