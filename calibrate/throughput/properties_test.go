package throughput

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"workermem/calibrate"
)

func apps(t *rapid.T) App {
	demand := rapid.Float64Range(0.0001, 0.05).Draw(t, "demand")
	return App{
		Demand: demand, Alone: demand + rapid.Float64Range(0, 0.2).Draw(t, "waiting"),
		Rest: rapid.SampledFrom([]float64{0, 0, 0.0005}).Draw(t, "rest"), RestCores: rapid.SampledFrom([]float64{0, 1.4, 2}).Draw(t, "rest's cores"), Beside: rapid.SampledFrom([]float64{0, 0, 0.001}).Draw(t, "beside"), Cores: rapid.SampledFrom([]float64{0.8, 1, 1, 1.3, 2, 4}).Draw(t, "own cores"), AllCores: rapid.Bool().Draw(t, "all cores"),
		Factor: rapid.SampledFrom([]float64{0, 1, 0.8, 1.2}).Draw(t, "factor"), Times: rapid.SampledFrom([][]float64{nil, uniform(), exponential()}).Draw(t, "times"),
	}
}

func boxes(t *rapid.T) Box {
	return Box{Cores: float64(rapid.IntRange(1, 16).Draw(t, "cores")), Load: rapid.SampledFrom([]float64{0, 0, 0.0003}).Draw(t, "load")}
}

func shapes(t *rapid.T) Shape {
	return Shape{rapid.IntRange(1, 20).Draw(t, "workers"), rapid.SampledFrom([]int{0, 1, 2, 4, 16}).Draw(t, "threads"), rapid.SampledFrom([]Intake{Shared, Taken}).Draw(t, "intake")}
}

// noise is what two simulations may differ by: by 5.3 % where all requests take the same.
const noise = 0.06

func TestPropertyTheMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		app, box, shape := apps(t), boxes(t), shapes(t)
		rate, by := app.Most(box, shape, 0)
		bound, _ := app.need(box, shape).bounds(0).least()
		if !(rate > 0.5*bound && rate <= bound) || by == "" {
			t.Fatalf("%v/s by %q, where the bound is %v", rate, by, bound)
		}
		more := shape
		more.Workers++
		if better, _ := app.Most(box, more, 0); better < rate*(1-noise) {
			t.Fatalf("%v/s, with a worker more %v", rate, better)
		}
		if shape.AtOnce > 0 {
			more = Shape{shape.Workers, 2 * shape.AtOnce, shape.Intake}
			if better, _ := app.Most(box, more, 0); better < rate*(1-noise) {
				t.Fatalf("%v/s, with twice the threads %v", rate, better)
			}
		}
		if app.Factor == 0 || app.Factor == 1 {
			if better, _ := app.Most(Box{Cores: box.Cores + 1, Load: box.Load}, shape, 0); better < rate*(1-noise) {
				t.Fatalf("%v/s, with a core more %v", rate, better)
			}
		}
		few, _ := app.Most(box, shape, 1)
		if few > rate*(1+noise) {
			t.Fatalf("%v/s, with one client %v", rate, few)
		}
	})
}

// A larger box never serves less, whether a request costs more or less with all cores busy.
func TestPropertyALargerBox(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		app, shape := apps(t), shapes(t)
		app.Factor = rapid.SampledFrom([]float64{0.6, 0.8, 1, 1.2, 1.6}).Draw(t, "another factor")
		app.FactorOf = rapid.SampledFrom([]float64{1.5, 2, 8}).Draw(t, "measured on")
		cores := rapid.SampledFrom([]float64{0.5, 1, 1.1, 1.5, 2, 3, 8}).Draw(t, "cores")
		more := cores * rapid.SampledFrom([]float64{1.05, 1.25, 2, 4}).Draw(t, "times the cores")
		rate, _ := app.Most(Box{Cores: cores}, shape, 0)
		if better, _ := app.Most(Box{Cores: more}, shape, 0); better < rate*(1-noise) {
			t.Fatalf("%v/s on %v cores, %v/s on %v", rate, cores, better, more)
		}
	})
}

func TestPropertyTheTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		app, box, shape := apps(t), boxes(t), shapes(t)
		most, _ := app.Most(box, shape, 0)
		p50, p99 := app.TimesAt(box, shape, most*rapid.Float64Range(0.01, 0.9).Draw(t, "used"), ByChance)
		if !(p50 > 0 && p99 >= p50) {
			t.Fatalf("p50 %v, p99 %v", p50, p99)
		}
		_, quiet := app.TimesAt(box, shape, most*0.001, ByChance)
		if quiet > p99*1.15 {
			t.Fatalf("p99 %v, and with hardly any load %v", p99, quiet)
		}
		if p50, p99 = app.TimesAt(box, shape, most*1e6, ByChance); p50 != 0 || p99 != 0 {
			t.Fatalf("p50 %v, p99 %v at more than is served", p50, p99)
		}
	})
}

// To wait for a thread of one worker takes longer than to wait for any, and loses nothing of the most. With one worker there is no
// difference.
func TestPropertyTakenInIsLater(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		app, box, shape := apps(t), boxes(t), shapes(t)
		shape.AtOnce = max(shape.AtOnce, 1)
		shared, taken := shape, shape
		shared.Intake, taken.Intake = Shared, Taken
		most, _ := app.Most(box, shared, 0)
		if rate, _ := app.Most(box, taken, 0); rate != most {
			t.Fatalf("%v/s, taken in %v", most, rate)
		}
		rate := most * rapid.Float64Range(0.01, 0.8).Draw(t, "used") // to which both are within 15 % of what a million requests show
		_, anybody := app.TimesAt(box, shared, rate, ByChance)
		_, own := app.TimesAt(box, taken, rate, ByChance)
		if own < anybody*(1-0.25) || shape.Workers == 1 && own != anybody {
			t.Fatalf("p99 %v, taken in %v", anybody, own)
		}
	})
}

// Whatever is asked, there is an answer at once, and it is a number.
func TestPropertyOddInput(t *testing.T) {
	odd := rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, 1e-300, 1e-9, 0.001, 1, 50, 1e9, math.MaxFloat64})
	counts := rapid.SampledFrom([]int{math.MinInt, -1, 0, 1, 7, 1 << 16, math.MaxInt})
	rapid.Check(t, func(t *rapid.T) {
		app := App{
			Demand: odd.Draw(t, "demand"), Rest: odd.Draw(t, "rest"), RestCores: odd.Draw(t, "rest's cores"), Beside: odd.Draw(t, "beside"), Alone: odd.Draw(t, "alone"), Cores: odd.Draw(t, "own cores"), AllCores: rapid.Bool().Draw(t, "all cores"), Factor: odd.Draw(t, "factor"),
			Times: rapid.SliceOfN(odd, 0, 4).Draw(t, "times"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "measured threads") {
			app.Threads = append(app.Threads, calibrate.ThreadUse{Threads: counts.Draw(t, "threads"), Demand: odd.Draw(t, "demand with them")})
		}
		box, shape := Box{odd.Draw(t, "cores"), odd.Draw(t, "load")}, Shape{counts.Draw(t, "workers"), counts.Draw(t, "at once"), Intake(rapid.IntRange(-1, 2).Draw(t, "intake"))}
		began := time.Now()
		rate, _ := app.Most(box, shape, counts.Draw(t, "clients"))
		p50, p99 := app.TimesAt(box, shape, rapid.OneOf(odd, rapid.Just(rate/2)).Draw(t, "rate"), Arrivals(rapid.IntRange(0, 1).Draw(t, "arrivals")))
		for _, x := range []float64{rate, p50, p99, app.CPUAt(box, shape, odd.Draw(t, "another rate"))} {
			if !(x >= 0) || math.IsInf(x, 1) {
				t.Fatalf("%v/s, p50 %v, p99 %v", rate, p50, p99)
			}
		}
		if took := time.Since(began); took > 20*time.Second { // well over the moment that it takes
			t.Fatalf("it took %v", took)
		}
	})
}
