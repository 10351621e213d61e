package workers

import (
	"os"
	"testing"

	"workermem/calibrate/server/guard"
)

// TestMain lets the benchmark's guard be this program.
func TestMain(m *testing.M) {
	if code, isGuard := guard.Main(os.Args); isGuard {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
