package main

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"

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
