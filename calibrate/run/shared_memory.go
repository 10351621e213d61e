package run

import "workermem/calibrate"

// sharedMemory is what a process has mapped of it. The cheap reading has it in one figure with the files that are mapped, so
// status, which takes ten times as long, is read only when that figure has changed.
type sharedMemory struct{ beside, bytes int64 }

func (m *sharedMemory) read(p calibrate.Probe, rss, anon int64) {
	if beside := rss - anon; beside != m.beside {
		if kinds, err := p.Kinds(); err == nil { // else it has just ended
			m.beside, m.bytes = beside, kinds.Shmem
		}
	}
}

// childProbe is a process that descends from a worker.
type childProbe struct {
	calibrate.Probe
	shared sharedMemory
}
