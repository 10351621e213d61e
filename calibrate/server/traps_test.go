package server

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"workermem/calibrate/server/known"
)

func TestTrapsAt(t *testing.T) {
	for _, tt := range []struct {
		program, version string
		want             []string
	}{
		{"gunicorn", "20.1.0", nil},
		{"gunicorn", "25.0.3", nil},
		{"gunicorn", "25.1.0", []string{"control-socket"}},
		{"gunicorn", "27.0.1", []string{"control-socket"}},
		{"gunicorn", "", nil}, // a trap of some versions is not told of one that isn't known
		{"uvicorn", "0.29.0", []string{"workers-not-replaced", "limit-ends-server"}},
		{"uvicorn", "0.30.0", []string{"no-jitter", "limit-ends-server"}},
		{"uvicorn", "0.40.1", []string{"no-jitter", "limit-ends-server"}},
		{"uvicorn", "0.41.0", []string{"limit-ends-server"}},
		{"uvicorn", "1.0", []string{"limit-ends-server"}},
		{"uvicorn", "", []string{"limit-ends-server"}},
		{"hypercorn", "0.14.4", []string{"worker-ends-server"}},
		{"hypercorn", "0.17.3", []string{"worker-ends-server", "recycling-cuts", "jitter-is-limit", "limit-needs-parent"}},
		{"hypercorn", "0.18.0", []string{"worker-ends-server", "recycling-cuts", "jitter-is-limit", "limit-needs-parent", "daemon-stays"}},
		{"granian", "1.7.6", []string{"no-request-limit", "worker-ends-server"}},
		{"granian", "2.8.7", []string{"no-request-limit", "worker-ends-server", "stop-is-lost", "threads-by-default"}},
		{"uwsgi", "2.0.21-debian", []string{"young-workers-stay", "term-reloads", "limit-needs-master", "errors-instead",
			"stopping-cuts", "threads-stand-still", "needs-length"}},
		{"mod_wsgi-express", "6.1.1", []string{"slow-respawn", "nothing-shared"}},
		{"node", "20.20.2", []string{"no-request-limit"}},
	} {
		var got []string
		for _, w := range known.TrapsAt(productNamed(t, tt.program).Traps, tt.version) {
			got = append(got, w.Code)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s %s:\n%s", tt.program, tt.version, d)
		}
	}
}

// Every trap says what it does and what to try, and its bounds are versions.
func TestTrapsAreWhole(t *testing.T) {
	for _, p := range products() {
		for _, trap := range p.Traps {
			if trap.Code == "" || trap.Text == "" || trap.Try == "" {
				t.Errorf("%s: code %q, text %q, try %q", p.Name, trap.Code, trap.Text, trap.Try)
			}
			for _, bound := range slices.DeleteFunc([]string{trap.From, trap.Below}, func(b string) bool { return b == "" }) {
				if number, _ := known.PlainVersion(bound); number != bound {
					t.Errorf("%s, %s: %q is no version", p.Name, trap.Code, bound)
				}
			}
		}
	}
}
