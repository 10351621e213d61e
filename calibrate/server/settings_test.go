package server

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// proof is a server as calibrate prove would start it, and what it must be told by everything that is printed.
type proof struct {
	command []string // whose workers, threads and limits are other ones
	spec    known.Spec
	told    map[string]string
	env     map[string]string                                   // if the names in its environment are others; nil for the same
	again   func(t *testing.T, typed, config []string) []string // a command that says what was printed; nil: typed after the command

	limited  []string          // the command, as a user has it who sets a limit of requests in it or in its file; nil if it takes none
	variable string            // a variable of the user's that does, as NAME=value
	free     map[string]string // what it is told then, so that it has none
	example  bool              // its options stand in an example
}

// unlimited is the same proof without a limit of requests, over a command of the user's that sets one.
func (p proof) unlimited() proof {
	without := func(told map[string]string) map[string]string {
		told = maps.Clone(told)
		maps.DeleteFunc(told, func(name, _ string) bool { return strings.Contains(name, "requests") || name == "min-worker-lifetime" })
		return told
	}
	p.told = without(p.told)
	if p.env == nil {
		p.env = maps.Clone(p.told)
		maps.Copy(p.env, p.free)
		delete(p.env, "fork-worker") // no variable of Puma's says it
	}
	maps.Copy(p.told, p.free)
	p.spec.MaxRequests, p.spec.Jitter, p.command = 0, 0, p.limited
	if name, value, set := strings.Cut(p.variable, "="); set {
		p.spec.Env = map[string]string{name: value}
	}
	return p
}

var shape = known.Spec{Workers: 3, Threads: 2, MaxRequests: 1000, Jitter: 100}

func without(s known.Spec, threads, limit bool) known.Spec {
	if threads {
		s.Threads = 0
	}
	if limit {
		s.MaxRequests, s.Jitter = 0, 0
	}
	return s
}

