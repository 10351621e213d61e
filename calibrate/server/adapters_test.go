package server

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

func recognised(t *testing.T, spec Spec) *Launch {
	t.Helper()
	l, err := Recognise(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return l.Launch
}

// hasWarning is the warning of a name, which must be there.
func hasWarning(t *testing.T, all []calibrate.Warning, code string) calibrate.Warning {
	t.Helper()
	byCode := map[string]calibrate.Warning{}
	for _, w := range all {
		byCode[w.Code] = w
	}
	if _, ok := byCode[code]; !ok {
		t.Errorf("no warning %s among %q", code, slices.Sorted(maps.Keys(byCode)))
	}
	return byCode[code]
}

func codes(warnings []calibrate.Warning) []string {
	var all []string
	for _, w := range warnings {
		all = append(all, w.Code)
	}
	return all
}

// refusal fails unless the spec is refused with that whole sentence, and something to try.
func refusal(t *testing.T, spec Spec, want string) {
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

// usage fails unless an error is a complaint about what the user wrote, with the text in it and something to try.
func usage(t *testing.T, err error, text string) {
	t.Helper()
	var f *calibrate.Failure
	if !errors.As(err, &f) || f.Kind != calibrate.KindUsage {
		t.Errorf("%T %v, want a complaint saying %q", err, err, text)
		return
	}
	if !strings.Contains(f.Error(), text) || f.Try == "" {
		t.Errorf("%q, want %q; try %q", f.Error(), text, f.Try)
	}
}

// holding is a kernel in which these hold the listening socket; nil: it can't be seen.
func holding(pids []int) linux.Sockets {
	return func(pid int) (held, known bool) { return slices.Contains(pids, pid), pids != nil }
}

// installed is a program with the distributions it was installed with.
func installed(t *testing.T, program string, distributions ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, dist := range distributions {
		write(t, filepath.Join(root, "lib/python3.11/site-packages", dist+".dist-info", "METADATA"), "")
	}
	return script(t, filepath.Join(root, "bin", program), "exit 9") // nothing may start it
}

// script makes a program of a shell's lines.
func script(t *testing.T, file, body string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// site is an Apache with a configuration of some files, and the command that runs it.
func site(t *testing.T, files map[string]string) (root string, command []string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(root, name), text)
	}
	return root, []string{fakeApache(t, root), "-DFOREGROUND"}
}
