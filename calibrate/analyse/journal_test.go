package analyse

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

// changed is a copy of a recorded run, the lines of its samples changed.
func changed(t *testing.T, change func([]string) []string) string {
	t.Helper()
	path := kept(t, func(map[string]any) {})
	samples := filepath.Join(path, calibrate.SamplesFile)
	packed, err := os.ReadFile(samples + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	lines := change(strings.SplitAfter(strings.TrimSpace(string(text)), "\n"))
	if err := os.WriteFile(samples, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A whole run whose journals hold less than was written keeps what it was analysed to, and says so.
func TestLoadDamagedJournal(t *testing.T) {
	all := func(line string) func([]string) []string {
		return func(lines []string) []string { return slices.Repeat([]string{line}, len(lines)) }
	}
	whole, err := Load(kept(t, func(map[string]any) {}))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func([]string) []string{
		"a tenth is left": func(lines []string) []string { return lines[:len(lines)/10] },
		"null":            all("null\n"),
		"{}":              all("{}\n"),
		"negative":        all(`{"t":1,"phase":"soak","gen":1,"pid":1,"workers":1,"rss":-5,"anon":-5,"requests":0}` + "\n"),
		"huge":            all(`{"t":9e18,"phase":"soak","gen":1,"pid":1,"workers":1,"rss":9223372036854775807,"anon":5,"requests":0}` + "\n"),
		"reversed":        func(lines []string) []string { slices.Reverse(lines); lines[0] += "\n"; return lines },
	} {
		r, err := Load(changed(t, change))
		if err != nil || r.Origin == nil || r.Origin.How != calibrate.ReadShort || r.Worker.PeakRSSBytes != whole.Worker.PeakRSSBytes {
			t.Errorf("%s: %v: %+v, a peak of %d", name, err, r.Origin, r.Worker.PeakRSSBytes)
		}
		if !slices.ContainsFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == "journal-damaged" }) {
			t.Errorf("%s: no warning in %+v", name, r.Warnings)
		}
	}
}

// What newer rules came to is kept.
func TestLoadNewerRules(t *testing.T) {
	r, err := Load(kept(t, func(r map[string]any) {
		section(r, "tool")["rules"] = calibrate.Rules + 1
		section(r, "creep")["verdict"] = "flat"
	}))
	if err != nil || r.Origin == nil || r.Origin.How != calibrate.ReadNewer || r.Creep.Verdict != calibrate.Flat {
		t.Errorf("%v: %+v, %s", err, r.Origin, r.Creep.Verdict)
	}
}

// A pipe among a run's files is refused, not waited for.
func TestLoadPipe(t *testing.T) {
	for _, name := range []string{calibrate.ResultFile, calibrate.SamplesFile, calibrate.LoadFile} {
		path := kept(t, func(map[string]any) {})
		_ = os.Remove(filepath.Join(path, name))
		if err := syscall.Mkfifo(filepath.Join(path, name), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), name+" is not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMemoryForEnds(t *testing.T) {
	for _, ratio := range []float64{-1, -1e18, 1, 10, 1e300, math.NaN(), 1 - 1e-16} {
		memoryFor(1<<30, knob.Reserve{ReserveRatio: ratio})
	}
}
