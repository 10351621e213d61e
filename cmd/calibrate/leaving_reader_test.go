package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The exit code is the outcome's, whoever reads: `calibrate check | head -1` fails as calibrate check does.
func TestExitCodesWithoutAReader(t *testing.T) {
	runs := filepath.Join(fixtures(t), "runs")
	saved := func(name string) string { return filepath.Join(runs, name) }
	for _, tc := range []struct {
		code int
		args []string
	}{
		{0, []string{"check", saved("flat"), "--limit", "worker <= 150MB"}},
		{10, []string{"check", saved("creeping"), "--limit", "worker <= 150MB"}},
		{10, []string{"check", saved("creeping"), "--limit", "worker <= 150MB", "--json"}},
		{5, []string{"check", saved("flat"), "--workers", "20", "--memory", "1G", "--markdown"}},
		{4, []string{"check", saved("flat"), "--limit", "cpu <= 9s"}},
		{4, []string{"compare", saved("flat"), saved("inconclusive")}},
		{11, []string{"compare", saved("flat"), saved("creeping"), "--limit", "worker <= +5%"}},
		{5, []string{"size", saved("flat"), "--memory", "64M"}},
		{0, []string{"size", saved("flat"), "--host", "2c/512M,8c/16G"}},
		{4, []string{"emit", saved("withheld")}},
		{0, []string{"emit", saved("flat")}},
		{0, []string{"report", saved("withheld")}},
		{0, []string{"report", saved("flat"), "--format", "junit"}},
		{2, []string{"report", saved("none")}},
		{2, []string{"size", "--memory", "nothing"}},
		{0, []string{"runs"}}, {0, []string{"guide"}}, {0, []string{"guide", "ci"}}, {0, []string{"explain"}}, {0, []string{"version"}},
		{0, []string{"--help"}}, {0, []string{"run", "--help"}}, {0, []string{"completion", "bash"}}, {0, []string{}},
	} {
		t.Run(strings.ReplaceAll(strings.Join(tc.args, " "), runs+"/", ""), func(t *testing.T) {
			t.Parallel()
			for name, errorsToo := range map[string]bool{"stdout": false, "stdout and stderr": true} {
				if code := unread(t, errorsToo, tc.args...); code != tc.code {
					t.Errorf("nobody reads %s: exit code %d, want %d", name, code, tc.code)
				}
			}
		})
	}
}

// unread runs calibrate into a pipe whose reader has left.
func unread(t *testing.T, errorsToo bool, args ...string) int {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	read.Close()
	cmd := exec.Command("calibrate", args...)
	cmd.Dir, cmd.Stdout = t.TempDir(), write
	if errorsToo {
		cmd.Stderr = write
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}
