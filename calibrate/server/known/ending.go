package known

import (
	"fmt"
	"slices"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/server/guard"
)

// Ending is how the app's main process ended.
type Ending struct {
	Over   bool // false while it lives
	Code   int
	Signal syscall.Signal
}

// Exited says whether it ended by itself, not by a signal.
func (e Ending) Exited() bool { return e.Over && e.Signal == 0 }

// ExitedWith says whether it ended by itself with one of some exit codes.
func (e Ending) ExitedWith(codes ...int) bool { return e.Exited() && slices.Contains(codes, e.Code) }

func (e Ending) String() string {
	if e.Signal != 0 {
		return fmt.Sprintf("was ended by signal %d (%s)", int(e.Signal), e.Signal)
	}
	return fmt.Sprintf("ended with exit code %d", e.Code)
}

// GuardKilled is the failure of a question or a run whose guard was killed: somebody else's doing, and no word on the app.
func GuardKilled(name, when string) *calibrate.Failure {
	return &calibrate.Failure{
		Kind: calibrate.KindTool,
		What: fmt.Sprintf("the guard that watches %s was killed %s", name, when),
		Try:  "leave the process " + guard.Name + " alone; the app was ended with it",
	}
}

// PortInUse is why a server does not start if its port is taken, and what to try.
func PortInUse() (why, try string) {
	return "another process has its port", "stop that, or choose another port"
}
