package creep

import (
	"math"
	"math/rand/v2"
	"testing"

	"workermem/calibrate"
)

func TestGoalStops(t *testing.T) {
	leak := func(x float64) float64 { return 100*mb + 16*kb*x }
	still := func(x float64) float64 { return 100 * mb }
	g := Goal{Precision: 0.2, MinSeconds: 20, MinRequests: 3000}
	for _, test := range []struct {
		name    string
		seconds float64
		memory  func(x float64) float64
		done    bool
		waiting string
		left    float64
	}{
		{"before its seconds", 12, leak, false, "12 s of at least 20 s", 18},
		{"before its requests", 25, leak, false, "2 490 of at least 3 000 requests", 5.1},
		{"creep", 40, leak, true, "", 0},
		{"none", 40, still, true, "", 0},
		{"settling", 40, func(x float64) float64 { return 100*mb - 40*mb*math.Expm1(-x/2000) }, false, "growth to stop slowing", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, p := g.Check(drawn(test.seconds, test.memory), 100*mb)
			if p.Done != test.done || p.Waiting != test.waiting || math.Abs(p.SecondsLeft-test.left) > 0.2 {
				t.Errorf("%+v, want %+v", p, test)
			}
			if p.Done && e.Missing != nil {
				t.Errorf("done, but %+v is missing", e.Missing)
			}
		})
	}
}

func TestGoalByTime(t *testing.T) {
	leak := drawn(200, func(x float64) float64 { return 100*mb + 1*kb*x })
	for i := range leak {
		leak[i].Requests = 0
	}
	if _, p := WatchGoal().Check(leak[:1000], 100*mb); p.Done || p.Waiting != "1 min 40 s of at least 2 min" {
		t.Errorf("too early: %+v", p)
	}
	if e, p := WatchGoal().Check(leak, 100*mb); !p.Done || e.Verdict != calibrate.Creeping || math.Abs(e.Slope-100*kb) > kb {
		t.Errorf("100 KB a second: %s, %v, %+v", e.Verdict, e.Slope, p)
	}
}

func TestGoalWaitsForPrecision(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	series := drawn(60, func(x float64) float64 { return 100*mb + 5*kb*x + 1*mb*r.NormFloat64() })
	e, p := Goal{Precision: 0.01}.Check(series, 100*mb)
	width := (e.High - e.Low) / 2 / e.Slope
	if want := "interval +-" + share(width) + ", want +-1 %"; e.Verdict != calibrate.Creeping || p.Done || p.Waiting != want {
		t.Errorf("%s %+v, want %q", e.Verdict, p, want)
	}
	if _, p := (Goal{Precision: width * 1.01}).Check(series, 100*mb); !p.Done {
		t.Errorf("just wide enough, but %+v", p)
	}
	if _, p := (Goal{}).Check(series, 100*mb); !p.Done {
		t.Errorf("without a precision a verdict is enough, but %+v", p)
	}
}

func TestGoalWaitsForTheSlopeToHoldStill(t *testing.T) {
	// A leak that began in the middle: its slope is known, but it isn't the one of a while ago.
	series := drawn(60, func(x float64) float64 { return 100*mb + 20*kb*max(0, x-3500) })
	e, p := Goal{Precision: 5}.Check(series, 100*mb)
	if p.Done {
		t.Errorf("done with %+v", e)
	}
}

func TestGoalWithoutReadings(t *testing.T) {
	for _, g := range []Goal{DefaultGoal(), QuickGoal(), {}} {
		if e, p := g.Check(nil, 0); p.Done || p.Waiting == "" || e.Missing == nil {
			t.Errorf("%+v %+v", e, p)
		}
	}
}
