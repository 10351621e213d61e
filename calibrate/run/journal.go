package run

import (
	"errors"
	"syscall"

	"workermem/calibrate"
)

// journalFailure says why nothing more can be kept of a run.
func journalFailure(err error) *calibrate.Failure {
	f := &calibrate.Failure{Kind: calibrate.KindTool, What: "the run's folder could not be written", Why: err.Error(), Try: calibrate.TryFolder(err), Err: err}
	if full, is := errors.AsType[calibrate.DiskFull](err); is {
		f.What, f.Why = "the disk of the run's folder is nearly full, and the run has ended", full.Error()
	} else if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ESTALE) {
		f.What = "the run's folder was deleted, and the run has ended"
	}
	return f
}
