package analyse

import (
	"slices"
	"time"

	"workermem/calibrate"
)

const (
	// idleShare of a core is less than a worker uses that is asked for anything: a loop that waits uses 0.1 %.
	idleShare = 0.003
	// idleTicks are seconds of CPU time that a reading may be off by: two ticks of the kernel.
	idleTicks = 0.02

	// A standstill of the count is a quiet time if it lasts so long, and so many times the mean time between two requests.
	quietSeconds = 10
	quietGaps    = 20
	// A log that is written by the buffer stands still between two buffers, while the workers work. It has ended if it
	// stands still for so many times as long as ever before.
	bufferGaps = 3
	// Where nobody counts, a quiet end must last so long, and such a share of the watch, and the workers have used so many times
	// the CPU time of idle ones before.
	quietByCPU      = 30
	quietShareByCPU = 0.2
	busyTimes       = 2
)

// idleBetween says that the workers did nothing between two samples. Where one was replaced, its CPU time is gone, and
// nothing is known.
func idleBetween(a, b calibrate.Sample) bool {
	used := b.CPU - a.CPU
	return used >= 0 && used <= idleShare*float64(max(b.Workers, 1))*(b.Seconds-a.Seconds)+idleTicks
}

// stretch is a time in which nobody asked for anything, from and to as indexes of samples.
type stretch struct{ from, to int }

func (s stretch) seconds(samples []calibrate.Sample) float64 {
	return samples[s.to].Seconds - samples[s.from].Seconds
}

// quietTimes are those of a watch; where nobody counts the requests, the one at its end alone.
func quietTimes(samples []calibrate.Sample, counted bool) []stretch {
	if len(samples) < 2 {
		return nil
	}
	if !counted {
		return quietEnd(samples)
	}
	standing := standstills(samples)
	last := len(samples) - 1
	rate := float64(samples[last].Requests-samples[0].Requests) / (samples[last].Seconds - samples[0].Seconds)
	if rate <= 0 {
		return nil
	}
	longest := 0.0 // but for the last
	for _, s := range standing {
		if s.to < last {
			longest = max(longest, s.seconds(samples))
		}
	}
	return slices.DeleteFunc(standing, func(s stretch) bool {
		ended := s.to == last && s.seconds(samples) > bufferGaps*longest
		return s.seconds(samples) < max(quietSeconds, quietGaps/rate) || !ended && !idleBetween(samples[s.from], samples[s.to])
	})
}

// standstills are the stretches in which the count of requests stands still.
func standstills(samples []calibrate.Sample) (all []stretch) {
	for from := 0; from < len(samples); {
		to := from
		for to+1 < len(samples) && samples[to+1].Requests == samples[from].Requests {
			to++
		}
		all = append(all, stretch{from, to})
		from = to + 1
	}
	return all
}

// quietEnd is the end of a watch in which the workers were idle, having been busy before.
func quietEnd(samples []calibrate.Sample) []stretch {
	last := len(samples) - 1
	from := last
	for from > 0 && idleBetween(samples[from-1], samples[last]) {
		from--
	}
	for from+readingsASecond < last && !idleBetween(samples[from], samples[aSecondAfter(samples, from)]) { // the rest was idle enough to make up for it
		from++
	}
	s := stretch{from, last}
	before := samples[from].Seconds - samples[0].Seconds
	busy := samples[from].CPU-samples[0].CPU > busyTimes*idleShare*float64(max(samples[last].Workers, 1))*before+idleTicks
	if !busy || s.seconds(samples) < max(quietByCPU, quietShareByCPU*(samples[last].Seconds-samples[0].Seconds)) {
		return nil
	}
	return []stretch{s}
}

const readingsASecond = int(time.Second / calibrate.SampleInterval)

// aSecondAfter is so many samples after one, or fewer where few are kept: as far as they are within two seconds of it, and one at least.
func aSecondAfter(samples []calibrate.Sample, from int) int {
	to := from + readingsASecond
	for to > from+1 && samples[to].Seconds-samples[from].Seconds > 2 {
		to--
	}
	return to
}

// QuietFor is how long nobody has asked for anything, 0 where somebody may have just now.
func QuietFor(samples []calibrate.Sample, counted bool) float64 {
	quiet := quietTimes(samples, counted)
	if len(quiet) == 0 || quiet[len(quiet)-1].to != len(samples)-1 {
		return 0
	}
	return quiet[len(quiet)-1].seconds(samples)
}

// withLoad is a watch up to the end of its load.
func withLoad(samples []calibrate.Sample, counted bool) []calibrate.Sample {
	quiet := quietTimes(samples, counted)
	if len(quiet) == 0 || quiet[len(quiet)-1].to != len(samples)-1 {
		return samples
	}
	return samples[:quiet[len(quiet)-1].from+1]
}
