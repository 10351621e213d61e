package creep

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"workermem/calibrate"
)

// FuzzAnalyse feeds raw bytes as numbers: whatever comes in, nothing panics and no NaN comes out.
func FuzzAnalyse(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 3, 36, 50, 400} {
		var raw []byte
		for i := range n {
			for _, v := range []float64{float64(i) / 10, float64(i * 10), 1e8 + 1e5*float64(i)*r.Float64()} {
				raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
			}
		}
		f.Add(raw, 1e8, false, true)
		f.Add(raw, math.NaN(), true, false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, rss float64, small, byTime bool) {
		series := decoded(raw, small)
		g := DefaultGoal()
		g.MinSeconds, g.MinRequests = 0, 0
		g.ByTime = byTime
		e, p := g.Check(series, rss)
		for _, v := range []float64{e.Slope, e.Low, e.High, e.Detectable, e.Requests, e.Seconds, p.SecondsLeft} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%+v %+v", e, p)
			}
		}
		if e.Known && !(e.Low <= e.Slope && e.Slope <= e.High) {
			t.Fatalf("the slope isn't in its interval: %+v", e)
		}
		if decided := e.Verdict == calibrate.Flat || e.Verdict == calibrate.Creeping; decided != (e.Missing == nil) || decided && !e.Known {
			t.Fatalf("%+v", e)
		}
		if p.SecondsLeft < 0 || p.Done == (p.Waiting != "") {
			t.Fatalf("%+v", p)
		}
	})
}

// decoded reads points from raw numbers; small ones make series that pass for real more often.
func decoded(raw []byte, small bool) []Point {
	var series []Point
	if small {
		for i := 0; i+3 <= len(raw); i += 3 {
			series = append(series, Point{float64(i)/10 + float64(raw[i])/64, float64(i)*4 + float64(raw[i+1]), 1e6 * float64(raw[i+2])})
		}
		return series
	}
	at := func(i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(raw[i:])) }
	for i := 0; i+24 <= len(raw); i += 24 {
		series = append(series, Point{at(i), at(i + 8), at(i + 16)})
	}
	return series
}