// proofs are by the adapter's type: as much of the shape as each server can have.
func proofs(t *testing.T) map[string]proof {
	clearLMS(t)
	type told = map[string]string
	_, apache := servertest.Site(t, map[string]string{"apache2.conf": "WSGIDaemonProcess shop" + wsgiApp})
	_, limitedApache := servertest.Site(t, map[string]string{"apache2.conf": "WSGIDaemonProcess shop maximum-requests=500" + wsgiApp})
	toml := filepath.Join(t.TempDir(), "h.toml")
	servertest.Write(t, toml, "max_requests = 500\n")
	const never = "1000000000000"
	express := servertest.Script(t, filepath.Join(t.TempDir(), "mod_wsgi-express"), "exit 1")
	return map[string]proof{
		"gunicorn": {command: []string{fakeGunicorn(t, "27.0.1"), "app:app"}, spec: shape,
			told:    told{"workers": "3", "threads": "2", "max-requests": "1000", "max-requests-jitter": "100"},
			limited: []string{fakeGunicorn(t, "27.0.1"), "--max-requests", "500", "app:app"}, variable: "GUNICORN_CMD_ARGS=--max-requests=700", free: told{"max-requests": "0"}},
		"uvicorn": {command: []string{fakeUvicorn(t, "0.54.0"), "app:app"}, spec: without(shape, true, false),
			told:    told{"workers": "3", "limit-max-requests": "1000", "limit-max-requests-jitter": "100"},
			limited: []string{fakeUvicorn(t, "0.54.0"), "app:app"}, variable: "UVICORN_LIMIT_MAX_REQUESTS=500", free: told{"limit-max-requests": never}},
		"hypercorn": {command: []string{fakeHypercorn(t), "app:app"}, spec: without(shape, true, false),
			told: told{"workers": "3", "max-requests": "1000"}, env: told{"workers": "3"},
			limited: []string{fakeHypercorn(t), "--config", toml, "app:app"}, free: told{"max-requests": never}},
		"granian": {command: []string{fakeGranian(t), "--interface", "wsgi", "app:app"}, spec: without(shape, false, true),
			told: told{"workers": "3", "blocking-threads": "2"}},
		"uwsgi": {command: []string{fakeUWSGI(t, ""), "x.ini"}, spec: shape,
			told: told{"processes": "3", "threads": "2", "max-requests": "1000", "max-requests-delta": "50", "min-worker-lifetime": "0"},
			again: func(t *testing.T, _, config []string) []string {
				return []string{fakeUWSGI(t, strings.Join(config[1:], "\n")+"\n"), "x.ini"}
			}, limited: []string{fakeUWSGI(t, "max-requests = 500\n"), "x.ini"}, free: told{"max-requests": "0"}},
		"modwsgi": {command: apache, spec: shape, told: told{"processes": "3", "threads": "2", "maximum-requests": "1000"}, env: told{"workers": "3"},
			again: func(t *testing.T, _, config []string) []string {
				_, command := servertest.Site(t, map[string]string{"apache2.conf": strings.Join(config, "\n") + "\nWSGIScriptAlias / /srv/app.wsgi\n"})
				return command
			}, limited: limitedApache},
		"modwsgi.Express": {command: []string{express, "start-server", "app.wsgi"}, spec: shape,
			told: told{"processes": "3", "threads": "2", "maximum-requests": "1000"}, env: told{"workers": "3"},
			limited: []string{express, "start-server", "--maximum-requests", "500", "app.wsgi"}, free: told{"maximum-requests": "0"}, example: true},
		"puma": {command: []string{fakePuma(t)}, spec: without(shape, false, true), told: told{"workers": "3", "threads": "2"},
			again: func(t *testing.T, typed, _ []string) []string {
				least, most, _ := strings.Cut(typed[3], ":")
				return []string{fakePuma(t, "workers="+typed[1], "min_threads="+least, "max_threads="+most)}
			}, limited: []string{fakePuma(t, "fork_worker=500")}, free: told{"fork-worker": "0"}},
		"waitress": {command: []string{fakeWaitress(t), "app:app"}, spec: known.Spec{Threads: 2}, told: told{"threads": "2"},
			again: func(t *testing.T, typed, _ []string) []string {
				return slices.Concat([]string{fakeWaitress(t)}, typed[1:], []string{"app:app"})
			}},
		"nowlms": {command: []string{fakeLMS(t), "serve", "--wsgi-server", "gunicorn"}, spec: without(shape, false, true),
			told: told{"workers": "3", "threads": "2"}},
		"pypnm": {command: []string{fakePyPNM(t, "0.34.2"), "serve"}, spec: without(shape, true, false),
			told:    told{"workers": "3", "limit-max-requests": "1000"},
			limited: []string{fakePyPNM(t, "0.34.2"), "serve", "--limit-max-requests", "500"}, free: told{"limit-max-requests": "0"}},
	}
}

var (
	numberFirst = regexp.MustCompile(`^\d+`)
	ownPrefix   = regexp.MustCompile(`^(gunicorn-cmd-args|uvicorn|granian|uwsgi|now-lms|pypnm-serve|puma-min|puma-max)-`)
	otherNames  = map[string]string{"w": "workers", "t": "threads", "web-concurrency": "workers"}
)

// toldBy are the numbers of a command line, a file or an environment, by the names of options.
func toldBy(text string) map[string]string {
	words := strings.Fields(strings.ReplaceAll(text, "=", " "))
	all := map[string]string{}
	for i, word := range words[1:] {
		value := numberFirst.FindString(word) // of 2:2 and of 2, 2, too
		name := strings.ToLower(strings.ReplaceAll(strings.TrimLeft(words[i], "-"), "_", "-"))
		if name = ownPrefix.ReplaceAllString(name, ""); value != "" {
			all[cmp.Or(otherNames[name], name)] = value
		}
	}
	return all
}

// What a server is proved with is what the type: line, its configuration and its environment say.
func TestProvedIsPrinted(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp")
	t.Chdir(t.TempDir())
	all := proofs(t)
	for _, s := range servers {
		name := strings.TrimSuffix(fmt.Sprintf("%T", s), ".Server")
		p, ok := all[name]
		if !ok && name != "puma.Rack" { // Puma is run in its place
			t.Errorf("%s: nobody has said how it is proved", name)
		}
		if ok {
			t.Run(name, func(t *testing.T) { provedIsPrinted(t, s, p) })
		}
		if p.limited != nil {
			t.Run(name+" without a limit", func(t *testing.T) { provedIsPrinted(t, s, p.unlimited()) })
		}
	}
}

