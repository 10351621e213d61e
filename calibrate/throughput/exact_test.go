package throughput

import (
	"math"
	"testing"

	"workermem/calibrate"
)

// Systems whose answers are known without any simulation.

// exponential are the quantiles of exponential times.
func exponential() []float64 {
	var all []float64
	for i := range 2000 {
		all = append(all, -math.Log(1-float64(i)/2000))
	}
	return all
}

// uniform are times of half the mean to one and a half.
func uniform() []float64 { return []float64{0.5, 1.5} }

func near(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if !(math.Abs(got/want-1) <= share) {
		t.Errorf("%s: %.5g, want %.5g within %.0f %%", what, got, want, 100*share)
	}
}

// repairman is the exact rate of so many clients that each wait, then take CPU time from cores that all share (exact mean-value
// analysis of one station and a delay; with processor sharing it depends on the means alone, whatever the spread).
func repairman(clients int, demand, waiting, cores float64) float64 {
	weight, sum, busy := 1.0, 1.0, 0.0
	for n := 1; n <= clients; n++ {
		serving := math.Min(float64(n), cores)
		weight *= float64(clients-n+1) * demand / waiting / serving
		sum += weight
		busy += weight * serving
	}
	return busy / sum / demand
}

func TestSharedCoresAreExact(t *testing.T) {
	for _, times := range [][]float64{exponential(), uniform(), nil} {
		for _, clients := range []int{1, 2, 4, 8, 16, 32} {
			for _, cores := range []float64{1, 2, 4} {
				for _, waiting := range []float64{0.002, 0.018} {
					app := App{Demand: 0.002, Alone: 0.002 + waiting, Times: times}
					got, _ := app.Most(Box{Cores: cores}, Shape{Workers: clients, AtOnce: 1}, 0)
					near(t, "rate", got, repairman(clients, 0.002, waiting, cores), 0.02)
				}
			}
		}
	}
}

// A database on the same cores takes its part of them while its request waits.
func TestDatabaseOnTheSameCores(t *testing.T) {
	for _, clients := range []int{2, 8, 32} {
		app := App{Demand: 0.002, Beside: 0.003, Alone: 0.02, Times: uniform()}
		got, by := app.Most(Box{Cores: 2}, Shape{Workers: clients, AtOnce: 1}, 0)
		near(t, "rate", got, repairman(clients, 0.005, 0.015, 2), 0.03)
		if cores := clients > 8; cores != (by == calibrate.RateByCores) {
			t.Errorf("%d clients are bound by %s", clients, by)
		}
	}
}

// Where cores that are all busy cost half as much again, a request costs the more the more of them its rate keeps busy.
func TestCostOfARequestAtARate(t *testing.T) {
	app := App{Demand: 0.002, Rest: 0.0005, RestCores: 4, Alone: 0.02, Factor: 1.5, Threads: []calibrate.ThreadUse{{Threads: 4, Demand: 0.0015}, {Threads: 16, Demand: 0.0035}}}
	shape := func(threads int) Shape { return Shape{Workers: 8, AtOnce: threads} }
	near(t, "idle", app.CPUAt(Box{Cores: 5}, shape(8), 0), 0.003, 1e-9)
	near(t, "one core", app.CPUAt(Box{Cores: 5}, shape(8), 300), 0.003, 1e-9)
	near(t, "one core of few threads", app.CPUAt(Box{Cores: 5}, shape(4), 500), 0.002, 1e-9)
	near(t, "three of five cores", app.CPUAt(Box{Cores: 5}, shape(8), 3/(0.003*1.25)), 0.003*1.25, 1e-9)
	near(t, "all", app.CPUAt(Box{Cores: 5}, shape(8), 5/(0.003*1.5)), 0.0045, 1e-9)
	near(t, "more than all", app.CPUAt(Box{Cores: 5}, shape(16), 1e6), 0.006, 1e-9)
	near(t, "of one core", app.CPUAt(Box{Cores: 1}, shape(16), 200), 0.004, 1e-9)
}

// Where busy cores are cheaper, as many of a larger box are as cheap as where that was measured, and more no cheaper.
func TestCheaperBusyCoresOfAnotherBox(t *testing.T) {
	app := App{Demand: 0.003, Alone: 0.003, Factor: 0.6, FactorOf: 2}
	for rate, want := range map[float64]float64{300: 0.003, 1.5 / (0.003 * 0.8): 0.003 * 0.8, 2 / (0.003 * 0.6): 0.003 * 0.6, 4 / (0.003 * 0.6): 0.003 * 0.6} {
		near(t, "on 8 cores", app.CPUAt(Box{Cores: 8}, Shape{Workers: 8, AtOnce: 1}, rate), want, 1e-9)
	}
	for _, workers := range []int{2, 4, 2000} { // the last are too many to play through one by one
		got, _ := app.Most(Box{Cores: 2 * float64(workers)}, Shape{Workers: workers, AtOnce: 1}, 0)
		near(t, "each worker with a core", got, float64(workers)/(0.003*0.6), 0.02)
	}
}

