package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

// deployedAs is a recorded run of a service that runs as its command says.
func deployedAs(t testing.TB, service, name string, said calibrate.Said) SavedRun {
	t.Helper()
	_, m := keptRun(t, name)
	if said.Workers == 0 {
		return Saved(service, m, nil)
	}
	m.Result.Target.Said = &said
	deployed := analyse.Deployed(m.Result, calibrate.Setup{Shape: calibrate.Shape{Workers: said.Workers, Threads: said.Threads}, MaxRequests: said.MaxRequests})
	return Saved(service, m, &deployed)
}

func fleetOf(t testing.TB) []SavedRun {
	return []SavedRun{
		deployedAs(t, "shop", "flat", calibrate.Said{Workers: 8, Threads: 4}),
		deployedAs(t, "cart", "creeping", calibrate.Said{Workers: 4, Threads: 4}),
		deployedAs(t, "search", "creeping", calibrate.Said{Workers: 4, Threads: 4, MaxRequests: 5000}),
		deployedAs(t, "small", "nothing-fits", calibrate.Said{}),
		deployedAs(t, "| *bold* \x1b[31m", "async", calibrate.Said{Workers: 1, Threads: 9}),
	}
}

func TestFleetGolden(t *testing.T) {
	d := Fleet(fleetOf(t))
	golden(t, "fleet.txt", drawn(t, d, "text", Options{}))
	golden(t, "fleet.md", drawn(t, d, "markdown", Options{}))
	golden(t, "fleet-140.txt", drawn(t, d, "text", Options{Width: 140}))
}

// What is saved is what the shape that runs takes by the formula, less what is proposed; of workers that nothing replaces, nothing.
func TestFleetSums(t *testing.T) {
	all := fleetOf(t)
	for i, want := range []struct {
		saved, grows bool
	}{{true, false}, {false, true}, {true, false}, {false, false}, {false, false}} {
		s := all[i]
		if (s.SavedBytes != nil) != want.saved || (s.Now != nil && s.Now.Grows) != want.grows {
			t.Errorf("%s: saved %v, now %+v", s.Service, s.SavedBytes, s.Now)
		}
		if s.SavedBytes != nil && *s.SavedBytes != *s.Now.TotalBytes-*s.Proposed.TotalBytes {
			t.Errorf("%s: %d", s.Service, *s.SavedBytes)
		}
	}
	var page struct {
		Runs []struct {
			Service string                        `json:"service"`
			Metrics map[string]calibrate.Recorded `json:"metrics"`
		} `json:"runs"`
	}
	if err := json.Unmarshal([]byte(drawn(t, Fleet(all), "json", Options{})), &page); err != nil || len(page.Runs) != len(all) || *page.Runs[0].Metrics["peak"].Value == 0 {
		t.Errorf("%v: %+v", err, page)
	}
	rows := rowsOf(t, drawn(t, Fleet(all), "csv", Options{}))
	if len(rows) != len(all) || rows[0]["now_workers"] != "8" || rows[1]["saved_bytes"] != "" || rows[3]["why"] == "" {
		t.Errorf("%v", rows)
	}
}

// A run that doesn't know whether memory creeps has all figures that its row is made of.
func TestFleetOfUnsettled(t *testing.T) {
	var page struct {
		Runs []struct {
			Proposed *calibrate.Shape              `json:"proposed"`
			Metrics  map[string]calibrate.Recorded `json:"metrics"`
		} `json:"runs"`
	}
	text := drawn(t, Fleet([]SavedRun{deployedAs(t, "shop", "inconclusive", calibrate.Said{}), deployedAs(t, "cart", "flat", calibrate.Said{})}), "json", Options{})
	if err := json.Unmarshal([]byte(text), &page); err != nil || len(page.Runs) != 2 || page.Runs[0].Proposed == nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, name := range []string{"worker", "workers", "threads"} {
		if !page.Runs[0].Metrics[name].Known() {
			t.Errorf("the unsettled run has no %s", name)
		}
	}
}

// More runs than stand side by side are a fleet alone, and runs of one service are told apart at any width.
func TestFleetOfMany(t *testing.T) {
	one := deployedAs(t, "shop", "flat", calibrate.Said{Workers: 8, Threads: 4})
	text := drawn(t, Fleet(slices.Repeat([]SavedRun{one}, mostBeside+1)), "text", Options{Width: 60})
	if strings.Contains(text, "Side by side") || strings.Count(text, one.ID) != mostBeside+1 {
		t.Error(text)
	}
}

// A run's folder may have any name, and what is to be typed is one word for a shell.
func TestRunsAreNamedSafely(t *testing.T) {
	text := drawn(t, Runs([]SavedRun{{ID: "x-$(id) y", State: RunWhole}}, time.Now()), "text", Options{})
	if !strings.Contains(text, "calibrate report '$(id) y' shows") {
		t.Error(text)
	}
}

func TestRunsGolden(t *testing.T) {
	all := append(fleetOf(t), SavedRun{ID: "20261130-000000-bad0", State: RunUnreadable, Why: "no such file or directory (result.json)"})
	now := time.Date(2026, 11, 30, 9, 30, 0, 0, time.UTC)
	golden(t, "runs.txt", drawn(t, Runs(all, now), "text", Options{}))
	golden(t, "runs.md", drawn(t, Runs(all, now), "markdown", Options{}))
	golden(t, "runs-140.txt", drawn(t, Runs(all, now), "text", Options{Width: 140}))
}
