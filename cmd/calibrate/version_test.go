package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkStart is how long a command takes that does nothing, beside the start of any process.
func BenchmarkStart(b *testing.B) {
	program := filepath.Join(b.TempDir(), "calibrate")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for name, command := range map[string][]string{"calibrate": {program, "version"}, "true": {"true"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := exec.Command(command[0], command[1:]...).Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
