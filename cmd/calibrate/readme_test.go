package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// example is one command of a README session and the output shown below it.
type example struct {
	command string
	output  []string
}

// readmeSessions are the console blocks of the README: lines with $ are commands, the rest is what they print.
func readmeSessions(t *testing.T) []example {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		for line := range strings.SplitSeq(strings.TrimRight(block[1], "\n"), "\n") {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				all = append(all, example{command: command})
			} else if len(all) > 0 {
				last := &all[len(all)-1]
				last.output = append(last.output, line)
			}
		}
	}
	return all
}

// The README's sessions are run as they stand, in the folder of the fixture app. Figures differ from run to run, so a
// line is held to its words: those without a digit must be printed again.
func TestReadmeSessions(t *testing.T) {
	skipShort(t)
	t.Parallel()
	needServer(t, "gunicorn")
	bin := buildCalibrate(t)
	examples := readmeSessions(t)
	if len(examples) == 0 {
		t.Fatal("the README shows no session")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(fixtures(t), "wsgi"))); err != nil {
		t.Fatal(err)
	}
	for _, e := range examples {
		cmd := exec.Command("sh", "-c", e.command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+venvBin(t)+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("$ %s\n%v\n%s", e.command, err, out)
		}
		printed := squeezed(string(out))
		for _, line := range e.output {
			if line != "..." && !strings.ContainsAny(line, "0123456789") && !strings.Contains(printed, squeezed(line)) {
				t.Errorf("$ %s\nno longer prints %q but:\n%s", e.command, line, out)
			}
		}
	}
}

// squeezed has the words of a text alone: a table's columns are as wide as its figures.
func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

// Every flag that the README names is one that calibrate has.
func TestReadmeFlags(t *testing.T) {
	skipShort(t)
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	run := newRunCmd(System()).Flags()
	report := newReportCmd(System()).Flags()
	named := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		_, command, ok := strings.Cut(strings.ReplaceAll(line, "calibrate report ", "calibrate run "), "calibrate run ")
		if !ok {
			continue
		}
		own, _, _ := strings.Cut(" "+command, " -- ")
		for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(own, -1) {
			named++
			if run.Lookup(flag[1]) == nil && report.Lookup(flag[1]) == nil {
				t.Errorf("the README names --%s, which calibrate doesn't have", flag[1])
			}
		}
	}
	if named < 5 {
		t.Errorf("only %d flags found in the README", named)
	}
}

func buildCalibrate(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin+string(filepath.Separator), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}
