package run

import (
	"time"

	"workermem/calibrate"
)

// pick is which processes are taken for the workers. It is provisional until the load shows who serves, and what was read of an
// earlier pick is none of a later one's.
type pick struct {
	guessed    bool          // at the last look
	looks      time.Time     // the end of that
	took       time.Duration // from its begin
	cost       time.Duration // what it and the look before took, the lesser: neighbours lengthen a look
	first      int           // sample of the present pick
	generation int           // its first
	began      float64       // seconds of the run at which it was made, 0 for the first
}

// searchShare is how many times as long as a look takes the next one waits, so that looking takes a hundredth of a core at most, or
// one look a second.
const searchShare = 100

// rested says that another look costs little.
func (p *pick) rested() bool { return time.Since(p.looks) > searchShare*p.cost }

func (p *pick) looked(rule calibrate.RuleKind, took time.Duration) {
	p.guessed, p.looks = rule == calibrate.RuleGuess, time.Now()
	p.took, p.cost = took, min(took, p.took)
}

// other begins with other processes, at a sample that is still to be taken.
func (p *pick) other(sample, generation int, seconds float64) {
	p.first, p.generation, p.began = sample, generation, seconds
}

// since is the first sample of the present pick from one on, of so many.
func (p *pick) since(from, samples int) int { return min(max(from, p.first), samples) }

// guesses says whether the worker is only guessed.
func (w *watcher) guesses() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pick.guessed
}

// dropEarlierPick forgets what was read of processes that are no workers, as the load has shown since: idle memory, the peaks of
// the phases that were over by then, the early reading. A process's own high-water mark still has its boot in it.
func (r *run) dropEarlierPick() {
	r.watch.mu.Lock()
	pick := r.watch.pick
	r.watch.mu.Unlock()
	if pick.generation == r.result.Worker.Generation {
		return
	}
	r.result.Worker.Generation = pick.generation
	r.result.Worker.IdleRSSBytes, r.result.Worker.Idle, r.result.Worker.Early = 0, nil, nil
	for i := range r.result.Phases {
		if p := &r.result.Phases[i]; p.StartSeconds+p.Seconds <= pick.began {
			p.PeakRSSBytes, p.PeakSource = 0, ""
		}
	}
}
