package calibrate

import (
	"strings"
	"testing"
)

func reading(value, low, high float64) Reading { return Reading{&value, &low, &high} }

// Both bounds are in one unit, and the unit's words are those of the value.
func TestMetricsAreSaidInTheirUnit(t *testing.T) {
	for name, c := range map[string]struct {
		reading   Reading
		says, has string
	}{
		"growth": {reading(-130.0*1024/Hour, -21<<20/Hour, 20.9*(1<<20)/Hour), "-130 KB an hour (-21 to 20.9 MB an hour)", "an hour"},
		"creep":  {reading(16*1024, 15.9*1024, 16.1*1024), "16 KB a request (15.9 to 16.1 KB a request)", "a request"},
		"total":  {reading(162<<20, 160<<20, 164<<20), "162 MB (160 to 164 MB)", "MB"},
		"errors": {reading(0.2, 0.1, 0.3), "20 % (10 to 30 %)", "%"},
	} {
		m, err := FindMetric(name)
		if got := m.Say(c.reading); err != nil || got != c.says || !strings.Contains(got, c.has) || !strings.Contains(m.Unit.Words(), c.has) {
			t.Errorf("%s: %q in %q, want %q in %q (%v)", name, got, m.Unit.Words(), c.says, c.has, err)
		}
	}
}

// A server that was running already has its figures by other ways.
func TestMetricsOfAWatch(t *testing.T) {
	watched := Result{Mode: ModeAttach, Watch: &Watch{Seconds: 20, Counter: CounterLog, Requests: 500}}
	rate, _ := FindMetric("rps")
	if got := rate.Say(rate.Read(watched)); got != "25 requests/s" || !strings.Contains(rate.In(watched).Got, "access log") {
		t.Error(got, rate.In(watched).Got)
	}
	watched.Watch.Counter = ""
	if rate.Read(watched).Known() {
		t.Error("nobody counted them")
	}
	peak, _ := FindMetric("peak")
	if got := peak.In(watched).Got; strings.Contains(got, "every thread busy") || peak.In(Result{}).Got == got {
		t.Error(got)
	}
}
