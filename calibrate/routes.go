package calibrate

import (
	"context"
	"fmt"
	"time"

	"workermem/calibrate/creep"
)

// Routes is what each route of a load does to a worker that is asked for nothing else.
type Routes struct {
	Runs []RouteRun `json:"runs"`
	// Left are the routes that were not run, and LeftShare what they are of the load.
	Left      int     `json:"left"`
	LeftShare float64 `json:"left_share"`
}

// RouteRun is one route alone, every thread busy with it. Its bill is PeakRSSBytes above IdleRSSBytes, and its Creep.
type RouteRun struct {
	Route
	Soaked
}

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
	all := r.rig.Load.Routes()
	if !r.plan.ByRoute || r.rig.Scale == nil || len(all) < 2 || r.tooMuchForOne() {
		return nil
	}
	found := &Routes{Runs: []RouteRun{}}
	all = found.choose(all)
	r.result.Routes = found
	goal := creep.QuickGoal()
	goal.Precision = routePrecision
	shape := Shape{1, max(r.result.Target.Threads, 1)}
	for i, route := range all {
		soaked, err := r.soakBeside(ctx, soaking{setup: Setup{Shape: shape}, pace: Pace{Clients: r.clientsOf(shape), Route: route.Name}, goal: goal,
			limit: routeLimit, phase: PhaseRoutes, place: fmt.Sprintf("%d of %d: %s", i+1, len(all), route.Name)})
		if soaked.Requests > 0 || err == nil {
			found.Runs = append(found.Runs, RouteRun{route, soaked})
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

// choose leaves out those that are rare, and notes them.
func (s *Routes) choose(all []Route) (some []Route) {
	for _, route := range all {
		if len(some) < mostRoutes && route.Share >= leastShare {
			some = append(some, route)
			continue
		}
		s.Left, s.LeftShare = s.Left+1, s.LeftShare+route.Share
	}
	return some
}

// Bill is what a route takes at its peak beyond an idle worker, in bytes, creep apart.
func (r RouteRun) Bill() int64 {
	bytes := r.PeakRSSBytes - r.IdleRSSBytes
	if r.Creep != nil && r.Creep.Verdict == Creeping {
		bytes -= int64(r.Creep.BytesPerRequest * float64(r.Requests))
	}
	return max(bytes, 0)
}

// Creep is the mean of the routes' creeps, each by its share of the load, and of its lower bounds, in bytes a request. ok is
// false where one of them is missing.
func (s *Routes) Creep() (mean, low float64, ok bool) {
	if s == nil {
		return 0, 0, false
	}
	for _, run := range s.Runs {
		if run.Creep == nil || run.Failed != nil {
			return 0, 0, false
		}
		mean += run.Share * run.Creep.BytesPerRequest
		low += run.Share * run.Creep.Low
	}
	return mean, low, s.Left == 0 && len(s.Runs) > 0
}

// hidden says that the routes creep by more, at the least, than the soak of all together has shown at the most: by so much.
// An allocator keeps the room of a large request for a while, and what other requests leave behind may go there first,
// where no reading sees it.
func (s *Routes) hidden(c Creep) (least float64, hidden bool) {
	_, low, ok := s.Creep()
	if !ok || c.BytesPerRequest == nil || c.High == nil || c.Verdict != Creeping && c.Verdict != Flat {
		return 0, false
	}
	return low, low > max(c.Together().High, leastHidden)
}

// leastHidden is the least creep, in bytes a request, that is worth a word: what the verdict counts as creeping.
const leastHidden = 250
