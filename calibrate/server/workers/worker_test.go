package workers

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/servertest"
)

// Twelve layouts of nine servers, as seen after some 500 requests: who has which parent, title, CPU time and socket.
func TestCertainAndBusiest(t *testing.T) {
	p := func(pid, parent int, cpu int64, title string) linux.Process {
		return linux.Process{PID: pid, Parent: parent, CPU: cpu, Args: strings.Split(title, " ")}
	}
	const tracker = "python -c from multiprocessing.resource_tracker import main;main(5)"
	for name, c := range map[string]struct {
		tree    []linux.Process
		held    []int
		want    []int
		rule    calibrate.WorkerRule
		settled bool
	}{
		"nothing yet":               {nil, nil, nil, ruleOnly, false},
		"a single process":          {[]linux.Process{p(1, 0, 0, "python -m http.server")}, nil, []int{1}, ruleOnly, true},
		"with a resource tracker":   {[]linux.Process{p(1, 0, 80, "app"), p(2, 1, 0, tracker)}, nil, []int{1}, ruleOnly, true},
		"gunicorn":                  {[]linux.Process{p(1, 0, 1, "gunicorn app"), p(2, 1, 90, "gunicorn app")}, []int{1, 2}, []int{2}, ruleBusyLeaf, true},
		"gunicorn with titles":      {[]linux.Process{p(1, 0, 0, "gunicorn: master [a]"), p(2, 1, 0, "gunicorn: worker [a]")}, nil, []int{2}, ruleTitle, true},
		"uvicorn, 2 workers":        {[]linux.Process{p(1, 0, 2, "uvicorn app"), p(2, 1, 0, tracker), p(3, 1, 40, "python spawn_main(5)"), p(4, 1, 45, "python spawn_main(6)")}, []int{1, 3, 4}, []int{3, 4}, ruleBusyLeaf, true},
		"mod_wsgi":                  {[]linux.Process{p(1, 0, 1, "apache2"), p(2, 1, 60, "(wsgi:shop -f x"), p(3, 1, 40, "apache2")}, []int{1, 3}, []int{2}, ruleTitle, true},
		"mod_wsgi without its name": {[]linux.Process{p(1, 0, 1, "apache2"), p(2, 1, 60, "apache2"), p(3, 1, 40, "apache2")}, []int{1, 3}, []int{2}, ruleNoSocket, true},
		"uwsgi":                     {[]linux.Process{p(1, 0, 1, "uwsgi"), p(2, 1, 60, "uwsgi")}, []int{1, 2}, []int{2}, ruleBusyLeaf, true},
		"uwsgi with a gateway":      {[]linux.Process{p(1, 0, 1, "uwsgi"), p(2, 1, 60, "uwsgi"), p(3, 1, 30, "uwsgi")}, []int{1, 3}, []int{2}, ruleNoSocket, true},
		"puma cluster":              {[]linux.Process{p(1, 0, 1, "puma 5.6"), p(2, 1, 60, "puma: cluster worker 0: 1")}, nil, []int{2}, ruleTitle, true},
		"unicorn":                   {[]linux.Process{p(1, 0, 1, "unicorn master"), p(2, 1, 60, "unicorn worker[0]")}, nil, []int{2}, ruleTitle, true},
		"node cluster":              {[]linux.Process{p(1, 0, 9, "node app"), p(2, 1, 60, "node app")}, []int{1}, []int{2}, ruleBusyLeaf, true},
		"php-fpm":                   {[]linux.Process{p(1, 0, 1, "sh"), p(2, 1, 1, "php-fpm: master"), p(3, 2, 60, "php-fpm: pool www"), p(4, 1, 20, "apache2")}, []int{4}, []int{3}, ruleTitle, true},
		"below a shell":             {[]linux.Process{p(1, 0, 0, "sh -c"), p(2, 1, 1, "app"), p(3, 2, 60, "app")}, nil, []int{3}, ruleBusyLeaf, true},
		"a helper that does little": {[]linux.Process{p(1, 0, 95, "app"), p(2, 1, 5, "helper")}, []int{1}, []int{1}, ruleBusyLeaf, true},
		"little CPU so far":         {[]linux.Process{p(1, 0, 1, "app"), p(2, 1, 28, "app"), p(3, 1, 0, "app")}, nil, []int{2, 3}, ruleGuessLeaf, false},
		"little CPU, one listens":   {[]linux.Process{p(1, 0, 9, "app"), p(2, 1, 0, "helper"), p(3, 1, 0, "helper")}, []int{1}, []int{1}, ruleGuessLeaf, false},
		"little CPU, an heir":       {[]linux.Process{p(1, 0, 9, "main"), p(2, 1, 0, "manager"), p(3, 1, 9, "server")}, []int{1, 3}, []int{3}, ruleGuessLeaf, false},
		"little CPU, with a store":  {[]linux.Process{p(1, 0, 1, "sh"), p(2, 1, 0, "/usr/bin/redis-server *:6379"), p(3, 1, 9, "app")}, nil, []int{3}, ruleGuessLeaf, false},
		"sockets can't be seen":     {[]linux.Process{p(1, 0, 1, "uwsgi"), p(2, 1, 60, "uwsgi"), p(3, 1, 30, "uwsgi")}, nil, []int{2, 3}, ruleBusyLeaf, true},
	} {
		got, rule, able := certain(c.tree, someTitles)
		if rule == NoRule {
			got, rule = busiest(able, c.tree, servertest.Holding(c.held))
		}
		settled := len(got) > 0 && rule.Kind != calibrate.RuleGuess
		if !slices.Equal(PIDs(got), c.want) && len(got)+len(c.want) > 0 || rule != c.rule || settled != c.settled {
			t.Errorf("%s: %v by %q, settled %v; want %v by %q", name, PIDs(got), rule, settled, c.want, c.rule)
		}
	}
}

func TestKin(t *testing.T) {
	a := linux.Process{PID: 3, Parent: 1, Args: []string{"python", "spawn_main(tracker_fd=5, pipe_handle=7)"}}
	b := linux.Process{PID: 9, Parent: 1, Args: []string{"python", "spawn_main(tracker_fd=15, pipe_handle=8)"}}
	c := linux.Process{PID: 9, Parent: 2, Args: a.Args}
	d := linux.Process{PID: 9, Parent: 1, Args: []string{"python", "resource_tracker"}}
	if kin(a) != kin(b) || kin(a) == kin(c) || kin(a) == kin(d) {
		t.Errorf("%q %q %q %q", kin(a), kin(b), kin(c), kin(d))
	}
}

// someTitles are those of a few servers, as their adapters have them.
var someTitles = JoinTitles([]Titles{
	{Worker: `gunicorn: worker \[`, Helper: `gunicorn: dirty-`},
	{Worker: `puma: cluster worker \d+:`},
	{Worker: `\(wsgi\b`},
	{Worker: `uWSGI worker \d`},
	{Worker: `granian \w+ .+ worker-\d`},
	{Worker: `unicorn worker\[|php-fpm: pool `},
})

// noFinder is a server that isn't known.
type noFinder struct{}

func (noFinder) Workers([]linux.Process, linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return nil, NoRule
}
