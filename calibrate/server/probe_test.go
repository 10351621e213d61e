package server

import (
	"os"
	"path/filepath"
	"testing"
)

// The guard takes the file away, which it does also where the tool is gone.
func TestProbeLeavesNoFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "question")
	write(t, file, "what it comes to\n")
	out, err := probeWith(&Launch{env: os.Environ(), asking: t.Context()}, file, []string{"cat", file}, versionLimit, nil)
	if err != nil || string(out) != "what it comes to\n" || exists(file) {
		t.Errorf("%q %v, there still: %v", out, err, exists(file))
	}
}
