package run

import (
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

// slowRig serves 20 requests/s: at 70 % of that the goal takes five minutes. Other shapes of it start, too.
func slowRig() *fakeRig {
	f := unsaidRig()
	f.capacity = 20
	f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
		f.others = otherWorkers(s)
		return f, nil
	}
	return f
}

func phaseOf(t *testing.T, r calibrate.Result, name string) calibrate.Phase {
	t.Helper()
	for _, p := range r.Phases {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no phase %s in %v", name, phaseNames(r))
	return calibrate.Phase{}
}

// A slow app gets all the load that it can take, and the whole run takes two minutes: its soak has most of them.
func TestASlowAppTakesTwoMinutes(t *testing.T) {
	for name, c := range map[string]struct {
		threads int
		keep    float64
		unread  error // of its CPU time
		shapes  int   // short runs
	}{"threads": {2, 0, nil, 2}, "no bound at once": {0, 0, errUnread, 2}, "one that creeps": {4, 100 << 10, errUnread, 3}} {
		f := slowRig()
		f.threads, f.keep, f.coresErr = c.threads, c.keep, c.unread
		r, err := runFake(t, f, fakePlan(), nil)
		if err != nil {
			t.Fatal(name, err)
		}
		soak := phaseOf(t, r, calibrate.PhaseSoak)
		if soak.RateAsked != 0 || soak.Clients == 0 || r.Load.Clients != soak.Clients || r.Load.Lowered != nil {
			t.Errorf("%s: %+v", name, soak)
		}
		if r.DurationSeconds > slowRun.Seconds()+2 || soak.Seconds < leastSoak.Seconds() || c.threads > 0 && soak.Seconds < slowRun.Seconds()/2 {
			t.Errorf("%s: %.0f s, of which the soak has %.0f", name, r.DurationSeconds, soak.Seconds)
		}
		if shapes := len(r.Law.Runs); shapes != c.shapes {
			t.Errorf("%s: %d short runs, want %d", name, shapes, c.shapes)
		}
	}
}

// What the user says of load or length is kept, however slow the app.
func TestASlowAppIsMeasuredAsAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		plan    func(*calibrate.Plan)
		rate    float64 // of the soak, 0 for a closed loop
		seconds float64 // of the soak
	}{
		"a longer limit": {func(p *calibrate.Plan) { p.SoakSeconds = 600 }, 14, 400},
		"the default's":  {func(p *calibrate.Plan) { p.SoakSeconds = 120 }, 0, 120},
		"a rate":         {func(p *calibrate.Plan) { p.Rate = 10 }, 10, 120},
		"a length":       {func(p *calibrate.Plan) { p.DurationSeconds = 200 }, 14, 200},
		"quick":          {func(p *calibrate.Plan) { p.Quick, p.SoakSeconds = true, 15 }, 14, 15},
	} {
		p := fakePlan()
		c.plan(&p)
		r, err := runFake(t, slowRig(), p, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		if soak := phaseOf(t, r, calibrate.PhaseSoak); soak.RateAsked != c.rate || soak.Seconds < c.seconds-1 || soak.Seconds > c.seconds+2 {
			t.Errorf("%s: at %v requests/s for %.0f s, want %v for %.0f", name, soak.RateAsked, soak.Seconds, c.rate, c.seconds)
		}
	}
}

// As many clients as find the worker busy: more would only queue.
func TestSlowPace(t *testing.T) {
	for _, c := range []struct {
		rate, alone  float64
		threads, fit int
	}{
		{14, 0.070, 1, 1}, {14, 0.070, 4, 1}, {14.6, 0.070, 4, 1}, // it computes
		{40, 0.1, 4, 4}, {20, 0.1, 4, 2}, // it waits, all the time and half of it
		{200, 0.1, 2, 4}, {5, 0.1, 2, 1}, // never more than the search for capacity had, never none
	} {
		r := run{result: calibrate.Result{Target: calibrate.TargetInfo{Threads: c.threads}, Alone: &calibrate.Alone{Mean: c.alone}}}
		r.result.Load.Capacity = c.rate
		if pace := r.slowPace(); pace.Clients != c.fit || pace.Rate != 0 {
			t.Errorf("%v requests/s of %v s, %d threads: %+v, want %d clients", c.rate, c.alone, c.threads, pace, c.fit)
		}
	}
	if clients := (&run{result: calibrate.Result{Target: calibrate.TargetInfo{Threads: 4}}}).slowPace().Clients; clients != 8 {
		t.Errorf("%d clients where it isn't known what a request takes alone", clients)
	}
}

// What the progress line says is left of a slow run, two seconds into its soak and at the soak's end, is what the limit leaves of that, and
// about what comes after it.
func TestASlowSoakSaysWhatIsLeft(t *testing.T) {
	f := slowRig()
	var told []calibrate.Status
	f.told = func(s calibrate.Status) {
		if s.Phase == calibrate.PhaseSoak && s.Left > 0 {
			told = append(told, s)
		}
	}
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil || len(told) < 2 {
		t.Fatal(err, told)
	}
	end := knob.Duration(r.DurationSeconds)
	for _, s := range []calibrate.Status{told[0], told[len(told)-1]} {
		if off := (s.Elapsed + s.Left - end).Abs(); off > 10*time.Second {
			t.Errorf("at %s it said %s, and the run ended at %s", s.Elapsed, s.Left, end)
		}
	}
}
