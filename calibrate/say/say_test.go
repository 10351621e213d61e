package say_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate/say"
)

const (
	kb = 1 << 10
	mb = 1 << 20
)

type row struct{ got, want string }

func check(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		if r.got != r.want {
			t.Errorf("%q, want %q", r.got, r.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	check(t, []row{
		{say.Count(0), "0"},
		{say.Count(999), "999"},
		{say.Count(1017), "1 017"},
		{say.Count(int64(-1234567)), "-1 234 567"},
		{say.Count(uint64(math.MaxUint64)), "18 446 744 073 709 551 615"},
		{say.Number(6.456), "6.46"},
		{say.Number(6.5), "6.5"},
		{say.Number(35.24), "35.2"},
		{say.Number(9.996), "10"}, // not "10.00"
		{say.Number(99.96), "100"},
		{say.Number(1240.4), "1 240"},
		{say.Number(0), "0"},
		{say.Number(-0.001), "0"},
		{say.Number(math.NaN()), "unknown"},
		{say.Number(math.Inf(1)), "unknown"},
		{say.Fixed(-0.04, 1), "0.0"},
		{say.Fixed(1234.5, 2), "1 234.50"},
		{say.Known(0, say.Count[int]), "unknown"},
		{say.Known(5, say.Count[int]), "5"},
	})
}

// Number shows so small a difference, and none that is a fifth of it.
func TestStep(t *testing.T) {
	for _, v := range []float64{0, 0.3, -6.4, 35.2, 124, 12400} {
		if step := say.Step(v); say.Number(v) == say.Number(v+step) || say.Number(v) != say.Number(v+step/5) {
			t.Errorf("%v of %v", step, v)
		}
	}
}

func TestAmounts(t *testing.T) {
	check(t, []row{
		{say.MB(36909875), "35.2 MB"},
		{say.MB(64 * mb), "64 MB"},
		{say.MB(1.05 * mb), "1.05 MB"},
		{say.MB(167.8 * mb), "168 MB"},
		{say.MB(2 << 30), "2 048 MB"},
		{say.MB(0), "0 MB"},
		{say.MB(-812 * mb), "-812 MB"},
		{say.Known(int64(0), say.MB[int64]), "unknown"},
		{say.InMB(1541 * mb), "1 541"},
		{say.MBUp(167.2 * mb), "168 MB"},
		{say.MBUp(35.21 * mb), "35.3 MB"},
		{say.MBUp(64 * mb), "64 MB"},
		{say.Bytes(64), "64 B"},
		{say.Bytes(63.6), "64 B"},
		{say.Bytes(-812), "-812 B"},
		{say.Bytes(-0.1), "0 B"},
		{say.Bytes(1023.9), "1 KB"}, // not "1 024 B"
		{say.Bytes(6.456 * kb), "6.46 KB"},
		{say.Bytes(16490), "16.1 KB"},
		{say.Bytes(187.2 * kb), "187 KB"},
		{say.Bytes(1.234 * mb), "1.23 MB"},
		{say.Bytes(math.NaN()), "unknown"},
		{say.Range(16301, 16744), "15.9 to 16.4 KB"},
		{say.Range(-812, 4710), "-0.79 to 4.6 KB"}, // one unit for both
		{say.Range(9.8*kb, 10.2*kb), "9.8 to 10.2 KB"},
		{say.Range(-31, 64), "-31 to 64 B"},
		{say.Range(math.Inf(-1), 64), "unknown"},
	})
}

func TestMBLess(t *testing.T) {
	for _, c := range []struct {
		has, needs int64
		want       string
	}{
		{168 * mb, 169 * mb, "168 MB"},
		{168*mb + mb/4, 168*mb + mb/2 - 1, "168.2 MB"},
		{560*mb - 1, 560 * mb, "559.9 MB"},
		{35*mb + mb/5 + 1000, 35*mb + mb/5 + 1001, "35.2 MB"},
	} {
		if got := say.MBLess(c.has, c.needs); got != c.want {
			t.Errorf("%d, %d: %s, want %s", c.has, c.needs, got, c.want)
		}
	}
}

func TestDurations(t *testing.T) {
	check(t, []row{
		{say.Seconds(0), "0 s"},
		{say.Seconds(0.0004), "0.4 ms"},
		{say.Seconds(0.0121), "12 ms"},
		{say.Seconds(0.9999), "1 s"},
		{say.Seconds(1.84), "1.84 s"},
		{say.Seconds(9.996), "10 s"},
		{say.Seconds(59.4), "59 s"},
		{say.Seconds(59.9), "1 min"},
		{say.Seconds(94), "1 min 34 s"},
		{say.Seconds(463), "7 min 43 s"},
		{say.Seconds(3599.9), "1 h"},
		{say.Seconds(12000), "3 h 20 min"},
		{say.Seconds(2*86400 + 5*3600), "2 days 5 h"},
		{say.Seconds(3 * 86400), "3 days"},
		{say.Seconds(86400*10 - 1), "10 days"},
		{say.Seconds(86400 * 12), "12 days"},
		{say.Seconds(-1), "unknown"},
		{say.Seconds(math.Inf(1)), "unknown"},
		{say.Clock(42.9), "0:42"},
		{say.Clock(3723), "1:02:03"},
	})
}

func TestSharesAndRates(t *testing.T) {
	check(t, []row{
		{say.Percent(1), "100 %"},
		{say.Percent(0.9999999), "99.9 %"}, // never "100 %" of what isn't all
		{say.Percent(6124.0 / 6130), "99.9 %"},
		{say.Percent(0.0027), "0.27 %"},
		{say.Percent(0.00996), "1 %"},
		{say.Percent(0.447), "44.7 %"},
		{say.Percent(5.874), "587.4 %"},
		{say.Percent(1.004), "100.4 %"},
		{say.Percent(-0.031), "-3.1 %"},
		{say.Percent(0), "0 %"},
		{say.Percent(0.000001), "under 0.01 %"},
		{say.Percent(math.NaN()), "unknown"},
		{say.Difference(0.014), "+1.4 %"},
		{say.Difference(-0.0072), "-0.72 %"},
		{say.Difference(0), "0 %"},
		{say.Difference(math.Inf(1)), "unknown"},
		{say.PercentRange(0.2, 0.315), "20 to 31.5 %"},
		{say.Rate(0), "0/s"},
		{say.Rate(-1), "unknown"},
		{say.Rate(0.5), "0.5/s"},
		{say.Rate(69.94), "69.9/s"},
		{say.Rate(1240), "1 240/s"},
		{say.RequestRate(1017.3), "1 017 requests/s"},
	})
}

func TestNouns(t *testing.T) {
	check(t, []row{
		{say.Plural(1, "thread"), "1 thread"},
		{say.Plural(0, "thread"), "0 threads"},
		{say.Plural(15850, "request"), "15 850 requests"},
		{say.Plural(2, "process"), "2 processes"},
		{say.Plural(2, "query"), "2 queries"},
		{say.Plural(2, "delay"), "2 delays"},
		{say.Times(1), "once"},
		{say.Times(int64(3)), "3 times"},
	})
}

func TestGroupingLosesNoDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		grouped := say.Count(n)
		if strings.ReplaceAll(grouped, " ", "") != strconv.FormatInt(n, 10) {
			t.Fatalf("%d: %q", n, grouped)
		}
		for i, g := range strings.Split(strings.TrimPrefix(grouped, "-"), " ") {
			if len(g) > 3 || i > 0 && len(g) != 3 {
				t.Fatalf("%d: %q", n, grouped)
			}
		}
	})
}

