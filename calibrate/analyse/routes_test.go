package analyse

import (
	"math"
	"testing"

	"workermem/calibrate"
)

func routesOf(creeps ...float64) *calibrate.Routes {
	s := &calibrate.Routes{}
	for _, c := range creeps {
		s.Runs = append(s.Runs, calibrate.RouteRun{Route: calibrate.Route{Share: 1 / float64(len(creeps))}, Soaked: calibrate.Soaked{Creep: &calibrate.CreepSeen{Verdict: "creeping", BytesPerRequest: c, Low: 0.9 * c, High: 1.1 * c}}})
	}
	return s
}

func TestRoutesCreepMoreThanAllTogether(t *testing.T) {
	slope, low, high := 3000.0, 2800.0, 3200.0
	soak := calibrate.Creep{Verdict: "creeping", BytesPerRequest: &slope, Low: &low, High: &high}
	doubtful := routesOf(8000, 0)
	doubtful.Runs[0].Creep = &calibrate.CreepSeen{Verdict: "inconclusive", BytesPerRequest: 8000, Low: -20000, High: 40000}
	unknown := routesOf(8000, 0)
	unknown.Runs[1].Creep = nil
	left := routesOf(8000, 0)
	left.Left = 1
	for _, c := range []struct {
		name   string
		routes *calibrate.Routes
		mean   float64
		hidden bool
	}{
		{"more", routesOf(8000, 0), 3600, true},
		{"by a slope that nobody can be sure of", doubtful, 0, false},
		{"within the interval", routesOf(6000, 0), 3000, false},
		{"hardly more", routesOf(6800, 0), 3400, false},
		{"one not known", unknown, 0, false},
		{"one not run", left, 0, false},
		{"no routes", nil, 0, false},
	} {
		mean, hidden := hiddenCreep(c.routes, soak)
		if hidden != c.hidden || c.hidden && math.Abs(mean-c.mean) > 1e-9 {
			t.Errorf("%s: %.0f, hidden %v; want %.0f, %v", c.name, mean, hidden, c.mean, c.hidden)
		}
	}
	seconds, part := 1000.0, 500.0 // the same soak, with half of it by the clock
	apart := calibrate.Creep{Verdict: "creeping", By: calibrate.ByBoth, BytesPerRequest: &part, Low: &part, High: &part, BytesPerSecond: &seconds,
		LowBytesPerSecond: &seconds, HighBytesPerSecond: &seconds, Rest: &calibrate.Rest{Together: calibrate.CreepSeen{Verdict: "creeping", BytesPerRequest: slope, Low: low, High: high}}}
	if _, hidden := hiddenCreep(routesOf(3300, 2500), apart); hidden {
		t.Error("routes are held against the part of the creep that is by request")
	}
	if _, hidden := hiddenCreep(routesOf(8000), calibrate.Creep{Verdict: "inconclusive", BytesPerRequest: &slope, Low: &low, High: &high}); hidden {
		t.Error("a soak that could not tell has hidden nothing")
	}
}
