package sizing

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

func TestAMeasurementChooses(t *testing.T) {
	q := Question{
		CPUs: 2, BudgetBytes: 500 * MiB, Law: calibrate.Law{SharedBytes: 30 * MiB, WorkerBytes: 60 * MiB, ThreadBytes: 5 * MiB}, WorkerPeakBytes: 90 * MiB, Requests: 5000,
		Creep: Creep{Verdict: calibrate.Flat, Known: true}, Threads: 4, ThreadChoices: []int{1, 8}, Wishes: knob.Wishes{Prefer: knob.PreferMemory},
	}
	for _, c := range []struct {
		name             string
		chosen           calibrate.Shape
		workers, threads int // 0: as without
	}{
		{"what fits", calibrate.Shape{Workers: 4, Threads: 8}, 4, 8},
		{"fewer than any rule would have", calibrate.Shape{Workers: 1, Threads: 1}, 1, 1},
		{"the most that fit", calibrate.Shape{Workers: 5, Threads: 4}, 5, 4}, // 30 + 5 x 80 = 430 of 500
		{"one too many", calibrate.Shape{Workers: 6, Threads: 4}, 0, 0},
		{"threads that are no choice", calibrate.Shape{Workers: 2, Threads: 2}, 0, 0},
		{"nothing", calibrate.Shape{}, 0, 0},
		{"nonsense", calibrate.Shape{Workers: -1, Threads: 4}, 0, 0},
	} {
		without := Decide(q)
		asked := q
		asked.Chosen = c.chosen
		a := Decide(asked)
		want := calibrate.Shape{Workers: c.workers, Threads: c.threads}
		if c.workers == 0 {
			want = calibrate.Shape{Workers: without.Recommended.Workers, Threads: without.Recommended.Threads}
		}
		if got := (calibrate.Shape{Workers: a.Recommended.Workers, Threads: a.Recommended.Threads}); got != want {
			t.Errorf("%s: %+v, want %+v", c.name, got, want)
		}
		if diff := cmp.Diff(without.Sum, a.Sum); c.workers == 0 && diff != "" {
			t.Errorf("%s (-without +with):\n%s", c.name, diff)
		}
	}
	q.MaxWorkers, q.Chosen = 2, calibrate.Shape{Workers: 3, Threads: 4}
	if a := Decide(q); a.Recommended.Workers > 2 {
		t.Errorf("%d workers, at most 2 were asked for", a.Recommended.Workers)
	}
}

// A candidate that fits is recommended where it is chosen, and whatever is chosen, the answer keeps what holds for all.
func TestPropertyChosen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		all := Decide(q).Candidates
		q.Chosen = calibrate.Shape{Workers: rapid.IntRange(-1, 20).Draw(t, "workers"), Threads: rapid.IntRange(-1, 33).Draw(t, "threads")}
		if len(all) > 0 && rapid.Bool().Draw(t, "of the candidates") {
			c := rapid.SampledFrom(all).Draw(t, "candidate")
			q.Chosen = calibrate.Shape{Workers: c.Workers, Threads: c.Threads}
			a := Decide(q)
			if r := a.Recommended; c.Fits && (r.Workers != c.Workers || r.Threads != c.Threads || r.TotalBytes != c.TotalBytes) {
				t.Fatalf("%+v was chosen, %+v is recommended", c, r)
			}
		}
		check(t, q, Decide(q))
	})
}
