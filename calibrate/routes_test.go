package calibrate

import (
	"math"
	"testing"
)

func routesOf(creeps ...float64) *Routes {
	s := &Routes{}
	for _, c := range creeps {
		s.Runs = append(s.Runs, RouteRun{Route{Share: 1 / float64(len(creeps))}, Soaked{Creep: &CreepSeen{"creeping", c, c, c}}})
	}
	return s
}

func TestRoutesCreepMoreThanAllTogether(t *testing.T) {
	high := 3200.0
	soak := Creep{Verdict: "creeping", High: &high}
	unknown := routesOf(8000, 0)
	unknown.Runs[1].Creep = nil
	left := routesOf(8000, 0)
	left.Left = 1
	for _, c := range []struct {
		name   string
		routes *Routes
		mean   float64
		hidden bool
	}{
		{"more", routesOf(8000, 0), 4000, true},
		{"within the interval", routesOf(6000, 0), 3000, false},
		{"hardly more", routesOf(6800, 0), 3400, false},
		{"one not known", unknown, 0, false},
		{"one not run", left, 0, false},
		{"no routes", nil, 0, false},
	} {
		mean, hidden := c.routes.hidden(soak)
		if hidden != c.hidden || c.hidden && math.Abs(mean-c.mean) > 1e-9 {
			t.Errorf("%s: %.0f, hidden %v; want %.0f, %v", c.name, mean, hidden, c.mean, c.hidden)
		}
	}
	if _, hidden := routesOf(8000).hidden(Creep{Verdict: "inconclusive", High: &high}); hidden {
		t.Error("a soak that could not tell has hidden nothing")
	}
}
