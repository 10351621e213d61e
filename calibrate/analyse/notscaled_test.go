package analyse

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
)

// Workers that nobody can set are copies of the command, and were never run together.
func TestNotScaled(t *testing.T) {
	fixed := calibrate.Result{Complete: true, Recommendation: calibrate.Recommendation{Workers: 3},
		Target: calibrate.TargetInfo{Server: calibrate.OtherServer, Command: []string{"node", "server.js"}}}
	one, scales, watched, demo, sized := fixed, fixed, fixed, fixed, fixed
	sized.Target.Command = nil
	one.Recommendation.Workers = 1
	scales.Target.CanScale = true
	watched.Mode, watched.Watch = calibrate.ModeAttach, &calibrate.Watch{}
	demo.Truth = &calibrate.Truth{}
	for name, c := range map[string]struct {
		run  calibrate.Result
		told bool
	}{"fixed": {fixed, true}, "one": {one, false}, "scales": {scales, false}, "watched": {watched, false}, "demo": {demo, false}, "sized": {sized, false}} {
		all := doubts(c.run)
		at := slices.IndexFunc(all, func(w calibrate.Warning) bool { return w.Code == NotScaled })
		if told := at >= 0; told != c.told {
			t.Errorf("%s: told %v", name, told)
		}
		if at >= 0 && (!strings.Contains(all[at].Text, "3 workers are as many copies of it behind a proxy") || !all[at].Derived) {
			t.Errorf("%+v", all[at])
		}
	}
}
