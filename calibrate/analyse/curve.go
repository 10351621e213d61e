package analyse

import (
	"slices"

	"workermem/calibrate"
)

// When memory counts as no longer growing with the requests at once. A connection of Uvicorn that waits takes 20 to 60 KB.
const (
	flatShare    = 0.1     // of what the steepest piece would have added
	bentShare    = 0.8     // the same, of a piece in which there may be a bend
	byItself     = 1 << 20 // bytes by which a heap grows from step to step, whatever the requests hold
	leastToBend  = 4 << 20 // bytes that the steepest piece would have added: less is lost in that
	growsAtLeast = 2 << 20 // bytes from the first step to the bend: less is no growth
	flatFor      = 4       // times as many clients as at the bend show that it is one
)

// curve is what the steps come to: the steepest piece between two of them, and where memory stops growing. Averaged over the
// whole ladder, a pool of 40 would be told from its 128 clients that each takes a quarter of what it does.
func curve(r calibrate.Result) calibrate.Concurrency {
	c := r.Concurrency
	c.Steps = append([]calibrate.ConcurrencyStep{}, c.Steps...)
	taken := takenAt(c.Steps, r)
	steep := steepest(c.Steps, taken)
	c.RequestBytes, c.Bend = int64(steep), nil
	for k := 1; k < len(taken)-1; k++ {
		if grown := slices.Max(taken[k:]) - taken[0]; flatFrom(k, c.Steps, taken, steep) && grown >= growsAtLeast {
			c.Bend = &calibrate.Bend{Below: c.Steps[k-1].Clients, Clients: c.Steps[k].Clients, Bytes: int64(grown)}
			break
		}
	}
	return c
}

// takenAt is the memory of each step in bytes, creep since the first apart: of the whole tree, with children, where the kernel
// says so, else the worker's RSS.
func takenAt(steps []calibrate.ConcurrencyStep, r calibrate.Result) []float64 {
	held, slope := true, residingSlope(r)
	for _, s := range steps {
		held = held && s.PeakHeldBytes > 0
	}
	if held {
		slope = Slope(r)
	}
	taken := make([]float64, len(steps))
	for i, s := range steps {
		bytes := s.PeakRSSBytes
		if held {
			bytes = s.PeakHeldBytes
		}
		taken[i] = float64(bytes) - slope*float64(s.Answered-steps[0].Answered)
	}
	return taken
}

// steepest is the most that a request at once takes, in bytes, 0 where nothing grows: from the first step to the last, or between
// two neighbouring ones beyond what a heap does by itself.
func steepest(steps []calibrate.ConcurrencyStep, taken []float64) (most float64) {
	for i := 1; i < len(taken); i++ {
		most = max(most, (taken[i]-taken[i-1]-byItself)/between(steps, i-1, i))
	}
	if last := len(taken) - 1; last > 0 {
		most = max(most, (taken[last]-taken[0])/between(steps, 0, last))
	}
	return most
}

// between is how many more clients one step has than another.
func between(steps []calibrate.ConcurrencyStep, from, to int) float64 {
	return float64(max(steps[to].Clients-steps[from].Clients, 1))
}

// flatFrom says that from step k on no piece adds much, where the steepest one would have.
func flatFrom(k int, steps []calibrate.ConcurrencyStep, taken []float64, steep float64) bool {
	last := len(taken) - 1
	for i := k; i < last; i++ {
		if taken[i+1]-taken[i] > max(flatShare*steep*between(steps, i, i+1), byItself) {
			return false
		}
	}
	return steep*between(steps, k, last) >= leastToBend
}

// Bending says that the last step came out lower than the steepest piece promised, and that it isn't sure yet whether memory
// stops growing: one step more tells.
func Bending(r calibrate.Result) bool {
	c := curve(r)
	last := len(c.Steps) - 1
	if last < 2 || c.RequestBytes == 0 || c.Bend != nil && c.Steps[last].Clients >= flatFor*c.Bend.Clients {
		return false
	}
	taken := takenAt(c.Steps, r)
	steep := steepest(c.Steps, taken)
	promised := steep * between(c.Steps, last-1, last)
	return promised >= leastToBend && taken[last]-taken[last-1] < bentShare*promised
}
