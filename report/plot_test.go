package report

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A line is parted where its worker was replaced, its highest point is there, and the fit is dashed over it.
func TestPlot(t *testing.T) {
	c := Chart{X: Axis{Name: "requests"}, Y: Axis{Name: "memory", Unit: "MB"}, Series: []Series{
		{Name: "measured", Points: []Point{{0, 90}, {50, 92}, {51, 97.9}, {52, 92}, {60, 92}, {60, math.NaN()}, {80, 91}, {100, 94}}},
		{Name: "40 KB a request", Points: []Point{{60, 92}, {100, 93.5}}, Fitted: true},
	}}
	want := `
 MB
 98 |                         **
 97 |                         **
 96 |                         **
 95 |                         **
 94 |                         **                     **
 93 |                         **            --  --**--
 92 |                  *************--  --    ****
 91 |      *************                    ***
 90 |*******
     +---------+---------+---------+---------+---------+
     0        20        40        60        80        100
                          requests
* measured; - fitted: 40 KB a request`
	if diff := cmp.Diff(strings.Split(strings.TrimPrefix(want, "\n"), "\n"), append(c.plot(60), c.legend())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Whatever a line does, no peak of it is lost, and nothing is drawn that is higher or lower than its points.
func TestColumnsKeepTheHighest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Point {
			p := Point{rapid.Float64Range(0, 100).Draw(t, "x"), rapid.Float64Range(-1e9, 1e9).Draw(t, "y")}
			if rapid.IntRange(0, 9).Draw(t, "parted") == 0 {
				p.Y = math.NaN()
			}
			return p
		}), 1, 50).Draw(t, "points")
		low, high := math.Inf(1), math.Inf(-1)
		for _, p := range points {
			if !math.IsNaN(p.Y) {
				low, high = min(low, p.Y), max(high, p.Y)
			}
		}
		least, most := math.Inf(1), math.Inf(-1)
		for _, v := range (Series{Points: points}).columns(scale{low: 0, high: 100, to: float64(rapid.IntRange(1, 90).Draw(t, "places")), step: 1}) {
			if !math.IsNaN(v) {
				least, most = min(least, v), max(most, v)
			}
		}
		if math.Abs(most-high) > 1e-3 || least < low-1e-3 { // by rounding
			t.Fatalf("%v to %v, of points between %v and %v", least, most, low, high)
		}
	})
}

func TestDecimals(t *testing.T) {
	for step, want := range map[float64]int{0.2: 1, 0.25: 2, 0.5: 1, 1: 0, 2.5: 1, 25: 0, 0.025: 3, 20: 0} {
		if got := decimals(step); got != want {
			t.Errorf("%v: %d, want %d", step, got, want)
		}
	}
}

// A fit that is too doubtful is left out where its interval can't be drawn, and that is said.
func TestADoubtfulFitIsNotPlotted(t *testing.T) {
	c := Chart{Series: []Series{{Name: "measured"}, {Name: "3 B a request", Fitted: true, Mark: Doubtful}}}
	sure, why := c.sure()
	if len(sure.Series) != 1 || !strings.Contains(why, "not certain enough") || len(c.Series) != 2 {
		t.Errorf("%+v, %q", sure.Series, why)
	}
	c.Series[1].Mark = Plain
	if sure, why = c.sure(); len(sure.Series) != 2 || why != "" {
		t.Errorf("%+v, %q", sure.Series, why)
	}
}
