package analyse

import (
	"math"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/gate"
)

// What is recommended takes as much when it is deployed as it was recommended for: both are one sum.
func TestDeployedIsWhatIsRecommended(t *testing.T) {
	compared := 0
	for _, name := range []string{"creeping", "flat", "apart", "demo", "cores", "sweep"} {
		r := Recorded(t, name)
		rec := r.Recommendation
		if rec.Workers == 0 {
			continue
		}
		s := calibrate.Setup{Shape: calibrate.Shape{Workers: rec.Workers, Threads: rec.Threads}, MaxRequests: int64(rec.MaxRequests), Jitter: int64(rec.MaxRequestsJitter)}
		most := *Deployed(r, s).Memory.High - float64(r.Law.ResidualBytes)
		if off := math.Abs(most - float64(rec.TotalBytes)); off > 64<<10 {
			t.Errorf("%s: %v MB deployed, and recommended for %v MB", name, most/calibrate.MiB, float64(rec.TotalBytes)/calibrate.MiB)
		}
		compared++
	}
	if compared < 4 {
		t.Errorf("only %d runs recommend anything", compared)
	}
}

// What is recommended for a rate passes its own check of it, however little more than its room there is.
func TestRecommendedPassesItsCheck(t *testing.T) {
	checked, narrow := 0, 0
	for name, r := range recordedResults(t) {
		s := ServingOf(r)
		if s == nil || r.Recommendation.Withheld != nil || r.Mode == calibrate.ModeAttach {
			continue
		}
		least := s.on(r.Cores(), 0)(1, max(r.Target.Threads, 1)).Rate
		for _, share := range []float64{0.4, 0.5, 0.55, 0.6, 0.65, 0.69, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.35} {
			sized := r
			sized.Plan.ProductionRate, sized.Plan.P99Seconds = share*least, 0
			sized = Resized(sized)
			rec := sized.Recommendation
			if rec.Workers == 0 || rec.Sum.Unmet {
				continue
			}
			d := Deployed(sized, calibrate.Setup{Shape: calibrate.Shape{Workers: rec.Workers, Threads: rec.Threads}, MaxRequests: int64(rec.MaxRequests), Jitter: int64(rec.MaxRequestsJitter)})
			if *d.Rate.Low < *d.Rate.Bound {
				narrow++
			}
			if c := gate.Check(sized, gate.Against{Deployed: &d}); c.Deployed.Rate.Verdict != calibrate.LimitWithin {
				t.Errorf("%s at %v/s: %d workers of %d threads are recommended, and %s: %v (%v to %v)", name, d.WantedRate, rec.Workers, rec.Threads, c.Deployed.Rate.Verdict, *d.Rate.Value, *d.Rate.Low, *d.Rate.High)
			}
			checked++
		}
	}
	if checked < 10 || narrow == 0 {
		t.Errorf("%d recommendations, %d of them with little more than their room", checked, narrow)
	}
}

func TestDeployedTotal(t *testing.T) {
	creeping, flat := Recorded(t, "creeping"), Recorded(t, "flat")
	at := func(r calibrate.Result, workers int, requests int64) calibrate.Deployed {
		return Deployed(r, calibrate.Setup{Shape: calibrate.Shape{Workers: workers, Threads: 4}, MaxRequests: requests})
	}
	value := func(d calibrate.Deployed) float64 { return *d.Memory.Value }

	// Each request more that a worker lives for adds the creep of all workers.
	more := value(at(creeping, 3, 20_000)) - value(at(creeping, 3, 10_000))
	if want := 3 * 10_000 * creeping.Creep.Together().BytesPerRequest; math.Abs(more-want) > 1000 {
		t.Errorf("10 000 requests more add %.0f bytes, want %.0f", more, want)
	}
	if d := at(creeping, 3, 10_000); !(*d.Memory.Low < value(d) && value(d) < *d.Memory.High) {
		t.Errorf("%v is not within %v to %v", value(d), *d.Memory.Low, *d.Memory.High)
	}
	// Without a limit workers grow until the whole server is started anew.
	if d := at(creeping, 3, 0); d.GrowsSeconds == 0 || value(d) < value(at(creeping, 3, 20_000)) {
		t.Errorf("%v after %v s without a limit", value(d), d.GrowsSeconds)
	}
	// Those that fit when they are young have filled the budget by when they have grown by what it had left.
	full := at(creeping, 3, 0)
	lives := full
	lives.Memory.Value = calibrate.Figure(value(at(creeping, 3, 1)) + full.FullSeconds/full.GrowsSeconds*(value(full)-value(at(creeping, 3, 1))))
	if off := math.Abs(float64(lives.LeftBytes())); full.FullSeconds <= 0 || off > 0.001**full.Memory.Bound {
		t.Errorf("full after %v of %v s, with %v bytes left", full.FullSeconds, full.GrowsSeconds, lives.LeftBytes())
	}
	if d := at(creeping, 3, 20_000); d.FullSeconds != 0 {
		t.Errorf("workers that are replaced fill it after %v s", d.FullSeconds)
	}
	// Flat memory grows by nothing, and not by more than its upper bound can't exclude.
	few, many := at(flat, 3, 10_000), at(flat, 3, 20_000)
	if value(few) != value(many) || *many.Memory.High <= *few.Memory.High {
		t.Errorf("%+v and %+v", few.Memory, many.Memory)
	}
	if d := at(flat, 3, 0); d.GrowsSeconds != 0 || *d.Memory.High != value(d)+float64(flat.Law.ResidualBytes) {
		t.Errorf("%+v", d)
	}
}

// Of threads for which the law doesn't vouch nothing is known.
func TestDeployedThreads(t *testing.T) {
	r := Recorded(t, "creeping")
	least, most := r.ThreadRange()
	if least == 1 && most == math.MaxInt {
		r.Law.Runs = nil
	}
	if d := Deployed(r, calibrate.Setup{Shape: calibrate.Shape{Workers: 2, Threads: 64}}); d.Memory.Known() {
		t.Errorf("%+v of 64 threads, and only %d were measured", d.Memory, r.Target.Threads)
	}
}

func TestDeployedRate(t *testing.T) {
	r := Recorded(t, "cores")
	if r.Recommendation.Sum.WantedRate == 0 {
		t.Fatal("the recorded run wants no rate")
	}
	rec := r.Recommendation
	d := Deployed(r, calibrate.Setup{Shape: calibrate.Shape{Workers: rec.Workers, Threads: rec.Threads}})
	for _, c := range r.Candidates {
		if c.Recommended && (math.Abs(*d.Serves.Value-c.Rate) > 1e-6 || *d.Rate.Bound != r.Plan.ProductionRate/calibrate.MostUsed) {
			t.Errorf("%+v serves %v", c, d)
		}
	}
	r.Plan.ProductionRate = 0
	if d := Deployed(r, calibrate.Setup{Shape: calibrate.Shape{Workers: rec.Workers, Threads: rec.Threads}}); d.Rate != nil || !d.Serves.Known() {
		t.Errorf("nobody wants a rate: %+v", d)
	}
}
