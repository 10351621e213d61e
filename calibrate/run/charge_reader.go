package run

import "workermem/calibrate"

// missingTree is a tree that could not be read.
func missingTree(why string) calibrate.Tree {
	return calibrate.Tree{Charge: calibrate.Charge{Missing: why}}
}

// openTree lets the peak of the app's control group start again.
func (r *run) openTree(app calibrate.App) (h *heldReader, missing calibrate.Tree) {
	r.result.Tree = missingTree("the run ended before it was read")
	h, why := openHeld(r.rig, app, r.result.Host.CPUs)
	return h, missingTree(why)
}

// groupOf opens an app's own control group; nil, and why, where it has none or it can't be read.
func groupOf(r calibrate.Rig, app calibrate.App) (group calibrate.Group, why string) {
	folder, why := app.Group()
	if folder == "" {
		return nil, why
	}
	group, err := r.Memory.OpenGroup(folder)
	if err != nil {
		return nil, err.Error()
	}
	return group, ""
}

// tree is the whole charge, for the result.
func (h *heldReader) tree() calibrate.Tree {
	h.mu.Lock()
	defer h.mu.Unlock()
	charge, err := h.group.Charge()
	if err != nil {
		return missingTree(err.Error())
	}
	charge.PeakBytes = max(charge.PeakBytes, h.ever)
	t := calibrate.Tree{Charge: charge, PeakSince: calibrate.PeakSinceAnswer, BootPeakBytes: h.boot}
	if !h.fresh() {
		t.PeakSince = calibrate.PeakSinceStart
	}
	return t
}
