package report

import (
	"fmt"
	"io"
	"math"
	"slices"

	"workermem/calibrate"
)

// gabMetrics are what github-action-benchmark gets. It divides a figure by the one before it, without a notion of noise, so
// these are the ones that are never near zero and hardly depend on the machine; creep comes as the memory it leads to.
var gabMetrics = []string{"worker", "peak", "marginal", "after(10k)", "cpu"}

// gabEntry is one of its customSmallerIsBetter: a file has one direction. Range and extra are texts.
type gabEntry struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
	Range string  `json:"range,omitempty"`
	Extra string  `json:"extra"`
}

// gabUnits are what the figures are shown in: Bytes in MiB, always.
var gabUnits = map[calibrate.Unit]struct {
	name string
	size float64
}{calibrate.UnitBytes: {"MiB", calibrate.MiB}, calibrate.UnitCPU: {"ms CPU/request", 1e-3}}

func writeGAB(w io.Writer, e Export) error {
	entries := []gabEntry{} // null is no array
	for _, f := range e.Figures {
		unit, has := gabUnits[f.Unit]
		if !has || f.Better != calibrate.LessIsBetter || !slices.Contains(gabMetrics, f.Name) {
			continue
		}
		in := func(v *float64) string { return exact(rounded(*v / unit.size)) }
		entry := gabEntry{plainName(e.App) + ": " + f.Name, unit.name, rounded(*f.Value / unit.size), "", f.Meaning}
		if f.Low != nil && f.High != nil {
			entry.Range = fmt.Sprintf("%s to %s", in(f.Low), in(f.High))
		}
		entries = append(entries, entry)
	}
	return writeJSON(w, entries)
}

// rounded is to hundredths, or to three digits where those are finer: what its reader divides by must be neither 0 nor coarse.
func rounded(v float64) float64 {
	if v == 0 {
		return 0
	}
	digits := max(2, 2-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*math.Pow(10, digits)) / math.Pow(10, digits)
}
