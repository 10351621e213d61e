package analyse

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/creep"
)

const (
	kb = 1 << 10
	mb = 1 << 20
)

// soaked is a soak of so many requests in 30 s: a worker of 30 MB beside a master of 20 MB, of which 15 MB are the worker's, too.
// change moves each sample from there.
func soaked(requests int64, change func(s *calibrate.Sample, n, noise float64)) []calibrate.Sample {
	r := rand.New(rand.NewPCG(7, 1))
	samples := make([]calibrate.Sample, 300)
	for i := range samples {
		n := requests * int64(i) / int64(len(samples))
		s := calibrate.Sample{Seconds: float64(i) / 10, Phase: calibrate.PhaseSoak, Workers: 1, PID: 1, Requests: 1000 + n,
			Anon: 30*mb + int64(r.NormFloat64()*20*kb), Kernel: 1*mb + int64(r.NormFloat64()*40*kb)}
		s.Held = s.Anon + 5*mb + s.Kernel
		change(&s, float64(n), r.NormFloat64())
		s.RSS = s.Anon + s.Mapped + 10*mb
		samples[i] = s
	}
	return samples
}

// early is the worker after its first load: 15 MB are still its master's.
var early = &calibrate.EndReading{PrivateDirtyBytes: 15 * mb}

func charge(s *calibrate.Sample, to *int64, bytes float64) {
	*to += int64(bytes)
	s.Held += int64(bytes)
}

func TestKindsAreJudgedApart(t *testing.T) {
	type growths map[calibrate.GrowthKind]float64
	for name, test := range map[string]struct {
		change func(s *calibrate.Sample, n, noise float64)
		want   growths // bytes a request
		flat   bool
	}{
		"flat":                                            {func(*calibrate.Sample, float64, float64) {}, nil, true},
		"kernel memory that trembles by 200 KB":           {func(s *calibrate.Sample, _, noise float64) { charge(s, &s.Kernel, 500*kb+noise*200*kb) }, nil, true},
		"shared memory that comes and goes":               {func(s *calibrate.Sample, n, _ float64) { charge(s, &s.Shmem, math.Mod(n, 100)*64*kb) }, nil, true},
		"pages copied from the master, all 15 MB of them": {func(s *calibrate.Sample, n, _ float64) { s.Held += int64(15 * mb * n / 6000) }, nil, true},
		"a heap":                     {func(s *calibrate.Sample, n, _ float64) { charge(s, &s.Anon, n*16*kb) }, growths{calibrate.GrowsAnonymous: 16 * kb}, false},
		"a heap and its page tables": {func(s *calibrate.Sample, n, _ float64) { charge(s, &s.Anon, n*256*kb); charge(s, &s.Kernel, n*512) }, growths{calibrate.GrowsAnonymous: 256 * kb}, false},
		"MAP_SHARED":                 {func(s *calibrate.Sample, n, _ float64) { charge(s, &s.Shmem, n*64*kb); s.Mapped = s.Shmem }, growths{calibrate.GrowsShared: 64 * kb}, false},
		"a segment that was there, touched bit by bit": {func(s *calibrate.Sample, n, _ float64) { charge(s, &s.Shmem, 200*mb); s.Mapped = int64(n * 32 * kb) }, nil, true},
		"MAP_SHARED without a group":                   {func(s *calibrate.Sample, n, _ float64) { s.Mapped = int64(n * 64 * kb); s.Held = 0 }, growths{calibrate.GrowsShared: 64 * kb}, false},
		"files on a tmpfs": {func(s *calibrate.Sample, n, _ float64) { charge(s, &s.Shmem, n*64*kb); charge(s, &s.Kernel, n*1.5*kb) },
			growths{calibrate.GrowsFiles: 64 * kb, calibrate.GrowsKernel: 1.5 * kb}, false},
		"files on disk": {func(s *calibrate.Sample, n, _ float64) { charge(s, &s.Kernel, n*1.3*kb) }, growths{calibrate.GrowsKernel: 1.3 * kb}, false},
		"the master":    {func(s *calibrate.Sample, n, _ float64) { s.Held += int64(n * 32 * kb) }, growths{calibrate.GrowsBeside: 32 * kb}, false},
		"a heap and tmpfs": {func(s *calibrate.Sample, n, _ float64) { charge(s, &s.Anon, n*16*kb); charge(s, &s.Shmem, n*8*kb) },
			growths{calibrate.GrowsAnonymous: 16 * kb, calibrate.GrowsFiles: 8 * kb}, false},
		"children whose pages are mostly their worker's": {func(s *calibrate.Sample, n, _ float64) {
			s.Below = int64(n * 64 * kb)
			s.Anon += s.Below
			s.Held += int64(n * 4 * kb)
		}, growths{calibrate.GrowsAnonymous: 4 * kb}, false},
	} {
		samples := soaked(6000, test.change)
		got := Creep(calibrate.Measured{Samples: samples, Result: calibrate.Result{Worker: calibrate.Worker{Early: early}}})
		if (got.Verdict == calibrate.Flat) != test.flat || !test.flat && got.Verdict != calibrate.Creeping {
			t.Errorf("%s: %s, %v (%v to %v), missing %+v", name, got.Verdict, *got.BytesPerRequest, *got.Low, *got.High, got.Missing)
			continue
		}
		if heap, one := test.want[calibrate.GrowsAnonymous]; one && len(test.want) == 1 {
			if math.Abs(*got.BytesPerRequest-heap) > 0.05*heap || got.Kinds != nil {
				t.Errorf("%s: %v a request of %+v, want %v", name, *got.BytesPerRequest, got.Kinds, heap)
			}
			continue
		}
		var sum, low, high float64
		for _, g := range got.Kinds {
			if truth := test.want[g.Kind]; math.Abs(g.BytesPerRequest-truth) > 0.05*truth || g.Low > truth || g.High < truth {
				t.Errorf("%s: %s %v (%v to %v), want %v", name, g.Kind, g.BytesPerRequest, g.Low, g.High, truth)
			}
			sum, low, high = sum+g.BytesPerRequest, low+g.Low, high+g.High
		}
		if len(got.Kinds) != len(test.want) || len(got.Kinds) > 0 && (sum != *got.BytesPerRequest || low != *got.Low || high != *got.High) {
			t.Errorf("%s: %+v, and together %v (%v to %v)", name, got.Kinds, *got.BytesPerRequest, *got.Low, *got.High)
		}
	}
}