// A front that one thread is binds at its one core; one of several, at as many.
func TestFrontOfSeveralCores(t *testing.T) {
	app := App{Demand: 0.001, Rest: 0.002, Alone: 0.004, Times: uniform()}
	for front, want := range map[float64]float64{0: 500, 1: 500, 1.3: 650, 1.96: 980, 2: 1000, 4: 2000} {
		app.RestCores = front
		got, by := app.Most(Box{Cores: 16}, Shape{Workers: 16, AtOnce: 8}, 0)
		near(t, "rate", got, want, 0.03)
		if by != calibrate.RateByCores {
			t.Errorf("a front of %g is bound by %s", front, by)
		}
	}
}

// Two processes of a front that don't quite share its work alike are soon enough up to nearly two cores, and not with the queue of one.
func TestTimesBehindAFrontOfNearlyTwo(t *testing.T) {
	app := App{Demand: 0.0001, Rest: 0.002, RestCores: 1.96, Alone: 0.0021}
	p99 := func(rate float64) float64 {
		_, p99 := app.TimesAt(Box{Cores: 16}, Shape{Workers: 16, AtOnce: 8}, rate, ByChance)
		return p99
	}
	near(t, "at half of it", p99(490), 0.00108+queueMD(490, 0.002/1.96, 0.99), 0.15)
	near(t, "at 80 %", p99(784), 0.00108+queueMD(784, 0.002/1.96, 0.99), 0.15)
	if got := p99(981); got != 0 {
		t.Errorf("%g s beyond the most", got)
	}
}

// In one worker the lock is what its threads share: first come, first served, which with exponential times comes to the same.
func TestOneWorkerIsExact(t *testing.T) {
	for _, threads := range []int{1, 2, 4, 8, 16, 32} {
		app := App{Demand: 0.002, Alone: 0.02, Times: uniform()}
		got, _ := app.Most(Box{Cores: 8}, Shape{Workers: 1, AtOnce: threads}, 0)
		near(t, "rate", got, repairman(threads, 0.002, 0.018, 1), 0.04)
		t.Logf("%d threads: %.1f, exact %.1f", threads, got, repairman(threads, 0.002, 0.018, 1))
	}
}

