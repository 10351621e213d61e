package server

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The tests' binary is the guard of what they start, and in some of them also the tool (tool_test.go).
func TestMain(m *testing.M) {
	if code, isGuard := GuardMain(os.Args); isGuard {
		os.Exit(code)
	}
	if os.Getenv(toolEnv) != "" {
		os.Exit(actAsTool())
	}
	goleak.VerifyTestMain(m)
}
