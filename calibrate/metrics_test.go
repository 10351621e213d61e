package calibrate

import (
	"errors"
	"strings"
	"testing"
)

// 100 MB at 1000 requests and 2 KB a request [1, 3] are 118 MB at 10 000: 100 MB + 9000 x 2 KB.
func TestAfter(t *testing.T) {
	low, by, high := 1024.0, 2048.0, 3072.0
	r := Result{Mode: ModeRun, Worker: Worker{PeakRSSBytes: 100 << 20, Requests: 1000}, Creep: Creep{Verdict: "creeping", By: ByRequest, BytesPerRequest: &by, Low: &low, High: &high}}
	peak := float64(100 << 20)
	for _, tc := range []struct {
		verdict          Verdict
		requests         string
		value, low, high float64
	}{
		{"creeping", "10k", peak + 9000*by, peak + 9000*low, peak + 9000*high},
		{"creeping", "500", peak - 500*by, peak - 500*high, peak - 500*low},
		{"inconclusive", "10000", peak + 9000*by, peak + 9000*low, peak + 9000*high},
		{"flat", "10k", peak, peak, peak + 9000*high},
	} {
		r.Creep.Verdict = tc.verdict
		m, err := ParseMetric("after(" + tc.requests + ")")
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Read(r); *got.Value != tc.value || *got.Low != tc.low || *got.High != tc.high {
			t.Errorf("%s, %s: %.0f [%.0f, %.0f], want %+v", tc.verdict, m.Name, *got.Value, *got.Low, *got.High, tc)
		}
	}
	m, _ := ParseMetric("after(10k)")
	for _, unknown := range []func(*Result){
		func(r *Result) { r.Creep.Verdict = "warming" }, func(r *Result) { r.Mode = ModeAttach },
		func(r *Result) { r.Creep.High = nil }, func(r *Result) { r.Worker.PeakRSSBytes = 0 },
	} {
		other := r
		if unknown(&other); m.Read(other).Known() {
			t.Errorf("%+v: known", other)
		}
	}
}

func TestSayReading(t *testing.T) {
	m := Metric{Unit: UnitBytes}
	for want, r := range map[string]Reading{
		"unknown": {}, "162 MB": {Value: Figure(162 << 20)},
		"162 MB (160 to 164 MB)": {Figure(162 << 20), Figure(160 << 20), Figure(164 << 20)},
		"217 MB":                 {Figure(217 << 20), Figure(217<<20 - 1000), Figure(217<<20 + 1000)},
	} {
		if got := m.Say(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTotal(t *testing.T) {
	r := Result{Target: TargetInfo{Threads: 4}, Law: Law{SharedBytes: 20, WorkerBytes: 10, ThreadBytes: 2, ResidualBytes: 5, Basis: "measured"}}
	m, err := ParseMetric("total(3X4)")
	if err != nil || m.Name != "total(3x4)" {
		t.Fatal(m, err)
	}
	if got := m.Read(r); *got.Value != 20+3*(10+4*2) || *got.Low != 69 || *got.High != 79 {
		t.Errorf("%v [%v, %v]", *got.Value, *got.Low, *got.High)
	}
	if m, _ := ParseMetric("total(3x8)"); m.Read(r).Known() {
		t.Error("the law says nothing of 8 threads here")
	}
}

func TestParseMetricRefuses(t *testing.T) {
	for text, try := range map[string]string{
		"wroker": "worker", "maxrequests": "max-requests", "": "", "rss": "rps", "Peak": "peak", "afer(10k)": "after(10k)",
		"peak(3)": "peak", "after": "after(10k)", "after(10k": "after(10k)", "after()": "after(10k)", "after(ten)": "after(10k)",
		"after(0)": "after(10k)", "after(1e99)": "after(10k)", "after(NaN)": "after(10k)", "AFTER(10k)": "after(10k)",
		"after(1.5)": "after(10k)", "after(1_000)": "after(10k)", "after(+5)": "after(10k)", "total(4)": "total(4x4)", "total(4x0)": "total(4x4)", "total(4x4x4)": "total(4x4)",
	} {
		_, err := ParseMetric(text)
		failure := (*Failure)(nil)
		if !errors.As(err, &failure) || failure.Kind != KindUsage || !strings.Contains(failure.Try, try) {
			t.Errorf("%q: %v, want %q to try", text, failure, try)
		}
	}
}
