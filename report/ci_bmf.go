package report

import (
	"io"
	"strings"

	"workermem/calibrate"
)

// bmfMeasure is a figure in Bencher's metric format (bencher.dev/v0/bmf.json), by app and by measure.
type bmfMeasure struct {
	Value float64  `json:"value"`
	Lower *float64 `json:"lower_value,omitempty"`
	Upper *float64 `json:"upper_value,omitempty"`
}

func writeBMF(w io.Writer, e Export) error {
	measures := map[string]bmfMeasure{}
	for _, f := range e.Figures {
		measures[measureName(f.Metric)] = bmfMeasure{*f.Value, f.Low, f.High}
	}
	all := map[string]map[string]bmfMeasure{}
	if len(measures) > 0 {
		all[plainName(e.App)] = measures
	}
	return writeJSON(w, all)
}

// measureName ends with the unit: the format itself has none.
func measureName(m calibrate.Metric) string {
	name := slug(m, "-")
	if unit := metricUnits[m.Unit]; unit != "" {
		name += "-" + strings.ReplaceAll(unit, "_", "-")
	}
	return name
}
