package report

import (
	"math"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// noiseOf is what disturbed a run.
func noiseOf(n calibrate.Noise) string {
	share, in := say.Percent(n.Share), " in phase "+n.Phase
	switch n.Kind {
	case calibrate.NoiseSteal:
		return "the machine's host gave " + share + " of the cores' time to others" + in
	case calibrate.NoiseMemory:
		return "somebody on the machine was held up for want of memory for " + share + " of phase " + n.Phase
	case calibrate.NoiseOthers:
		return "other programs kept " + share + " of the cores busy" + in
	}
	return "only " + share + " of the load could be sent" + in
}

const quietMachine = "measure again on a quiet machine"

// NoiseSentence is what was wrong with a run's time, and what helps.
func NoiseSentence(all []calibrate.Noise) string {
	return orElse(strings.Join(noisesOf(all), ", and "), "others disturbed it") + "; " + quietMachine
}

func noisesOf(all []calibrate.Noise) (said []string) {
	for _, n := range all {
		said = append(said, noiseOf(n))
	}
	return said
}

// noiseFacts say of each what it leaves in doubt.
func noiseFacts(all []calibrate.Noise) []Fact {
	var facts []Fact
	for _, n := range all {
		text := noiseOf(n) + "; times and rates bear " + say.Percent(n.Most)
		switch n.Kind {
		case calibrate.NoiseSteal, calibrate.NoiseMemory:
			text = noiseOf(n) + "; times, rates and CPU time bear " + say.Percent(n.Most)
		case calibrate.NoiseLoad:
			text = noiseOf(n) + "; times and rates need " + say.Percent(n.Most)
		}
		facts = append(facts, Fact{Name: string(n.Kind), Text: text + ", memory doesn't mind", Mark: Doubtful})
	}
	return facts
}

// worstNoise is what disturbed the runs of a comparison, the worst of each kind.
func worstNoise(c calibrate.Comparison) (all []calibrate.Noise) {
	for _, p := range c.Pairs {
		for _, n := range slices.Concat(p.Base.Noise, p.Head.Noise) {
			i := slices.IndexFunc(all, func(had calibrate.Noise) bool { return had.Kind == n.Kind })
			switch {
			case i < 0:
				all = append(all, n)
			case math.Abs(n.Share-n.Most) > math.Abs(all[i].Share-all[i].Most):
				all[i] = n
			}
		}
	}
	return all
}