// Whatever is needed fits into as much as MBUp says.
func TestMBUpIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1<<45).Draw(t, "n")
		v, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSuffix(say.MBUp(n), " MB"), " ", ""), 64)
		if err != nil || int64(math.Ceil(v*mb)) < n {
			t.Fatalf("%d: %s (%v)", n, say.MBUp(n), err)
		}
	})
}

func TestCPUTimes(t *testing.T) {
	check(t, []row{
		{say.CPU(0.0000354), "0.0354 ms"},
		{say.CPU(0.000354), "0.354 ms"},
		{say.CPU(0.0009999), "1 ms"}, // not "1.000 ms"
		{say.CPU(0.002), "2 ms"},
		{say.CPU(0.002034), "2.03 ms"},
		{say.CPU(0.0184), "18.4 ms"},
		{say.CPU(0.184), "184 ms"},
		{say.CPU(0.9999), "1 s"},
		{say.CPU(1.2), "1.2 s"},
		{say.CPU(0), "0 ms"},
		{say.CPU(-1), "unknown"},
		{say.CPU(math.NaN()), "unknown"},
		{say.CPURange(0.00198, 0.00208), "1.98 to 2.08 ms"},
		{say.CPURange(0, 0.0004), "0 to 0.4 ms"},
		{say.CPURange(0.9, 1.2), "0.9 to 1.2 s"}, // one unit for both
		{say.CPURange(0, math.Inf(1)), "unknown"},
	})
}
