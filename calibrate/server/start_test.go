package server

import (
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/gunicorn"
	"workermem/calibrate/server/hypercorn"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/nowlms"
)

// A free port that somebody took in the meantime is a reason for a second try; the kernel's words for it say so of any server.
func TestPortTaken(t *testing.T) {
	const kernels, gunicorns = "OSError: [Errno 98] Address already in use", "[ERROR] Connection in use: ('127.0.0.1', 8000)"
	for name, c := range map[string]struct {
		server known.Server
		log    string
		want   bool
	}{
		"gunicorn":                  {gunicorn.Server{}, gunicorns, true},
		"gunicorn in lmsctl":        {nowlms.Server{}, gunicorns, true},
		"gunicorn in a script":      {anycommand.Server{Known: servers}, gunicorns, true},
		"gunicorn's words, another": {hypercorn.Server{}, gunicorns, false},
		"another, the kernel's":     {hypercorn.Server{}, kernels, true},
		"another trouble":           {gunicorn.Server{}, "ModuleNotFoundError: No module named 'x'", false},
	} {
		l := &Launch{server: c.server}
		if got := l.portTaken(&calibrate.Failure{Kind: calibrate.KindApp, Phase: calibrate.PhaseBoot, Log: []string{c.log}}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if (&Launch{server: gunicorn.Server{}}).portTaken(nil) {
		t.Error("a boot that went well")
	}
}
