package known

import (
	"os"
	"path/filepath"
	"testing"

	"workermem/calibrate/server/servertest"
)

// The guard takes the file away, which it does also where the tool is gone.
func TestAskLeavesNoFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "question")
	servertest.Write(t, file, "what it comes to\n")
	out, err := (&Launch{Env: os.Environ(), context: t.Context()}).AskWith(file, []string{"cat", file}, VersionTime, nil)
	if err != nil || string(out) != "what it comes to\n" || FileExists(file) {
		t.Errorf("%q %v, there still: %v", out, err, FileExists(file))
	}
}
