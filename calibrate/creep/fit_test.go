package creep

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// clouds draws u from 0.2 to 1 and y about a line and a curve.
func clouds(t *rapid.T) (u, y []float64) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	n := rapid.IntRange(12, 60).Draw(t, "n")
	for i := range n {
		at := 0.2 + 0.8*float64(i)/float64(n-1)
		u = append(u, at)
		y = append(y, 1e8+3e7*at-1e7*math.Expm1(-at/0.3)+1e6*r.NormFloat64())
	}
	return u, y
}

func TestLineAgainstGonum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, y := clouds(t)
		_, want := stat.LinearRegression(u, y, nil, false)
		if got := fitLine(u, y).slope; math.Abs(got-want) > 1e-7*math.Abs(want) {
			t.Fatalf("slope %v, gonum %v", got, want)
		}
	})
}

func TestCurveAgainstGonum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, y := clouds(t)
		tau := rapid.SampledFrom(settlingTimes[2:]).Draw(t, "tau")
		g := make([]float64, len(u))
		design := mat.NewDense(len(u), 3, nil)
		for i := range u {
			g[i] = -math.Expm1(-u[i] / tau)
			design.SetRow(i, []float64{1, u[i], g[i]})
		}
		got := fitCurve(u, y, g)
		var want, fitted mat.VecDense
		if err := want.SolveVec(design, mat.NewVecDense(len(y), y)); err != nil {
			t.Fatal(err)
		}
		fitted.MulVec(design, &want)
		squares := 0.0
		for i := range y {
			squares += (y[i] - fitted.AtVec(i)) * (y[i] - fitted.AtVec(i))
		}
		var information, inverse mat.Dense
		information.Mul(design.T(), design)
		if err := inverse.Inverse(&information); err != nil {
			t.Fatal(err)
		}
		for _, v := range []struct {
			name      string
			got, want float64
		}{
			{"slope", got.slope, want.AtVec(1)},
			{"curve", got.curve, want.AtVec(2)},
			{"squares", got.squares, squares},
			{"1/spread", 1 / got.spread, inverse.At(1, 1)},
		} {
			if math.Abs(v.got-v.want) > 1e-6*math.Abs(v.want) {
				t.Fatalf("%s %v, gonum %v", v.name, v.got, v.want)
			}
		}
	})
}

func TestStudentAgainstGonum(t *testing.T) {
	for _, df := range []float64{1, 1.5, 2, 3.7, 10, 28, 57.3, 500, 1e5} {
		for _, p := range []float64{0.025, 0.3, 0.5, 0.8, 0.95, 0.975, 0.999} {
			want := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile(p)
			if got := studentQuantile(p, df); math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("t(%v, %v) = %v, gonum %v", p, df, got, want)
			}
		}
	}
	for _, bad := range [][2]float64{{0, 3}, {1, 3}, {0.5, 0}, {math.NaN(), 3}} {
		if got := studentQuantile(bad[0], bad[1]); !math.IsNaN(got) {
			t.Errorf("t(%v, %v) = %v, want NaN", bad[0], bad[1], got)
		}
	}
}

func TestQuantileAgainstGonum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-10, 10), 1, 200).Draw(t, "values")
		if rapid.Bool().Draw(t, "ties") {
			for i := range values {
				values[i] = math.Round(values[i])
			}
		}
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		sorted := append([]float64(nil), values...)
		stat.SortWeighted(sorted, nil)
		place := q * float64(len(sorted)-1)
		low, high := sorted[int(place)], sorted[min(int(place)+1, len(sorted)-1)]
		want := low + (place-math.Floor(place))*(high-low)
		if got := quantile(values, q); math.Abs(got-want) > 1e-12 {
			t.Fatalf("quantile %v is %v, want %v", q, got, want)
		}
	})
}

// Under AR(1) residuals the plain interval is too narrow; ours has to hold the slope about as often as it says.
func TestIntervalUnderAutocorrelation(t *testing.T) {
	const trials, n = 1000, 30
	r := rand.New(rand.NewPCG(5, 5))
	held, naive := 0, 0
	for range trials {
		var u, y []float64
		e := r.NormFloat64()
		for i := range n {
			e = 0.6*e + 0.8*r.NormFloat64()
			u = append(u, float64(i)/n)
			y = append(y, 10*u[i]+e)
		}
		f := fitLine(u, y)
		if math.Abs(f.slope-10) < f.half {
			held++
		}
		if math.Abs(f.slope-10) < studentQuantile(0.975, n-2)*math.Sqrt(f.squares/(n-2)/f.spread) {
			naive++
		}
	}
	if held < 0.9*trials || held > 0.995*trials {
		t.Errorf("%d of %d intervals hold the slope, want about 95 %%", held, trials)
	}
	if naive > 0.8*trials {
		t.Errorf("the plain interval holds it in %d of %d: the test shows nothing", naive, trials)
	}
}
