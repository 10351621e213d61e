package run

import (
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"workermem/calibrate"
)

const (
	readingsADay  = int(24 * time.Hour / calibrate.SampleInterval)
	denseReadings = int(20*time.Minute/calibrate.SampleInterval) - 1
)

// Of a day's readings a thirteenth is kept: all of the first twenty minutes, one in two seconds at least, and every high mark.
func TestKeeperLosesNoMark(t *testing.T) {
	const spikesAt = 7777
	var k keeper
	var kept, spikes, dense int
	for i := range readingsADay {
		s := calibrate.Sample{RSS: 100, PID: 1, Below: 50, Children: 1, Anon: 10}
		if i%spikesAt == 0 {
			s = calibrate.Sample{RSS: int64(1000 + i), PID: 2, Below: int64(i), Children: 9, Anon: 900}
		}
		before := k.kept
		s, keep := k.take(s)
		if !keep {
			continue
		}
		if kept++; i < denseReadings {
			dense++
		}
		if i-before > 20 {
			t.Fatalf("nothing is kept between reading %d and %d", before, i)
		}
		if s.RSS > 100 {
			if spikes++; s.PID != 2 || s.Children != 9 || s.RSS != 1000+s.Below {
				t.Errorf("at %d: %+v", i, s)
			}
		}
	}
	if want := (readingsADay + spikesAt - 1) / spikesAt; spikes != want || dense != denseReadings || kept > readingsADay/13 {
		t.Errorf("%d spikes of %d, %d of the first, %d kept", spikes, want, dense, kept)
	}
}

// Others' marks are none of a set of workers, whose first reading is kept.
func TestKeeperBeginsAnew(t *testing.T) {
	k := keeper{readings: readingsADay, kept: readingsADay}
	if _, kept := k.take(calibrate.Sample{RSS: 900}); kept {
		t.Fatal("every reading is kept")
	}
	if s, kept := k.take(calibrate.Sample{RSS: 100, Generation: 1}); !kept || s.RSS != 100 {
		t.Errorf("kept %v: %+v", kept, s)
	}
}

// A day's watch takes little of disk and memory, and finds what an hour's does.
func TestE2EAttachForADay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes four seconds")
	}
	const day = 24 * time.Hour
	f := newFakeRig()
	f.noURL, f.keep = true, 1000
	p := watchPlan()
	p.DurationSeconds = day.Seconds()
	var memory runtime.MemStats
	r, err := attachFake(t, f, p, func(rig *calibrate.Rig) {
		counted(3)(f)(rig)
		f.after(day-time.Minute, func() {
			runtime.GC()
			runtime.ReadMemStats(&memory)
		})(rig)
	})
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	for _, s := range f.samples {
		line, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		written += len(line) + 1
	}
	t.Logf("%d samples, %.1f MB of journal, %.1f MB of memory", r.Worker.Samples, mebi(written), mebi(memory.HeapAlloc))
	if written > 10<<20 || memory.HeapAlloc > 30<<20 { // the fake keeps the samples, too
		t.Errorf("%.1f MB of journal, %.1f MB of memory", mebi(written), mebi(memory.HeapAlloc))
	}
	if every := r.Worker.SampleIntervalSeconds; every < 1 || every > 2 || r.Worker.Restarts != 0 {
		t.Errorf("%+v", r.Worker)
	}
	if c := r.Creep; c.Verdict != calibrate.Creeping || *c.Low > 1000 || *c.High < 1000 {
		t.Errorf("%+v", c)
	}
}

func mebi[N int | uint64](n N) float64 { return float64(n) / (1 << 20) }
