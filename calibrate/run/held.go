package run

import (
	"sync"

	"workermem/calibrate"
)

// heldReader reads what the kernel charges an app's own control group, at every sample. The highest reading of a phase may miss
// a spike between two of them; the kernel's own peak doesn't, but has file pages in it that the kernel could drop. So of the
// kernel's peak that part counts by which it stands above the highest charge that was read.
//
// It is read by the one that samples and, at the end of a phase, by the one that drives the run.
type heldReader struct {
	group calibrate.Group
	cores int

	mu            sync.Mutex // of all below, and of the group
	last          calibrate.Charge
	highest       int64 // sum of what was held, in this phase
	charged, peak int64 // the highest charge that was read in this phase, and the kernel's own, 0 for none
	files, swing  int64 // file pages as last read, and the most that they changed by between two readings
	before        int64 // the kernel's peak when the phase began, where it can't be set back
	ever          int64 // the kernel's highest peak since this reader was opened; with the boot, where it can't be set back
	boot          int64 // the kernel's peak by then
}

// openHeld returns nil, and why, where an app has no control group of its own, or where it can't be read.
func openHeld(rig calibrate.Rig, app calibrate.App, cores int) (h *heldReader, why string) {
	group, why := groupOf(rig, app)
	if group == nil {
		return nil, why
	}
	h = &heldReader{group: group, cores: cores}
	h.enter()
	h.boot = h.last.PeakBytes
	if h.fresh() {
		h.ever = 0
	}
	return h, ""
}

// fresh says that the kernel's peak could be set back.
func (h *heldReader) fresh() bool { return h.before == 0 }

// enter begins a phase.
func (h *heldReader) enter() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.before = 0
	if charge, err := h.group.Charge(); err == nil {
		h.last, h.ever = charge, max(h.ever, charge.PeakBytes)
		if h.group.ResetPeak() != nil {
			h.before = charge.PeakBytes
		}
	}
	h.highest, h.charged, h.peak = 0, 0, 0
	h.files, h.swing = h.last.Cache(), 0
}

// read takes one reading; ok is false where there is none.
func (h *heldReader) read() (held calibrate.Held, ok bool) {
	if h == nil {
		return held, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	charge, err := h.group.Charge()
	if err != nil {
		return held, false
	}
	h.last, h.charged, h.ever = charge, max(h.charged, charge.ChargeBytes), max(h.ever, charge.PeakBytes)
	if charge.PeakBytes > h.before {
		h.peak = max(h.peak, charge.PeakBytes) // in v1 another reader of the group sets it back, too
	}
	files := charge.Cache()
	h.files, h.swing = files, max(h.swing, files-h.files, h.files-files)
	held = charge.Held(h.cores)
	h.highest = max(h.highest, held.Sum())
	return held, held.Sum() > 0
}

// charges are the last charge that was read, and the kernel's highest peak: see ever.
func (h *heldReader) charges() (now, peak int64) {
	if h == nil {
		return 0, 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last.ChargeBytes, h.ever
}

// kills is how many of the app's processes the kernel had killed for memory by the last reading.
func (h *heldReader) kills() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last.OOMKills
}

// cpu is the CPU time in seconds of all that has ever been in the group; ok is false where the kernel doesn't count it there.
func (h *heldReader) cpu() (seconds float64, ok bool) {
	if h == nil {
		return 0, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	seconds, err := h.group.CPU()
	return seconds, err == nil
}

// most is the most that was held in this phase; 0 where nothing was read.
func (h *heldReader) most() int64 {
	if h == nil {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.highest == 0 {
		return 0
	}
	return h.highest + h.above()
}

// unseen is by how much the kernel's own peak stands above the highest reading: spikes between two readings. File pages come and
// go, too, where a request writes a file and deletes it: as much of the spike may be theirs as they were seen to move. What the
// cores take in advance is no spike.
func (h *heldReader) unseen() int64 {
	if h == nil {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.above()
}

func (h *heldReader) above() int64 {
	if spike := h.peak - h.charged - h.swing; spike > int64(max(h.cores, 1))*calibrate.ChargeBatch() {
		return spike
	}
	return 0
}

func (h *heldReader) close() {
	if h != nil {
		_ = h.group.Close()
	}
}
