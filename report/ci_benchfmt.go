package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"workermem/calibrate"
)

// benchUnits end a unit's name in Go's benchmark format, of which benchstat reads the last word: B it shows in Ki, Mi and Gi.
var benchUnits = map[calibrate.Unit]string{
	calibrate.UnitBytes: "B", calibrate.UnitBytesPerRequest: "B/req", calibrate.UnitBytesPerSecond: "B/sec", calibrate.UnitSeconds: "sec",
	calibrate.UnitCPU: "sec/req", calibrate.UnitRate: "rps", calibrate.UnitShare: "ratio", calibrate.UnitNumber: "",
}

// writeBenchfmt writes one result line a run, as Go's benchmarks do (golang.org/design/14313-benchmark-format): a run is
// what is repeated, never a second of it.
func writeBenchfmt(w io.Writer, e Export) error {
	var b strings.Builder
	for _, f := range e.Setup {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, plainName(f.Text))
	}
	for _, f := range e.Figures {
		if better := map[calibrate.Direction]string{calibrate.LessIsBetter: "lower", calibrate.MoreIsBetter: "higher"}[f.Better]; better != "" {
			fmt.Fprintf(&b, "Unit %s better=%s\n", benchUnit(f.Metric), better)
		}
	}
	if len(e.Figures) > 0 {
		fmt.Fprintf(&b, "BenchmarkCalibrate/app=%s/threads=%s 1", benchName(e.App), strconv.Itoa(e.Threads))
		for _, f := range e.Figures {
			fmt.Fprintf(&b, " %s %s", exact(*f.Value), benchUnit(f.Metric))
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// benchUnit is a metric's name with its unit; a rate that is called rps already is that.
func benchUnit(m calibrate.Metric) string {
	name, unit := slug(m, "-"), benchUnits[m.Unit]
	if unit == "" || name == unit {
		return name
	}
	return name + "-" + unit
}

// benchName is a name without what parts a benchmark's: spaces, slashes, equals signs.
func benchName(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" /=", r) {
			return '_'
		}
		return r
	}, ascii(plainName(s)))
}

// exact is a number for machines.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
