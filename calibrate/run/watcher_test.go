package run

import (
	"testing"

	"workermem/calibrate"
)

// readings counts how often each process is read: one has as many bytes as its number.
type readings struct {
	calibrate.Memory
	calibrate.Probe
	pid, reads, kinds int
	all               map[int]*readings
}

func (c *readings) Open(pid int) (calibrate.Probe, error) {
	c.all[pid] = &readings{pid: pid}
	return c.all[pid], nil
}

func (c *readings) Read() (rss, anon int64, err error) {
	c.reads++
	return int64(c.pid), 1, nil
}

func (c *readings) Kinds() (calibrate.Resident, error) {
	c.kinds++
	return calibrate.Resident{Shmem: int64(c.pid - 1)}, nil
}

// Each of few workers is read at every tick. Of many only a part is, in turn, but a sample is still of all of them.
func TestReadsPerTick(t *testing.T) {
	for workers, turns := range map[int]int{1: 1, 250: 1, 251: 2, 500: 2, 999: 4} {
		memory := &readings{all: map[int]*readings{}}
		f := newFakeRig()
		w := &watcher{rig: calibrate.Rig{Load: f, Journal: f, Memory: memory}}
		for pid := range workers {
			p, _ := memory.Open(pid + 1)
			w.probes = append(w.probes, workerProbe{pid: pid + 1, Probe: p})
		}
		w.read() // of what was just opened everything
		for range 3 * turns {
			w.read()
		}
		for pid, p := range memory.all {
			if p.reads != 1+3 {
				t.Errorf("%d workers: process %d was read %d times in %d ticks", workers, pid, p.reads, 1+3*turns)
			}
			if p.kinds > 1 {
				t.Errorf("%d workers: the kinds of process %d, which never change, were read %d times", workers, pid, p.kinds)
			}
		}
		for _, s := range w.samples {
			if s.Workers != workers || s.Anon != int64(workers) || s.RSS != int64(workers) || s.PID != workers {
				t.Errorf("%d workers: %+v", workers, s)
			}
		}
		if len(w.samples) != 1+3*turns {
			t.Errorf("%d workers: %d samples in %d ticks", workers, len(w.samples), 1+3*turns)
		}
	}
}
