package known

import (
	"os"
	"path/filepath"
	"testing"

	"workermem/calibrate/server/servertest"
)

// The guard takes the file away, which it does also where the tool is gone.
func TestProbeLeavesNoFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "question")
	servertest.Write(t, file, "what it comes to\n")
	out, err := ProbeWith(&Launch{Env: os.Environ(), Context: t.Context()}, file, []string{"cat", file}, VersionLimit, nil)
	if err != nil || string(out) != "what it comes to\n" || Exists(file) {
		t.Errorf("%q %v, there still: %v", out, err, Exists(file))
	}
}