// A kind that doesn't creep changes nothing: neither the verdict nor the interval, nor when the soak ends.
func TestNoiseOfOtherKindsChangesNothing(t *testing.T) {
	samples := soaked(6000, func(s *calibrate.Sample, _, noise float64) {
		charge(s, &s.Kernel, 300*kb+noise*100*kb)
		charge(s, &s.Shmem, math.Abs(noise)*mb)
	})
	alone, _ := pureCreep(samples)
	if all, of := growth(samples, 15*mb, creep.Analyse); all != alone || of != nil {
		t.Errorf("%+v %+v, of anonymous memory alone %+v", all, of, alone)
	}
	g := creep.DefaultGoal()
	_, want := g.Check(pointsOf(samples, anonymous.bytes), LastRSS(samples))
	if _, got := Check(g, samples, early); got != want {
		t.Errorf("waits for %+v, by anonymous memory alone for %+v", got, want)
	}
}

func pureCreep(samples []calibrate.Sample) (creep.Estimate, []judgement) {
	return creep.Analyse(pointsOf(samples, anonymous.bytes), LastRSS(samples)), nil
}

// What rests without load shows of the kinds that creep, too.
func TestRestOfSharedMemory(t *testing.T) {
	for name, test := range map[string]struct {
		perSecond float64
		by        calibrate.CreepBy
	}{"none": {0, calibrate.ByRequest}, "2 MB a second": {2 * mb, calibrate.ByBoth}} {
		grows := func(s *calibrate.Sample, n, _ float64) { charge(s, &s.Shmem, n*64*kb+s.Seconds*test.perSecond) }
		soak := soaked(6000, grows)
		last := soak[len(soak)-1]
		for i := range 60 {
			s := last
			s.Phase, s.Seconds = calibrate.PhaseRest, last.Seconds+float64(i)/10
			charge(&s, &s.Shmem, float64(i)/10*test.perSecond)
			soak = append(soak, s)
		}
		got := Creep(calibrate.Measured{Samples: soak, Result: calibrate.Result{Load: calibrate.LoadInfo{RateSent: 200}}})
		if got.By != test.by || got.By == calibrate.ByBoth && math.Abs(*got.BytesPerSecond-test.perSecond) > 0.1*test.perSecond {
			t.Errorf("%s: by %s, rest %+v", name, got.By, got.Rest)
		}
	}
}

