package run

import "workermem/calibrate"

// keeper says which readings of a phase are kept as samples: see calibrate.KeptOf. The high mark of a reading that isn't kept is in
// the next that is, if that is of the same workers and the same phase; what came after the last of them the kernel's own marks have.
type keeper struct {
	readings   int // of the phase
	kept       int // by then
	generation int
	marks      calibrate.Sample // the highest figures since the last that was kept
}

// take returns a reading as it is to be kept, or that it isn't. The first of a phase and of a set of workers is.
func (k *keeper) take(s calibrate.Sample) (calibrate.Sample, bool) {
	first := k.readings == 0 || s.Generation != k.generation
	if first { // others' marks are none of theirs
		k.marks = calibrate.Sample{}
	}
	k.generation = s.Generation
	k.readings++
	if s.RSS >= k.marks.RSS {
		k.marks.RSS, k.marks.PID = s.RSS, s.PID
	}
	k.marks.Below, k.marks.Children = max(k.marks.Below, s.Below), max(k.marks.Children, s.Children)
	if !first && k.readings-k.kept < calibrate.KeptOf(k.readings) {
		return s, false
	}
	k.kept = k.readings
	s.RSS, s.PID, s.Below, s.Children = k.marks.RSS, k.marks.PID, k.marks.Below, k.marks.Children
	k.marks = calibrate.Sample{}
	return s, true
}
