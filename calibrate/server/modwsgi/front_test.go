package modwsgi

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate"
)

// A thread for each request in the workers, and for each in the queue of 100 before them; at most 64 in a child.
func TestFrontFor(t *testing.T) {
	for _, c := range []struct {
		workers, threads int
		want             front
	}{
		{2, 4, front{slots: 8, children: 2, threads: 54, prefork: 10}},
		{1, 0, front{slots: 15, children: 2, threads: 57, prefork: 19}}, // mod_wsgi's own 15 threads
		{1, 1, front{slots: 1, children: 2, threads: 50, prefork: 2}},
		{7, 4, front{slots: 28, children: 2, threads: 64, prefork: 35}},
		{29, 1, front{slots: 29, children: 3, threads: 43, prefork: 37}},
	} {
		if got := frontFor(calibrate.Wanted{Workers: c.workers, Threads: c.threads}); got != c.want {
			t.Errorf("%d x %d: %+v, want %+v", c.workers, c.threads, got, c.want)
		}
	}
}

// Every worker can be busy, nothing is passed on that has no place in the queue, and httpd needs to correct nothing: of the
// threads in all there are whole children, and no child is spare.
func TestFrontHoldsWhateverIsRecommended(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := calibrate.Wanted{Workers: rapid.IntRange(0, 100).Draw(t, "workers"), Threads: rapid.IntRange(0, 60).Draw(t, "threads")}
		f := frontFor(w)
		if most := f.children * f.threads; most < f.slots || most > f.slots+listenBacklog || f.threads > threadLimit || f.prefork < f.slots {
			t.Fatalf("%+v of %+v", f, w)
		}
		var c calibrate.Lines
		f.write(&c)
		set := map[string][]string{}
		for _, line := range c {
			if words := strings.Fields(line.Text); line.Kind == calibrate.LineText {
				set[words[0]] = append(set[words[0]], words[1:]...)
			}
		}
		for name, times := range map[string]int{"<IfModule": 2, "MaxRequestWorkers": 2, "StartServers": 2, "ServerLimit": 2, "MaxSpareThreads": 1, "MaxConnectionsPerChild": 2} {
			if len(set[name]) != times {
				t.Fatalf("%s: %v", name, set[name])
			}
		}
	})
}