// What little creeps beside much is known well enough: the soak doesn't wait for its own precision.
func TestLittleBesideMuchEndsTheSoak(t *testing.T) {
	files := func(perRequest float64) []calibrate.Sample {
		return soaked(6000, func(s *calibrate.Sample, n, noise float64) {
			charge(s, &s.Shmem, n*perRequest)
			charge(s, &s.Kernel, 2*mb+n*1.2*kb+noise*500*kb)
		})
	}
	g := creep.DefaultGoal()
	if e, p := Check(g, files(64*kb), early); e.Verdict != calibrate.Creeping || !p.Done {
		t.Errorf("64 KB and 1.2 of the kernel's own: %+v, waits for %+v", e, p)
	}
	if e, p := Check(g, files(0), early); p.Done {
		t.Errorf("1.2 KB of the kernel's own alone, which trembles by 500: %+v is said to be enough", e)
	}
	r := calibrate.Result{Complete: true, Creep: Creep(calibrate.Measured{Samples: files(0), Result: calibrate.Result{Worker: calibrate.Worker{Early: early}}})}
	if r.Creep.Verdict != calibrate.Inconclusive || r.Outcome() != 0 || warned(r, "no-verdict") {
		t.Errorf("what the kernel would drop leaves a doubt: %+v", r.Creep)
	}
}

func warned(r calibrate.Result, code string) bool {
	return slices.ContainsFunc(warnings(r), func(w calibrate.Warning) bool { return w.Code == code })
}

// Files on disk that creep, of the kernel's own memory, don't hide that the heap may.
func TestTheKernelDoesNotHideTheHeap(t *testing.T) {
	for heap, want := range map[calibrate.Verdict]calibrate.Verdict{calibrate.Flat: calibrate.Creeping, calibrate.Warming: calibrate.Warming, calibrate.Creeping: calibrate.Creeping} {
		all, of := together([]judgement{
			{kind: anonymous, Estimate: creep.Estimate{Verdict: heap, Known: true, Slope: 2000, Low: 1000, High: 3000}},
			{kind: kind{GrowthKind: calibrate.GrowsKernel}, Estimate: creep.Estimate{Verdict: calibrate.Creeping, Known: true, Slope: 1000, Low: 900, High: 1100, Detectable: 200}},
		})
		c := calibrate.Creep{Verdict: all.Verdict, Kinds: growths(of, calibrate.ByRequest)}
		if c.Verdict != want || c.Harmless() != (heap == calibrate.Flat) {
			t.Errorf("the heap is %s: %s by %+v", heap, c.Verdict, c.Kinds)
		}
	}
}

// That something stays is told of what creeps, not of what may.
func TestOnlyCreepStays(t *testing.T) {
	for verdict, want := range map[calibrate.Verdict]bool{calibrate.Creeping: true, calibrate.Inconclusive: false} {
		c := calibrate.Creep{Verdict: verdict, Kinds: []calibrate.Growth{{Kind: calibrate.GrowsBeside, BytesPerRequest: 100, High: 200, Stays: true}}}
		if got := warned(calibrate.Result{Complete: true, Creep: c}, "creep-stays"); got != want {
			t.Errorf("%s: warned %v", verdict, got)
		}
	}
}

// Files that the app deletes as it ends are recycled away. Those that are still there are not, nor is what the kernel keeps for them.
func TestWhatStays(t *testing.T) {
	samples := soaked(6000, func(s *calibrate.Sample, n, _ float64) {
		charge(s, &s.Shmem, n*64*kb)
		charge(s, &s.Kernel, n*1.5*kb)
	})
	none, most := int64(0), samples[len(samples)-1].Shmem
	for name, test := range map[string]struct {
		left  *int64
		stays bool
	}{"deleted": {&none, false}, "still there": {&most, true}, "not known": {nil, true}} {
		m := calibrate.Measured{Samples: samples, Result: calibrate.Result{Worker: calibrate.Worker{Early: early, Requests: 7000, LeftSharedBytes: test.left}}}
		c := Creep(m)
		want := 0.0
		for _, g := range c.Kinds {
			if g.Stays != test.stays {
				t.Errorf("%s: %+v", name, g)
			}
			if test.stays {
				want += g.High
			}
		}
		if len(c.Kinds) != 2 || c.Staying() != want || c.Harmless() || c.Residing() != 0 {
			t.Errorf("%s: %+v, staying %v", name, c.Kinds, c.Staying())
		}
	}
}
