package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A clock can't be stepped, nor a machine be suspended, for one process alone; but the sources of a clock can be other ones
// (go help build, -overlay). So these are other builds of calibrate, in which nothing else differs.

// steppedClock builds one whose wall clock goes on by an hour ten seconds after the start, and back by two at thirteen.
func steppedClock(t *testing.T, dir string) {
	const reads = "sec, nsec, mono := runtimeNow()\n"
	rebuilt(t, dir, filepath.Join(goRoot(t), "src", "time", "time.go"), "func Now() Time {\n\t"+reads, "func Now() Time {\n\t"+reads+`
	switch since := (mono - startNano) / 1e9; {
	case since >= 13:
		sec -= 3600
	case since >= 10:
		sec += 3600
	}
`)
}

// sleptThrough builds one that sees, twelve seconds after its start, that the machine has slept for an hour.
func sleptThrough(t *testing.T, dir string) {
	const reads = "awake := secondsBy(clockAwake)\n"
	rebuilt(t, dir, filepath.Join(fixtures(t), "..", "calibrate", "linux", "stat.go"), reads+"\treturn SinceBoot() - awake\n}\n", reads+`
	if awake-began > 12 {
		awake -= 3600
	}
	return SinceBoot() - awake
}

var began = secondsBy(clockAwake)
`)
}

// rebuilt builds calibrate with a text of one of its sources replaced.
func rebuilt(t *testing.T, dir, source, text, by string) {
	t.Helper()
	source, err := filepath.Abs(source)
	must(t, err)
	was, err := os.ReadFile(source)
	must(t, err)
	if strings.Count(string(was), text) != 1 {
		t.Fatalf("%s looks otherwise now", source)
	}
	changed := filepath.Join(dir, "changed.go")
	must(t, os.WriteFile(changed, []byte(strings.Replace(string(was), text, by, 1)), 0o600))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {source: changed}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	if said, err := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", filepath.Join(dir, "calibrate"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}

func goRoot(t *testing.T) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	must(t, err)
	return strings.TrimSpace(string(root))
}
