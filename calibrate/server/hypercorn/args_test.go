package hypercorn

import (
	"testing"

	"workermem/calibrate/server/servertest"
)

func FuzzArgs(f *testing.F) {
	servertest.FuzzArgs(f, syntax, overridden, "-w 3 --bind x:1 --log-level debug app:app", "-b -w --reload=1 --acc -")
}
