package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"workermem/calibrate"
)

// metricUnits are OpenMetrics' base units, with which a metric's name ends; Bencher's measures end with them, too.
var metricUnits = map[calibrate.Unit]string{
	calibrate.UnitBytes: "bytes", calibrate.UnitBytesPerRequest: "bytes_per_request", calibrate.UnitBytesPerSecond: "bytes_per_second",
	calibrate.UnitSeconds: "seconds", calibrate.UnitCPU: "seconds_per_request", calibrate.UnitRate: "requests_per_second", calibrate.UnitShare: "ratio",
}

// writeOpenMetrics writes the figures as gauges (OpenMetrics 1.0), rounded to their noise: GitLab compares them as texts.
func writeOpenMetrics(w io.Writer, e Export) error {
	var b strings.Builder
	for _, f := range e.Figures {
		name, unit := "calibrate_"+slug(f.Metric, "_"), metricUnits[f.Unit]
		if unit != "" {
			name += "_" + unit
		}
		fmt.Fprintf(&b, "# TYPE %s gauge\n", name)
		if unit != "" {
			fmt.Fprintf(&b, "# UNIT %s %s\n", name, unit)
		}
		fmt.Fprintf(&b, "# HELP %s %s\n%s{app=\"%s\"} %s\n", name, quotedLabel.Replace(f.Meaning), name, quotedLabel.Replace(plainName(e.App)), asRead(f))
	}
	b.WriteString("# EOF\n")
	_, err := io.WriteString(w, b.String())
	return err
}

var quotedLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// asRead is a figure as it is compared: a decision is what it is, all else is known to its noise.
func asRead(f Figure) string {
	if f.Unit == calibrate.UnitNumber {
		return exact(*f.Value)
	}
	return toNoise(f.Reading, noiseShare(f.Metric))
}

// noiseShare is by how much a figure may differ between two runs that nothing changed, so that rounded to it most read the same.
// Memory and CPU time differ by 0.4 % from run to run, by 1.2 % between machines, and now and then by far more; hosted runners
// are faster or slower by 10 to 20 %, and so are all times and rates.
func noiseShare(m calibrate.Metric) float64 {
	if on := m.Rests(); on == calibrate.GroundTimes || on == calibrate.GroundServed {
		return 0.2
	}
	return 0.05
}

// toNoise writes a figure in steps of 1, 2 or 5 x 10^n that are no finer than its interval, nor than that share of it. One that
// is known not to be 0 doesn't become 0.
func toNoise(r calibrate.Reading, share float64) string {
	v, noise := math.Abs(*r.Value), share*math.Abs(*r.Value)
	if r.Low != nil && r.High != nil {
		noise = math.Max(noise, *r.High-*r.Low)
		if *r.Low > 0 || *r.High < 0 {
			noise = math.Min(noise, v/2)
		}
	}
	if noise == 0 {
		return exact(*r.Value)
	}
	step := stepOf(noise)
	n := math.Round(*r.Value / step)
	if n == 0 {
		return "0" // never -0
	}
	return strconv.FormatFloat(step*n, 'f', max(0, -int(math.Floor(math.Log10(step)))), 64)
}

// stepOf is the least of 1, 2 or 5 x 10^n that is no less.
func stepOf(noise float64) float64 {
	ten := math.Pow10(int(math.Floor(math.Log10(noise))))
	for _, n := range []float64{1, 2, 5} {
		if n*ten >= noise {
			return n * ten
		}
	}
	return 10 * ten
}
