package sampler

import (
	"errors"
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// CPU reads the process's CPU clock by its number, and its stat after that: if the process is still there, the clock was its
// own. Where the kernel has no such clock, stat's ticks stand in for it.
func (p *probe) CPU() (calibrate.CPUTime, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	used, noClock := linux.ProcessCPU(p.pid)
	line, err := p.file("stat")
	if err != nil {
		return calibrate.CPUTime{}, err
	}
	s, err := linux.ParseStat(line)
	switch {
	case err != nil:
		return calibrate.CPUTime{}, fmt.Errorf("%s/stat: %w", p.path, err)
	case !s.Alive():
		return calibrate.CPUTime{}, calibrate.ErrGone
	case noClock != nil:
		used = s.CPU * (nanoseconds / linux.ClockTicks)
	}
	c := calibrate.CPUTime{
		Start: s.Start, Parent: s.Parent, Own: float64(used) / nanoseconds, Reaped: float64(s.Reaped) / linux.ClockTicks,
		System: float64(s.System+s.ReapedSystem) / linux.ClockTicks, Threads: map[int]calibrate.ThreadTime{},
	}
	for id, t := range p.fs.ThreadTimes(p.pid) {
		c.Threads[id] = calibrate.ThreadTime{Ran: float64(t.Ran) / nanoseconds, Waited: float64(t.Waited) / nanoseconds}
	}
	return c, nil
}

const nanoseconds = 1_000_000_000 // of a second

// CPU is cpu.stat's usage_usec, which every group of v2 has, whatever its controllers (Documentation/admin-guide/cgroup-v2.rst).
// In v1 another hierarchy counts CPU time, in which the app has no group of its own.
func (g *controlGroup) CPU() (float64, error) {
	if g.files.Version == 1 {
		return 0, errors.ErrUnsupported
	}
	text, err := g.again(linux.CPUStatV2)
	if err != nil {
		return 0, err
	}
	used, ok := linux.ParseFlat(string(text), linux.CPUUsageV2)
	if !ok {
		return 0, fmt.Errorf("%s of cgroup %s has no %s", linux.CPUStatV2, g.Path, linux.CPUUsageV2)
	}
	return float64(used) / 1e6, nil
}

// Cores reads /proc/stat, in ticks, and calibrate's own CPU clock.
func (m Memory) Cores(pid int) (calibrate.CoreTime, error) {
	cores, err := m.CoresOf(pid)
	if err != nil {
		return calibrate.CoreTime{}, err
	}
	own, err := linux.OwnCPU()
	stalled, _ := m.PressureMemory()
	return calibrate.CoreTime{
		Cores: cores.Count, Busy: float64(cores.Busy) / linux.ClockTicks, Steal: float64(cores.Steal) / linux.ClockTicks,
		Own: float64(own) / nanoseconds, Stalled: float64(stalled) / 1e6, Slept: linux.Suspended(),
	}, err
}
