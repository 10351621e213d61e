package puma

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"workermem/calibrate/server/guard"
)

// The tests' binary is the guard of what they start.
func TestMain(m *testing.M) {
	if code, isGuard := guard.Main(os.Args); isGuard {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}
