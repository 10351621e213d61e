package modwsgi

import (
	"slices"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/workers"
)

func TestModWSGIWorkers(t *testing.T) {
	p := func(pid, parent int, args ...string) linux.Process {
		return linux.Process{PID: pid, Parent: parent, Args: args}
	}
	for name, c := range map[string]struct {
		tree   []linux.Process
		titled bool
		want   []int
		rule   calibrate.WorkerRule
	}{
		"one":         {[]linux.Process{p(1, 0, "/usr/sbin/apache2", "-f", "x"), p(2, 1, "(wsgi:shop)", "-f", "x"), p(3, 1, "/usr/sbin/apache2", "-f", "x")}, true, []int{2}, rule},
		"two, cut":    {[]linux.Process{p(1, 0, "apache2"), p(2, 1, "(wsgi:s", "-f"), p(3, 1, "(wsgi:s", "-f"), p(4, 1, "apache2")}, true, []int{2, 3}, rule},
		"httpd":       {[]linux.Process{p(1, 0, "httpd"), p(2, 1, "(wsgi", "-f"), p(4, 1, "httpd")}, true, []int{2}, rule},
		"not yet":     {[]linux.Process{p(1, 0, "apache2"), p(2, 1, "apache2")}, true, nil, rule},
		"no title":    {[]linux.Process{p(1, 0, "apache2"), p(2, 1, "apache2")}, false, nil, workers.NoRule},
		"other's own": {[]linux.Process{p(1, 0, "apache2"), p(2, 1, "(wsgi:x")}, false, []int{2}, rule},
	} {
		got, rule := Server{titled: c.titled}.Workers(c.tree, nil)
		if !slices.Equal(workers.PIDs(got), c.want) && len(got)+len(c.want) > 0 || rule != c.rule {
			t.Errorf("%s: %v by %q", name, workers.PIDs(got), rule)
		}
	}
}
