package run

import "workermem/calibrate"

// missingTree is a tree that could not be read.
func missingTree(why string) calibrate.Tree {
	return calibrate.Tree{Charge: calibrate.Charge{Missing: why}}
}

// treeReader reads the app's control group.
type treeReader struct {
	group         calibrate.Group // nil where there is none
	missing       calibrate.Tree  // what stands in for it
	peakSince     string
	bootPeakBytes int64
}

// openTree lets the peak of the app's control group start again.
func (r *run) openTree(app calibrate.App) treeReader {
	r.result.Tree = missingTree("the run ended before it was read")
	group, why := groupOf(r.rig, app)
	if group == nil {
		return treeReader{missing: missingTree(why)}
	}
	t := treeReader{group: group, peakSince: calibrate.PeakSinceStart}
	if booted, err := group.Charge(); err == nil {
		t.bootPeakBytes = booted.PeakBytes
		if group.ResetPeak() == nil {
			t.peakSince = calibrate.PeakSinceAnswer
		}
	}
	return t
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

func (t treeReader) read() calibrate.Tree {
	if t.group == nil {
		return t.missing
	}
	charge, err := t.group.Charge()
	if err != nil {
		return missingTree(err.Error())
	}
	return calibrate.Tree{Charge: charge, PeakSince: t.peakSince, BootPeakBytes: t.bootPeakBytes}
}

func (t treeReader) close() {
	if t.group != nil {
		_ = t.group.Close()
	}
}

// charged is what an app's control group is charged now, and was at most since it started. Zeros where that can't be
// read: why not is said in the result's tree.
func (r *run) charged(app calibrate.App) (now, peak int64) {
	group, _ := groupOf(r.rig, app)
	if group == nil {
		return 0, 0
	}
	defer group.Close()
	charge, err := group.Charge()
	if err != nil {
		return 0, 0
	}
	return charge.ChargeBytes, charge.PeakBytes
}
