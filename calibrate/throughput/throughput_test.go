package throughput

import (
	"math"
	"testing"

	"workermem/calibrate"
)

// The figures of a Flask view of 2 ms of CPU and 18 ms of waiting, measured on a quiet machine of two cores.
func TestMeasuredShapes(t *testing.T) {
	app := App{Demand: 0.0029, Alone: 0.0218, Cores: 1, Factor: 1}
	for _, c := range []struct {
		workers, threads int
		measured         float64
		by               calibrate.RateBound
	}{
		{1, 4, 182, calibrate.RateByThreads},
		{2, 1, 91, calibrate.RateByThreads},
		{5, 1, 220, calibrate.RateByThreads},
		{2, 4, 367, calibrate.RateByThreads},
		{3, 8, 651, calibrate.RateByCores},
	} {
		rate, by := app.Most(Box{Cores: 2}, Shape{Workers: c.workers, AtOnce: c.threads}, 0)
		t.Logf("%d x %d: %.0f measured, %.1f by %s", c.workers, c.threads, c.measured, rate, by)
		if math.Abs(rate/c.measured-1) > 0.06 || by != c.by {
			t.Errorf("%d x %d: %.1f/s by %s, measured %.0f", c.workers, c.threads, rate, by, c.measured)
		}
	}
}
