package main

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

func TestSizeValues(t *testing.T) {
	for _, tc := range []struct {
		value pflag.Value
		text  string
		want  string // "" where it is refused
	}{
		{new(mbSize), "209", "219152384"}, // 209 x 2^20
		{new(mbSize), "209M", "219152384"},
		{new(mbSize), "0.5G", "536870912"},
		{new(mbSize), "187.5", "196608000"},
		{new(mbSize), "0", ""},
		{new(mbSize), "Inf", ""},
		{new(mbSize), "M", ""},
		{new(perRequest), "16.4K/request", "16793.6"},
		{new(perRequest), "16.4 KB/req", "16793.6"},
		{new(perRequest), "900", "900"},
		{new(perRequest), "0", "0"},
		{new(perRequest), "0.5B", "0.5"},
		{new(perRequest), "16/s", ""},
		{new(perRequest), "NaN", ""},
		{new(perRequest), "1e300G", ""},
		{new(counts), "1, 4,16", "1,4,16"},
		{new(counts), "4", "4"},
		{new(counts), "", ""},
		{new(counts), "4097", ""},
		{new(preference), "threads", "threads"},
		{new(methods), "get, HEAD,Post", "GET,HEAD,POST"},
		{new(methods), "GET,", ""},
		{new(methods), "GET,get", ""},
		{new(preference), "Threads", ""},
	} {
		err := tc.value.Set(tc.text)
		if (err == nil) != (tc.want != "") || err == nil && tc.value.String() != tc.want {
			t.Errorf("%s %q: %q, %v; want %q", tc.value.Type(), tc.text, tc.value, err, tc.want)
		}
	}
}

func TestHosts(t *testing.T) {
	var h hosts
	for _, text := range []string{"1c/512M, 2C/1.5G", "65536c/4T"} {
		if err := h.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	want := hosts{{1, 512 << 20}, {2, 1536 << 20}, {65536, 4 << 40}}
	if !slices.Equal(h, want) {
		t.Errorf("%v, want %v", h, want)
	}
}

// What a run is asked to keep to reaches its plan, from which every later sizing takes it.
func TestRunPlansWishes(t *testing.T) {
	f := runFlags{
		loadFlags: loadFlags{requestFlags: requestFlags{timeout: 1}}, appFlags: appFlags{bootDeadline: 1}, maxSoak: 1e9,
		boxFlags: boxFlags{wishes: wishes{minWorkers: 2, maxWorkers: 6, prefer: "memory"}},
	}
	plan, err := f.plan([]string{"true"})
	if err != nil {
		t.Fatal(err)
	}
	if p := plan.Info(); p.MinWorkers != 2 || p.MaxWorkers != 6 || p.Prefer != "memory" {
		t.Errorf("%+v", p)
	}
}
