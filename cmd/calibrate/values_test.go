package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

func TestListValues(t *testing.T) {
	for _, tc := range []struct {
		value pflag.Value
		text  string
		want  string // "" if it is refused
	}{
		{new(counts), "1, 4,16", "1,4,16"},
		{new(counts), "4", "4"},
		{new(counts), "", ""},
		{new(counts), "4097", ""},
		{new(methods), "get, HEAD,Post", "GET,HEAD,POST"},
		{new(methods), "GET,", ""},
		{new(methods), "GET,get", ""},
	} {
		err := tc.value.Set(tc.text)
		if (err == nil) != (tc.want != "") || err == nil && tc.value.String() != tc.want {
			t.Errorf("%s %q: %q, %v; want %q", tc.value.Type(), tc.text, tc.value, err, tc.want)
		}
	}
}

func TestHosts(t *testing.T) {
	var h hosts
	for _, text := range []string{"1c/512M, 2C/1.5G", "65536c/4T", "0.25c/512Mi,250m/1Gi"} {
		if err := h.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	want := hosts{{CPUs: 1, MemoryBytes: 512 << 20}, {CPUs: 2, MemoryBytes: 1536 << 20}, {CPUs: 65536, MemoryBytes: 4 << 40},
		{CPUs: 0.25, MemoryBytes: 512 << 20}, {CPUs: 0.25, MemoryBytes: 1 << 30}}
	if !slices.Equal(h, want) {
		t.Errorf("%v, want %v", h, want)
	}
}

// What a run is asked to keep to reaches its plan, from which every later sizing takes it.
func TestRunPlansWishes(t *testing.T) {
	f := runFlags{loadFlags: loadFlags{requestFlags: requestFlags{timeout: 1}}, appFlags: appFlags{bootDeadline: 1}}
	f.SoakSeconds, f.Wishes = 1, knob.Wishes{MinWorkers: 2, MaxWorkers: 6, Prefer: "memory"}
	plan, err := f.plan([]string{"true"})
	if err != nil {
		t.Fatal(err)
	}
	if p := plan.Info(); p.Wishes != f.Wishes {
		t.Errorf("%+v", p)
	}
}

// Whatever figures size is given, a flag and its value a line, it refuses them with a way out or answers soon, and not at length.
func FuzzSize(f *testing.F) {
	f.Add("worker-memory=209\nhost=1c/512M,250m/1Gi\nthreads=1,4")
	f.Add("worker-memory=80\nthread-memory=1M\ndemand=2ms\nwaiting=18ms\nproduction-rate=400/s\np99=100ms\nworker-cores=4")
	f.Add("worker-memory=1\nmemory=1048576T\ncpus=65536\ncreep=1e-300\nmin-workers=1048576\nreserve=0\nprefer=threads\nrestart-every=1ns\nboot=9999h\nmax-workers=1\nshared=32T")
	words := []string{"host", "threads"}
	for _, group := range []any{&figures{}, &knob.Box{}, &knob.Wishes{}} {
		for _, k := range knob.Of(group) {
			words = append(words, k.Name)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		args := []string{"size", "--json"}
		for line := range strings.SplitSeq(text, "\n") {
			if name, _, _ := strings.Cut(line, "="); slices.Contains(words, name) {
				args = append(args, "--"+line)
			}
		}
		var out, trouble bytes.Buffer
		began := time.Now()
		code := Main(t.Context(), Env{Stdout: &out, Stderr: &trouble, Dir: t.TempDir(), Width: func() int { return 80 }, Getenv: func(string) string { return "" }}, args)
		if took := time.Since(began); took > 20*time.Second || out.Len() > 1<<20 || trouble.Len() > 1<<16 {
			t.Errorf("%q took %s, for %d bytes and %d", args, took, out.Len(), trouble.Len())
		}
		if answered := json.Valid(out.Bytes()); !slices.Contains([]int{0, exitUsage, int(calibrate.KindInconclusive), int(calibrate.KindNothingFits)}, code) || answered == (code == exitUsage) {
			t.Errorf("%q: exit code %d\n%s%s", args, code, out.String(), trouble.String())
		}
	})
}
