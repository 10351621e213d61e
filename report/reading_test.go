package report

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
)

// Whatever page shows a run of other rules says so.
func TestReadingIsSaid(t *testing.T) {
	r := calibrate.Result{Origin: &calibrate.Origin{How: calibrate.ReadShort}}
	said := func(b Block) bool { n, is := b.(Note); return is && n.Lead == "JOURNALS DAMAGED" }
	for name, d := range map[string]Document{"size": Sizing([]calibrate.Result{r}, nil), "explain": Explain(calibrate.Metrics()[0], &r)} {
		if !slices.ContainsFunc(d.Blocks, said) {
			t.Errorf("%s does not say it", name)
		}
	}
	if !strings.HasPrefix(Reading(r), "JOURNALS DAMAGED: ") || Reading(calibrate.Result{}) != "" {
		t.Errorf("%q, %q", Reading(r), Reading(calibrate.Result{}))
	}
}
