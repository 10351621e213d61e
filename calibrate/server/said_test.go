package server

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// What the command itself has a server run with stays known, though it is measured otherwise.
func TestSaid(t *testing.T) {
	programs := strings.NewReplacer(" G ", " "+fakeGunicorn(t, "27.0.1")+" ", " U ", " "+fakeUvicorn(t, "0.54.0")+" ")
	for command, want := range map[string]calibrate.Said{
		"G app:app": {Workers: 1, Threads: 1},
		"G -w 4 --threads 2 --max-requests 500 --max-requests-jitter 50 app:app":     {Workers: 4, Threads: 2, MaxRequests: 500, Jitter: 50},
		"env GUNICORN_CMD_ARGS=--workers=3 G --max-requests 500 --threads 8 app:app": {Workers: 3, Threads: 8, MaxRequests: 500},
		"U --workers 2 --limit-max-requests 900 app:app":                             {Workers: 2, MaxRequests: 900},
		"U --limit-max-requests 900 --limit-max-requests-jitter 90 app:app":          {Workers: 1, MaxRequests: 900, Jitter: 90},
	} {
		l := recognised(t, known.Spec{Command: strings.Fields(programs.Replace(" " + command))})
		if diff := cmp.Diff(&want, l.Info().Said); diff != "" {
			t.Errorf("%s (-want +got):\n%s", command, diff)
		}
	}
}
