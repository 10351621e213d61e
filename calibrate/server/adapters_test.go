package server

import (
	"errors"
	"path/filepath"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

func recognised(t *testing.T, spec known.Spec) *known.Launch {
	t.Helper()
	l, err := Recognise(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return l.Launch
}

// refusal fails unless the spec is refused with that whole sentence, and something to try.
func refusal(t *testing.T, spec known.Spec, want string) {
	t.Helper()
	_, err := Recognise(t.Context(), spec)
	var f *calibrate.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%q: %v", spec.Command, err)
	}
	if f.Kind != calibrate.KindUsage || f.What != want || f.Try == "" {
		t.Errorf("%q\n got  %s (kind %d, try %q)\n want %s", spec.Command, f.What, f.Kind, f.Try, want)
	}
}

// installed is a program with the distributions it was installed with.
func installed(t *testing.T, program string, distributions ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, dist := range distributions {
		servertest.Write(t, filepath.Join(root, "lib/python3.11/site-packages", dist+".dist-info", "METADATA"), "")
	}
	return servertest.Script(t, filepath.Join(root, "bin", program), "exit 9") // nothing may start it
}
