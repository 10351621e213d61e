package main

import (
	"os"
	"path/filepath"
	"testing"
)

// What was measured is nothing to commit, unless the user has said otherwise.
func TestKeepFromGit(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, ".gitignore")
	keepFromGit(folder)
	if text, err := os.ReadFile(file); err != nil || string(text) != "*\n" {
		t.Fatalf("%q, %v", text, err)
	}
	if err := os.WriteFile(file, []byte("app.log\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	keepFromGit(folder)
	if text, _ := os.ReadFile(file); string(text) != "app.log\n" {
		t.Errorf("the user's own was written over: %q", text)
	}
}
