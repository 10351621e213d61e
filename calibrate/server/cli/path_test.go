package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLookPath(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"good": 0o755, "plain": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	path := "/nonexistent:" + dir
	if got, err := LookPath("good", path); err != nil || got != filepath.Join(dir, "good") {
		t.Errorf("%s %v", got, err)
	}
	for name, want := range map[string]string{
		"none":                     "command not found",
		"plain":                    "can't be executed",
		filepath.Join(dir, "none"): "no such file",
		dir + "/":                  "is a folder",
		dir + "/plain":             "permission denied",
	} {
		if got, err := LookPath(name, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s %v, want %s", name, got, err, want)
		}
	}
}
