package pypnm

import (
	"testing"

	"workermem/calibrate/server/servertest"
)

func FuzzArgs(f *testing.F) {
	servertest.FuzzArgs(f, syntax, overridden, "--host-all --work 3 --limit-max-requests=5", "--reload --cert -- --port")
}
