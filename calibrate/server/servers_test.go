package server

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// facts are what a server that calibrate knows must be able to say, with an example of each; in brackets why it has none.
type facts struct {
	end     known.Ending // with failure: how its main process ended
	failure string       // what it logs where something is wrong, as documented or seen
	worker  string       // a worker's title
	master  string       // what its main process may call itself
	traps   string       // "" if it has some
	version string       // "" if its program can be asked, or its installation
}

var over = known.Ending{Over: true}

// factsOf are by the adapter's type.
var factsOf = map[string]facts{
	"gunicorn": {failure: "ModuleNotFoundError: No module named 'x'", end: known.Ending{Over: true, Code: 3},
		worker: "gunicorn: worker [app:app]", master: "gunicorn: master [app:app]"},
	"uvicorn": {failure: `ERROR: Error loading ASGI app. Could not import module "x".`, end: over,
		worker: "(it sets no titles)", master: "(it sets no titles)"},
	"hypercorn": {failure: "hypercorn.utils.NoAppError: Cannot load application from 'x:app', module not found.", end: over,
		worker: "(it sets no titles)", master: "(it sets no titles)"},
	"granian": {failure: "RuntimeError: Could not import 'x'.", end: known.Ending{Over: true, Code: 1},
		worker: "granian asgi 127.0.0.1:8000 app:app worker-1", master: "granian asgi 127.0.0.1:8000 app:app"},
	"uwsgi": {failure: "*** no app loaded. GAME OVER ***", end: known.Ending{Over: true, Code: 22},
		worker: "uWSGI worker 1", master: "uWSGI master"},
	"modwsgi": {failure: "mod_wsgi (pid=1): Target WSGI script '/srv/app.wsgi' does not contain WSGI application 'application'.",
		worker: "(wsgi:shop", master: "(Apache sets none)"},
	"modwsgi.Express": {failure: "mod_wsgi-express: error: no such option: --no-such", end: known.Ending{Over: true, Code: 2},
		worker: "(its workers are mod_wsgi's)", master: "(it becomes Apache)"},
	"puma": {failure: "! Unable to load application: LoadError: cannot load such file -- x", end: known.Ending{Over: true, Code: 1},
		worker: "puma: cluster worker 0: 1 [app]", master: "puma 5.6.5 (tcp://127.0.0.1:9292) [app]"},
	"puma.Rack": {failure: "(Puma is run in its place)", worker: "(Puma is run in its place)", master: "(Puma is run in its place)",
		traps: "(Puma is run in its place)", version: "(it comes with the app's bundle)"},
	"waitress": {failure: "There was an exception (ModuleNotFoundError) importing your module.", end: known.Ending{Over: true, Code: 1},
		worker: "(it sets no titles)", master: "(it sets no titles)"},
	"nowlms": {failure: "sqlite3.OperationalError: no such table: config",
		worker: "(its workers are Gunicorn's)", master: "(its master is Gunicorn's)"},
	"pypnm": {failure: "pypnm: error: unrecognized arguments: --no-such", end: known.Ending{Over: true, Code: 2},
		worker: "(it sets no titles)", master: "(it sets no titles)"},
}

// Every server says what a failure of its means, what it calls its processes, how its version is found, and its traps; or the
// table above says why not.
func TestEveryServerHasItsFacts(t *testing.T) {
	for _, s := range servers {
		name := strings.TrimSuffix(fmt.Sprintf("%T", s), ".Server")
		f, ok := factsOf[name]
		if !ok {
			t.Errorf("%s: nothing is written down of it here", name)
			continue
		}
		why, try := s.Explain(f.end, []string{f.failure})
		has(t, name+", failure", f.failure, why != "" && try != "")
		titles := workers.JoinTitles([]workers.Titles{{Worker: s.Titles().Worker}})
		has(t, name+", worker's title", f.worker, titles.IsWorker(example(f.worker)))
		master := cli.Program{Argv: []string{f.master}, Name: f.master}
		has(t, name+", master's title", f.master, s.Recognises(master))
		has(t, name+", traps", f.traps, len(s.Traps()) > 0)
		has(t, name+", version", f.version, len(s.Programs()) > 0)
		for _, p := range s.Programs() {
			if (p.Ask == nil) != (p.Says == nil) || p.Ask == nil && p.Dist == "" || p.Command == "" {
				t.Errorf("%s: the program %s has no way to its version, or two, or no command: %+v", name, p.Name, p)
			}
		}
	}
	if len(factsOf) != len(servers) {
		t.Errorf("%d servers are written down, %d are known", len(factsOf), len(servers))
	}
}

var reason = regexp.MustCompile(`^\([A-Za-z' _]+\)$`)

func example(written string) string {
	if reason.MatchString(written) {
		return ""
	}
	return written
}

// has checks that something is there, or that a reason is written down why it isn't.
func has(t *testing.T, what, written string, there bool) {
	t.Helper()
	if without := reason.MatchString(written); without == there {
		t.Errorf("%s: written down is %q, and it is there: %v", what, written, there)
	}
}