// queueMM is the time that a share of requests stays within in M/M/c: exponential times, arrivals by chance, c workers.
func queueMM(c int, rate, demand, share float64) float64 {
	mu, load := 1/demand, rate*demand
	sum, term := 0.0, 1.0
	for n := range c {
		sum += term
		term *= load / float64(n+1)
	}
	waits := term / (1 - load/float64(c))
	waits /= sum + waits // Erlang's C
	free := float64(c)*mu - rate
	longer := func(t float64) float64 { // P(time > t), of a wait that is exponential with `free`, if there is one, and a service
		if math.Abs(free-mu) < 1e-9 {
			return math.Exp(-mu*t) * (1 + waits*mu*t)
		}
		return math.Exp(-mu*t)*(1-waits) + waits*(free*math.Exp(-mu*t)-mu*math.Exp(-free*t))/(free-mu)
	}
	low, high := 0.0, 1000*demand
	for range 100 {
		if middle := (low + high) / 2; longer(middle) > 1-share {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

func TestQueueOfWorkersIsExact(t *testing.T) {
	for _, c := range []int{1, 2, 4} {
		for _, used := range []float64{0.3, 0.5, 0.8} {
			app := App{Demand: 0.01, Alone: 0.01, Times: exponential()}
			rate := used * float64(c) / 0.01
			p50, p99 := app.TimesAt(Box{Cores: 8}, Shape{Workers: c, AtOnce: 1}, rate, ByChance)
			t.Logf("%d workers, %.0f %%: p50 %.4f, exact %.4f; p99 %.4f, exact %.4f", c, 100*used, p50, queueMM(c, rate, 0.01, 0.5), p99, queueMM(c, rate, 0.01, 0.99))
			near(t, "p50", p50, queueMM(c, rate, 0.01, 0.5), 0.1)
			near(t, "p99", p99, queueMM(c, rate, 0.01, 0.99), 0.15)
		}
	}
}

// Workers that take requests in by chance, with next to no CPU time, are a queue each.
func TestQueueOfEachWorkerIsExact(t *testing.T) {
	for _, workers := range []int{1, 2, 4} {
		for _, threads := range []int{1, 2, 4} {
			for _, used := range []float64{0.5, 0.8} {
				app := App{Demand: 1e-6, Alone: 0.01, Times: exponential()}
				each := used * float64(threads) / 0.01
				p50, p99 := app.TimesAt(Box{Cores: 8}, Shape{workers, threads, Taken}, each*float64(workers), ByChance)
				t.Logf("%d x %d, %.0f %%: p50 %.4f, exact %.4f; p99 %.4f, exact %.4f", workers, threads, 100*used, p50, queueMM(threads, each, 0.01, 0.5), p99, queueMM(threads, each, 0.01, 0.99))
				near(t, "p50", p50, queueMM(threads, each, 0.01, 0.5), 0.1)
				near(t, "p99", p99, queueMM(threads, each, 0.01, 0.99), 0.15)
			}
		}
	}
}

// queueMD is the same of M/D/1 (Erlang 1909): all requests take as long as each other.
func queueMD(rate, demand, share float64) float64 {
	within := func(t float64) float64 { // P(wait <= t)
		sum := 0.0
		for j := 0; float64(j) <= t/demand; j++ {
			x := rate * (float64(j)*demand - t)
			term := math.Exp(-x)
			if j > 0 {
				log := 0.0
				for k := 1; k <= j; k++ {
					log += math.Log(-x / float64(k))
				}
				term = math.Exp(log-x) * math.Pow(-1, float64(j))
			}
			sum += term
		}
		return (1 - rate*demand) * sum
	}
	low, high := 0.0, 20*demand // beyond, the sum loses its digits
	for range 60 {
		if middle := (low + high) / 2; within(middle) < share {
			low = middle
		} else {
			high = middle
		}
	}
	return low + demand
}

// A front that is nearly full has its queue also before very many workers, and before very many requests that wait.
func TestQueueOfAFrontIsExact(t *testing.T) {
	const rate, rest = 1000.0, 0.0009
	for _, c := range []struct {
		alone float64
		shape Shape
	}{{0.02, Shape{Workers: 20, AtOnce: 8}}, {0.02, Shape{Workers: 600, AtOnce: 1}}, {1, Shape{Workers: 200, AtOnce: 8}}} {
		app := App{Demand: 1e-6, Rest: rest, RestCores: 1, Alone: c.alone}
		_, p99 := app.TimesAt(Box{Cores: 16}, c.shape, rate, ByChance)
		near(t, "behind the front", p99-(c.alone-rest), queueMD(rate, rest, 0.99), 0.2)
	}
}

func TestQueueOfEvenRequestsIsExact(t *testing.T) {
	for _, used := range []float64{0.3, 0.5, 0.8} {
		app := App{Demand: 0.01, Alone: 0.01}
		p50, p99 := app.TimesAt(Box{Cores: 2}, Shape{Workers: 1, AtOnce: 1}, used/0.01, ByChance)
		t.Logf("%.0f %%: p50 %.4f, exact %.4f; p99 %.4f, exact %.4f", 100*used, p50, queueMD(used/0.01, 0.01, 0.5), p99, queueMD(used/0.01, 0.01, 0.99))
		near(t, "p50", p50, queueMD(used/0.01, 0.01, 0.5), 0.1)
		near(t, "p99", p99, queueMD(used/0.01, 0.01, 0.99), 0.15)
	}
}

// Requests that come evenly, and that all take the same, never meet each other.
func TestEvenArrivalsDoNotQueue(t *testing.T) {
	app := App{Demand: 0.002, Alone: 0.02}
	for _, shape := range []Shape{{1, 8, Shared}, {1, 2, Shared}, {1, 0, Shared}, {1, 2, Taken}} {
		most, _ := app.Most(Box{Cores: 4}, shape, 0)
		p50, p99 := app.TimesAt(Box{Cores: 4}, shape, 0.8*most, Evenly)
		near(t, "p50", p50, 0.02, 0.15)
		near(t, "p99", p99, 0.02, 0.25)
	}
}

// The spread of the time alone is that of the time at next to no load.
func TestTimesOfARequestAlone(t *testing.T) {
	times := []float64{0.010, 0.011, 0.012, 0.013, 0.054}
	app := App{Demand: 0.002, Alone: 0.020, Times: times}
	p50, p99 := app.TimesAt(Box{Cores: 4}, Shape{Workers: 4, AtOnce: 4}, 1, ByChance)
	const mean = (0.010/2 + 0.011 + 0.012 + 0.013 + 0.054/2) / 4
	near(t, "p50", p50, 0.020*0.012/mean, 0.1)
	near(t, "p99", p99, 0.020*0.052/mean, 0.1)
}