func provedIsPrinted(t *testing.T, s known.Server, p proof) {
	p.spec.Command = p.command
	l := recognised(t, p.spec)
	info := l.Info()
	var proved string // what wins stands last
	for name, value := range l.Spec.Env {
		proved += name + "=" + value + "\n"
	}
	proved += strings.Join(slices.Sorted(maps.Values(l.Temporary().Files)), "\n") + "\n" + strings.Join(l.Argv, " ")
	saysSame(t, "what prove starts", proved, p.told)

	typed := s.Typed(l.Wanted(), info)
	if typed.Why == "" {
		saysSame(t, "type:", strings.Join(typed.Words, " "), p.told)
	} else if len(typed.Words) > 0 {
		t.Errorf("%q, and a reason why not: %s", typed.Words, typed.Why)
	}
	var config []string
	for _, line := range s.Configuration(l.Wanted(), info) {
		if line.Kind == calibrate.LineText || p.example && line.Kind == calibrate.LineExample {
			config = append(config, line.Text)
		}
	}
	saysSame(t, "emit", strings.Join(config, "\n"), p.told)
	env, _ := s.Environment(l.Wanted(), info)
	if p.env == nil {
		p.env = p.told
	}
	saysSame(t, "environment", strings.Join(known.Pairs(env), "\n"), p.env)

	// Read back by the server's own scanner, it leaves the proof nothing to change.
	command := append(slices.Clone(p.command), typed.Words...)
	if typed.Place == calibrate.BeforeCommand {
		command = slices.Concat([]string{"env"}, typed.Words, p.command)
	}
	if p.again != nil {
		command = p.again(t, typed.Words, config)
	}
	p.spec.Command = command
	again := recognised(t, p.spec)
	for _, change := range again.Info().Changes {
		if strings.Contains(change, "instead of") && regexp.MustCompile(`worker|thread`).MatchString(change) || strings.Contains(change, "a new worker") {
			t.Errorf("%s\nis read as another shape: %s", strings.Join(command, " "), change)
		}
	}
}

func saysSame(t *testing.T, what, text string, want map[string]string) {
	t.Helper()
	got := toldBy(text)
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: %s is %q, want %s\n%s", what, name, got[name], value, text)
		}
	}
	for _, limit := range []string{"max-requests", "maximum-requests", "limit-max-requests", "fork-worker", "threads"} {
		if _, wanted := want[limit]; !wanted && got[limit] != "" && len(want) > 1 {
			t.Errorf("%s: it says %s %s\n%s", what, limit, got[limit], text)
		}
	}
}

// Every server has something to type, or the reason why not, and a configuration of its own.
func TestEveryServerCanBeTold(t *testing.T) {
	for _, s := range Known() {
		typed := s.Typed(shape.Wanted(), calibrate.TargetInfo{Server: s.Name})
		if (len(typed.Words) == 0) == (typed.Why == "") {
			t.Errorf("%s: %q, %q", s.Name, typed.Words, typed.Why)
		}
		file, lines := s.File(), s.Configuration(shape.Wanted(), calibrate.TargetInfo{Server: s.Name})
		if known := s.Name != calibrate.OtherServer; known != (file.For != "" && file.Name != "" && file.Without != "" && len(lines) > 0) {
			t.Errorf("%s: %+v, %v", s.Name, file, lines)
		}
		env, _ := s.Environment(shape.Wanted(), calibrate.TargetInfo{Server: s.Name})
		if len(env) == 0 {
			t.Errorf("%s takes nothing from its environment", s.Name)
		}
	}
	if MostBacklog() != 2048 {
		t.Errorf("%d: gunicorn and uvicorn ask for 2048", MostBacklog())
	}
	if other := Known().Named("no such server"); other.Known() || !Known().Named("puma").Known() || other.Name != calibrate.OtherServer {
		t.Errorf("%+v stands for any other", other)
	}
}
