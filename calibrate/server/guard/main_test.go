package guard

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The tests' binary is the guard of what they start.
func TestMain(m *testing.M) {
	if code, isGuard := Main(os.Args); isGuard {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}
