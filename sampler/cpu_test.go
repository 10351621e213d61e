package sampler

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"workermem/calibrate"
)

// What a process burns is read to the millisecond, and what its children have burnt, to ticks, once it has waited for them.
func TestCPU(t *testing.T) {
	s := start(t, nil)
	p := open(t, s.pid)
	cpu := func() calibrate.CPUTime { return must(p.CPU())(t) }
	before := cpu()
	s.do("burn %d", 200)
	burnt := cpu()
	s.do("breed %d", 150)
	bred := cpu()
	if ms := 1000 * (burnt.Own - before.Own); ms < 200 || ms > 215 {
		t.Errorf("%.1f ms, of 200 that it burned", ms)
	}
	if ms := 1000 * (bred.Reaped - burnt.Reaped); ms < 130 || ms > 300 { // a child's start takes some, too
		t.Errorf("%.1f ms of a child that burned 150", ms)
	}
	if ms := 1000 * (bred.Own - burnt.Own); ms > 100 {
		t.Errorf("%.1f ms while it waited for a child", ms)
	}
	if before.Start != bred.Start || before.Start == 0 || before.Parent != os.Getpid() || bred.System > bred.Own+bred.Reaped+0.02 {
		t.Errorf("%+v, then %+v", before, bred)
	}
	first, there := bred.Threads[s.pid]
	if !there {
		t.Skip("this kernel doesn't say how long threads run, and wait for a core")
	}
	if was := before.Threads[s.pid]; first.Waited < was.Waited || !(first.Ran > was.Ran) || first.Ran > bred.Own+0.02 {
		t.Errorf("the first thread: %+v, then %+v", was, first)
	}
}

// A process that has ended has no CPU time, buried or not, whoever has its number.
func TestCPUOfNobody(t *testing.T) {
	s := start(t, nil)
	p := open(t, s.pid)
	s.end()
	if c, err := p.CPU(); !errors.Is(err, calibrate.ErrGone) {
		t.Errorf("a zombie: %+v, %v", c, err)
	}
	s.bury()
	if c, err := p.CPU(); !errors.Is(err, calibrate.ErrGone) {
		t.Errorf("buried: %+v, %v", c, err)
	}
	p.Close()
	if _, err := p.CPU(); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

// The cores are busy at least as long as a process is.
func TestCores(t *testing.T) {
	s := start(t, nil)
	before := must(New().Cores(s.pid))(t)
	began := time.Now()
	s.do("burn %d", 300)
	after, seconds := must(New().Cores(s.pid))(t), time.Since(began).Seconds()
	busy := after.Busy - before.Busy
	if busy < 0.2 || busy > float64(after.Cores)*seconds+0.1 { // ticks count who runs at the moment
		t.Errorf("%.2f s busy in %.2f s of %d cores, of which a process had 0.3", busy, seconds, after.Cores)
	}
	if own := after.Own - before.Own; own < 0 || own > 0.2 || after.Steal < before.Steal || after.Cores < 1 {
		t.Errorf("%+v, then %+v", before, after)
	}
}

// v2 counts CPU time in every group, v1 in a hierarchy of its own.
func TestCPUOfAGroup(t *testing.T) {
	for tree, folder := range map[string]string{"v1-charge": "memory/web", "v2-charge": "system.slice"} {
		g, err := New().OpenGroup(filepath.Join(roots(tree).Sys, "fs/cgroup", folder, ownGroup))
		if err != nil {
			t.Fatal(err)
		}
		switch seconds, err := g.CPU(); {
		case tree == "v1-charge" && !errors.Is(err, errors.ErrUnsupported), tree == "v2-charge" && (err != nil || seconds != 12.345678):
			t.Errorf("%s: %g, %v", tree, seconds, err)
		}
		g.Close()
	}
}
