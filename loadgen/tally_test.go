package loadgen

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
)

var nan, inf = math.NaN(), math.Inf(1)

func count(t calibrate.Tally, class string) int64 {
	for _, e := range t.Errors {
		if string(e.Class) == class {
			return e.Count
		}
	}
	return 0
}

// usage wants a failure that a person can act on.
func usage(t testing.TB, err error) *calibrate.Failure {
	t.Helper()
	var f *calibrate.Failure
	if !errors.As(err, &f) || f.Kind != calibrate.KindUsage || f.What == "" || f.Try == "" {
		t.Fatalf("want a failure of usage with something to try, got %#v", err)
	}
	if strings.ContainsAny(f.What+f.Try, "\n\x00") || len(f.What) > 600 {
		t.Fatalf("not fit to print: %q", f.What)
	}
	return f
}

// A percentile must lie within one per cent of the ranks of the exact one, for few answers and for many.
func TestPercentiles(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 10, 99, 1000, 200_000} {
		tally := tally{examples: map[string]string{}}
		exact := make([]float64, n)
		for i := range exact {
			d := time.Duration(math.Exp(random.NormFloat64()) * float64(10*time.Millisecond))
			exact[i] = d.Seconds()
			tally.add(&vegeta.Result{Code: 200, Latency: d}, flight{}, 0)
		}
		slices.Sort(exact)
		at := func(q float64) float64 { return exact[min(max(int(q*float64(n)), 0), n-1)] }
		slack := max(0.01, 1.01/float64(n))
		got := tally.whole.percentiles()
		for q, value := range map[float64]*float64{0.50: got.P50, 0.95: got.P95, 0.99: got.P99} {
			if *value < at(q-slack)-1e-9 || *value > at(q+slack)+1e-9 {
				t.Errorf("%d answers: p%.0f is %.5f, want %.5f to %.5f", n, q*100, *value, at(q-slack), at(q+slack))
			}
		}
		if *got.Max != exact[n-1] {
			t.Errorf("%d answers: max %v, want %v", n, *got.Max, exact[n-1])
		}
	}
}

// Times are those of good answers, from when each was sent; so many of them at most, and none where nobody asked.
func TestTimes(t *testing.T) {
	t.Parallel()
	sent := time.Unix(100, 0)
	tally := tally{timed: true, examples: map[string]string{}}
	for _, r := range []vegeta.Result{{Code: 200, Latency: 3 * time.Second}, {Code: 500, Latency: 9 * time.Second}, {Code: 200, Timestamp: sent, Latency: time.Second}} {
		tally.add(&r, flight{due: sent.Add(-time.Minute)}, 0)
	}
	if got := tally.result(calibrate.Pace{}, &sending{}).Times; !slices.Equal(got, []float64{3, 1}) {
		t.Errorf("%v", got)
	}
	for range mostTimes {
		tally.add(&vegeta.Result{Code: 200}, flight{}, 0)
	}
	if len(tally.times) != mostTimes {
		t.Errorf("%d times are kept", len(tally.times))
	}
}

func TestTimesOfAnAttack(t *testing.T) {
	a := newApp(t, slow(5*time.Millisecond))
	l := New(path(t, "/"), Options{})
	tally := attack(t, l, a.URL, calibrate.Pace{Clients: 1, Requests: 7, Timed: true})
	if len(tally.Times) != 7 || slices.Min(tally.Times) < 0.005 {
		t.Errorf("%v, want seven times of 5 ms or more", tally.Times)
	}
	if other := attack(t, l, a.URL, calibrate.Pace{Clients: 1, Requests: 7}); other.Times != nil {
		t.Errorf("%v of a load that nobody timed", other.Times)
	}
}

func TestLatencyCountsFromTheDueTime(t *testing.T) {
	sent := time.Unix(100, 0)
	r := &vegeta.Result{Timestamp: sent, Latency: time.Second}
	for name, row := range map[string]struct {
		due  time.Time
		want time.Duration
	}{
		"closed loop: service time":                     {time.Time{}, time.Second},
		"sent in time":                                  {sent, time.Second},
		"waited two seconds for a client":               {sent.Add(-2 * time.Second), 3 * time.Second},
		"two workers swapped turns: never less than it": {sent.Add(time.Millisecond), time.Second},
	} {
		if got := latency(r, flight{due: row.due}); got != row.want {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}

func TestAnEmptyPhase(t *testing.T) {
	tally := tally{examples: map[string]string{}}
	for _, p := range []calibrate.Pace{{Clients: 1}, {Rate: 5}} {
		got := tally.result(p, &sending{})
		if got.Latency.P50 != nil || got.Latency.Max != nil || got.SuccessRatio() != nil || math.IsNaN(got.RateSent) || math.IsInf(got.RateSent, 0) {
			t.Errorf("%+v", got)
		}
	}
	if b := tally.bucket(&sending{}); b.Requests != 0 || b.P50 != 0 || b.Errors != nil {
		t.Errorf("%+v", b)
	}
}

func TestErrorsComeMostFrequentFirst(t *testing.T) {
	s := span{errors: map[calibrate.ErrorClass]int64{"eof": 2, "timeout": 5, "reset": 2}}
	want := []calibrate.ErrorCount{{Class: "timeout", Count: 5}, {Class: "eof", Count: 2}, {Class: "reset", Count: 2}}
	if got := calibrate.CountErrors(s.errors); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestClipMakesForeignTextFit(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                  "plain",
		"two\r\nlines\tmore":     "two  lines more",
		"\x1b[31mred":            "?[31mred",
		"\xff":                   "?",
		strings.Repeat("é", 200): strings.Repeat("é", 98) + "...",
	} {
		if got := clip(in); got != want || len(got) > maxShown {
			t.Errorf("clip(%q) is %q, want %q", in, got, want)
		}
	}
}
