package analyse

import (
	"testing"

	"workermem/calibrate"
)

// Growth must be more to be called creep where the soak ended in time for the whole run to be over.
func TestASoakThatEndedInTimeIsJudgedMoreStrictly(t *testing.T) {
	const little, more = 2400, 8000 // bytes a request: 1.7 and 5.7 MB over what counts of 900 requests
	inTime := calibrate.Phase{Name: calibrate.PhaseSoak, Ended: calibrate.End{By: calibrate.EndLimit, LimitSeconds: 65}}
	whole, asked := inTime, inTime
	whole.Ended.LimitSeconds, asked.Ended = calibrate.DefaultSoak.Seconds(), calibrate.End{By: calibrate.EndDuration}
	for _, c := range []struct {
		name     string
		soak     calibrate.Phase
		limit    float64 // given
		each     int64
		creeping bool
	}{
		{"little", inTime, 0, little, false},
		{"more", inTime, 0, more, true},
		{"little, to the usual limit", whole, 0, little, true},
		{"little, as long as was asked for", asked, 0, little, true},
		{"little, to the limit that was given", inTime, 65, little, true},
	} {
		var samples []calibrate.Sample
		for i := range int64(600) {
			requests := i * 3 / 2
			samples = append(samples, calibrate.Sample{Seconds: float64(i) / 10, Phase: calibrate.PhaseSoak, Workers: 1, Requests: requests, Anon: 90<<20 + requests*c.each, RSS: 100 << 20})
		}
		r := calibrate.Result{Phases: []calibrate.Phase{c.soak}}
		r.Plan.SoakSeconds = c.limit
		got := Creep(calibrate.Measured{Result: r, Samples: samples})
		if (got.Verdict == calibrate.Creeping) != c.creeping {
			t.Errorf("%s: %s, %.0f to %.0f B", c.name, got.Verdict, *got.Low, *got.High)
		}
	}
}
