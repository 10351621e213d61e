package known

import (
	"fmt"
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

func (e Ending) Exited() bool { return e.Over && e.Signal == 0 }

func (e Ending) String() string {
	if e.Signal != 0 {
		return fmt.Sprintf("was ended by signal %d (%s)", int(e.Signal), e.Signal)
	}
	return fmt.Sprintf("ended with exit code %d", e.Code)
}

// GuardKilled is somebody else's doing, and no word on the app.
func GuardKilled(name, when string) *calibrate.Failure {
	return &calibrate.Failure{
		Kind: calibrate.KindTool,
		What: fmt.Sprintf("the guard that watches %s was killed %s", name, when),
		Try:  "leave the process " + guard.Name + " alone; the app was ended with it",
	}
}
