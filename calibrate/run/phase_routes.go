package run

import (
	"context"
	"fmt"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/creep"
	"workermem/calibrate/say"
)

const (
	mostRoutes = 6    // half a minute each at most
	leastShare = 0.05 // of the load; what is rarer is no matter for the worker
	routeLimit = 20 * time.Second
	// routePrecision is the wanted half-width of a route's slope: a bill is compared with others.
	routePrecision = 0.1
)

// routes loads each route alone, in a worker of its own: what a route takes can't be told where others have left free
// memory behind, or creep meanwhile.
func (r *run) routes(ctx context.Context) error {
	if r.tooMuchForOne() || r.plan.RoutesOfCreep && r.analysed().Creep.Verdict != calibrate.Creeping {
		return nil
	}
	found := &calibrate.Routes{Runs: []calibrate.RouteRun{}}
	all := chooseRoutes(found, r.rig.Load.Routes())
	r.result.Routes = found
	goal := creep.QuickGoal()
	goal.Precision, goal.Brief = routePrecision, false // a route's bill is no verdict of the run
	shape := calibrate.Shape{Workers: 1, Threads: max(r.result.Target.Threads, 1)}
	for i, route := range all {
		soaked, err := r.soakBeside(ctx, soaking{setup: calibrate.Setup{Shape: shape}, pace: calibrate.Pace{Clients: r.clientsOf(shape), Route: route.Name}, goal: goal,
			limit: routeLimit, phase: calibrate.PhaseRoutes, place: fmt.Sprintf("%s of %s: %s", say.Count(i+1), say.Count(len(all)), route.Name)})
		if soaked.Requests > 0 || err == nil {
			found.Runs = append(found.Runs, calibrate.RouteRun{Route: route, Soaked: soaked})
		}
		if err != nil {
			return err
		}
		if err := r.rig.Journal.Save(r.analysed()); err != nil {
			return journalFailure(err)
		}
	}
	return nil
}

// chooseRoutes leaves out those that are rare, and notes them.
func chooseRoutes(s *calibrate.Routes, all []calibrate.Route) (some []calibrate.Route) {
	for _, route := range all {
		if len(some) < mostRoutes && route.Share >= leastShare {
			some = append(some, route)
			continue
		}
		s.Left, s.LeftShare = s.Left+1, s.LeftShare+route.Share
	}
	return some
}
