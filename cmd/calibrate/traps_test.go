package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
)

var trapped = flag.Bool("traps", false, "provoke every warning about a server (make traps)")

// trapCase is a command, and the warnings that it gives reason for: by code, the test in calibrate/server that has the
// trap itself on the real server, or in brackets why there is none.
type trapCase struct {
	server    string // whose traps they are
	command   string // $FIXTURES and $VENV stand for their folders
	flags     string // of calibrate run
	inherited []string
	traps     map[string]string
	setUp     func(t *testing.T) (inherited []string)
}

var trapCases = []trapCase{
	{server: "gunicorn", command: "gunicorn -k uvicorn.workers.UvicornWorker --threads 4 app:app", flags: "--env PYTHONPATH=$FIXTURES/asgi",
		traps: map[string]string{"threads-ignored": "TestE2EGunicornWithUvicornWorker"}},
	{server: "gunicorn", command: "sh -c 'cd / && exec gunicorn -b 127.0.0.1:{port} app:app'", traps: map[string]string{"shell-wrapper": "TestE2EShellWrapper"}},

	{server: "uvicorn", command: "uvicorn --reload --limit-concurrency 8 --limit-max-requests 100 app:app", flags: "--env PYTHONPATH=$FIXTURES/asgi", traps: map[string]string{
		"limit-ends-server": "TestE2EUvicornLimitEndsServer", "reload": "TestE2EUvicornAlone", "limit-concurrency": "TestE2EUvicornConcurrencyLimit"}},
	{server: "uvicorn", command: "$VENV/pypnm/bin/python -m uvicorn app:app", flags: "--env PYTHONPATH=$FIXTURES/asgi", traps: map[string]string{"no-jitter": "TestE2EUvicornJitter"}},
	{server: "uvicorn", command: "$VENV/bin/python -m uvicorn app:app", flags: "--env PYTHONPATH=$VENV/old:$FIXTURES/asgi", traps: map[string]string{"workers-not-replaced": "TestE2EUvicornOldReplacesNoWorker"}},
	{server: "pypnm", command: "$VENV/pypnm/bin/pypnm serve --reload", traps: map[string]string{"limit-ends-server": "TestE2EPyPNM", "no-jitter": "TestE2EUvicornJitter",
		"reload": "(pypnm's --reload is its Uvicorn's: TestE2EUvicornAlone)", "health-only": "(nothing to provoke: it is what is asked)"}},

	{server: "hypercorn", command: "hypercorn --workers 2 --max-requests 100 --max-requests-jitter 10 --reload --daemon app:app", flags: "--env PYTHONPATH=$FIXTURES/asgi", traps: map[string]string{
		"recycling-cuts": "TestE2EHypercornRecycles", "jitter-is-limit": "TestE2EHypercornRecycles", "daemon-stays": "TestE2EHypercornTraps", "reload": "TestE2EHypercorn"}},
	{server: "hypercorn", command: "hypercorn --workers 0 --max-requests 100 app:app", flags: "--env PYTHONPATH=$FIXTURES/asgi", traps: map[string]string{
		"limit-needs-parent": "TestE2EHypercornTraps", "worker-ends-server": "TestE2EHypercornTraps"}},
	{server: "granian", command: "granian --interface wsgi bare:app", traps: map[string]string{"threads-by-default": "(TestGranianThreads: it is Granian's default)",
		"stop-is-lost": "TestE2EGranianStopIsLost", "worker-ends-server": "TestE2EGranianWorkerEndsServer", "no-request-limit": "TestE2ENoRequestLimit"}},

	{server: "uwsgi", command: "uwsgi --plugin python3 --module bare:app --http11-socket :8000 --processes 2 --cheaper 1 --max-requests 100 --reload-on-rss 500", traps: map[string]string{
		"young-workers-stay": "TestE2EUWSGITraps", "term-reloads": "TestE2EUWSGITraps", "limit-needs-master": "TestE2EUWSGITraps", "errors-instead": "TestE2EUWSGITraps",
		"stopping-cuts": "TestE2EUWSGITraps", "threads-stand-still": "TestE2EUWSGITraps", "no-jitter": "TestE2EUWSGIDelta",
		"needs-length": "TestE2EUWSGITraps", "dynamic-workers": "TestE2EUWSGI", "memory-replaces-workers": "(a worker grown past the limit, as documented: --reload-on-rss)"}},

	{server: "mod_wsgi", command: "/usr/sbin/apache2 -f $FIXTURES/apache/pyramid.conf", traps: map[string]string{"first-request-loads": "TestE2EModWSGIImportError",
		"recycling-cuts": "TestE2EModWSGIRecyclingCuts", "slow-respawn": "TestE2EModWSGISlowRespawn", "nothing-shared": "TestE2EModWSGISharesNothing"}},

	{server: "mod_wsgi", command: "/usr/sbin/apache2 -f $FIXTURES/apache/pyramid.conf -c 'MaxRequestWorkers 2' -c 'ThreadsPerChild 2' -c 'ServerLimit 1'",
		traps: map[string]string{"front-too-small": "TestE2EModWSGIFrontTooSmall"}},

	{server: "puma", command: "puma --no-config $FIXTURES/rack/config.ru", traps: map[string]string{"no-request-limit": "TestE2ENoRequestLimit", "development": "TestE2EPumaDevelopment"}},
	{server: "puma", command: "puma -C $FIXTURES/rack/config/plugin.rb $FIXTURES/rack/config.ru", traps: map[string]string{"plugins": "TestE2EPumaPlugins"}},
	{server: "puma", command: "puma --no-config $FIXTURES/rack/config.ru", inherited: []string{"WEB_CONCURRENCY=3", "RACK_ENV=production"},
		traps: map[string]string{"preload-by-variable": "TestE2EPumaPreloadByVariable", "no-request-limit": "TestE2ENoRequestLimit"}},

	{server: "waitress", command: "waitress-serve app:app", traps: map[string]string{"no-request-limit": "(TestE2EWaitressOptions has all its options)",
		"stopping-cuts": "TestE2EWaitressStopping", "connections-wait": "TestE2EWaitressConnectionsWait"}},

	{server: "lmsctl", command: "$VENV/nowlms/bin/lmsctl serve", setUp: trapLMS, traps: map[string]string{"waitress-by-default": "TestE2ENowLMS", "no-request-limit": "TestE2ENoRequestLimit",
		"listens-everywhere": "TestE2ENowLMSTraps"}},
}

// doctorsTraps are those that a run takes care of, or whose server isn't measured by name: calibrate doctor tells them.
var doctorsTraps = map[string]string{
	"gunicorn control-socket":  "TestE2EGunicornControlSocket",
	"puma respawns-for-ever":   "TestE2EPumaFailures",
	"node no-request-limit":    "(Node itself serves nothing: whether the app has a limit is the app's)",
	"php-fpm fastcgi":          "(the protocol; TestE2EPHP measures it with its front)",
	"lmsctl ci-changes-app":    "TestE2ENowLMSTraps",
	"unicorn no-request-limit": "(not installed)",
}

// doubts are codes that are no traps of a server, but doubts of the tool about what it sees, with their tests.
var doubts = map[string]string{
	"threads-unknown": "TestE2EModWSGIAttach", "url-elsewhere": "(an unlikely answer: attach says it where another process listens at --url)", "other-cgroup": "TestAttachKnowsUvicornByItsCommandLine", "limit-unknown": "TestAttachKnowsUvicornByItsCommandLine",
	"orphaned-app": "TestE2EInhabitedGroupIsTold", "version-unknown": "TestE2EServerThatDoesNotSay", "config-not-read": "TestHypercornWarnings",
	"fixed-workers":      "TestFixedWorkers",
	"server-found":       "TestE2EServerFound",
	"jitter-unknown":     "TestUWSGIDelta",
	"goes-to-production": "TestHypercornWarnings",
}

func trapLMS(t *testing.T) []string {
	var p proofCase
	nowLMS(t, &p)
	return p.inherited
}

// TestTraps has every warning about a server printed by a command that gives reason for it.
func TestTraps(t *testing.T) {
	if !*trapped {
		t.Skip("runs for some minutes: make traps")
	}
	told := make([][]string, len(trapCases)+1)
	t.Run("all", func(t *testing.T) {
		for i, c := range trapCases {
			t.Run(strings.ReplaceAll(short([]string{c.command}), " ", "_"), func(t *testing.T) {
				t.Parallel()
				told[i] = c.tell(t)
			})
		}
		t.Run("doctor", func(t *testing.T) {
			t.Parallel()
			told[len(trapCases)] = tellDoctor(t)
		})
	})
	t.Logf("\n%s", strings.Join(slices.Concat(told...), "\n"))
}

// tell runs a case to its first answer and interrupts it: the run has its warnings by then.
func (c trapCase) tell(t *testing.T) []string {
	inherited := c.inherited
	if c.setUp != nil {
		inherited = c.setUp(t)
	}
	command := typed(t, wordsOf(c.command))
	if command[0] == "/usr/sbin/apache2" {
		command = slices.Insert(command, 1, "-C", "Define FIXTURES "+fixtures(t))
	}
	flags := strings.Fields(strings.NewReplacer("$FIXTURES", fixtures(t), "$VENV", filepath.Dir(venvBin(t))).Replace(c.flags))
	s := start(t, inherited, slices.Concat([]string{"run"}, flags, []string{"--"}, command)...)
	s.until(t, "idle ", time.Minute)
	if err := s.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	s.endsWith(t, int(calibrate.KindInterrupted), time.Minute)
	warnings := s.report(t).Warnings
	asked := strings.Join(slices.Concat(c.inherited, strings.Fields("calibrate run "+c.flags+" -- "+short([]string{c.command}))), " ")
	var lines []string
	for _, code := range slices.Sorted(maps.Keys(c.traps)) {
		i := slices.IndexFunc(warnings, func(w calibrate.Warning) bool { return w.Code == code })
		if i < 0 {
			t.Errorf("no warning %s in %+v", code, warnings)
			continue
		}
		lines = append(lines, fmt.Sprintf("%s\n  command  %s\n  says     %s\n  try      %s\n  test     %s", code, asked, warnings[i].Text, warnings[i].Try, c.traps[code]))
	}
	return lines
}

// wordsOf splits a command as a shell does, as far as that knows single quotes only.
func wordsOf(command string) (words []string) {
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// tellDoctor has the traps that only calibrate doctor tells, of the servers that it finds.
func tellDoctor(t *testing.T) []string {
	s := start(t, []string{"VIRTUAL_ENV=" + filepath.Join(filepath.Dir(venvBin(t)), "nowlms")}, "doctor", "--json")
	s.end(t, time.Minute)
	var c calibrate.Checkup
	if err := json.Unmarshal([]byte(s.stdout.String()), &c); err != nil {
		t.Fatal(err)
	}
	found := map[string]calibrate.Warning{}
	for _, server := range c.Servers {
		for _, w := range server.Traps {
			found[server.Name+" "+w.Code] = w
		}
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(doctorsTraps)) {
		server, code, _ := strings.Cut(name, " ")
		w, is := found[name]
		if !is && slices.ContainsFunc(c.Servers, func(s calibrate.Server) bool { return s.Name == server }) {
			t.Errorf("calibrate doctor found %s, and doesn't tell %s", server, code)
		}
		if !is {
			lines = append(lines, fmt.Sprintf("%s\n  command  calibrate doctor, where %s is installed: not here\n  test     %s", code, server, doctorsTraps[name]))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s\n  command  calibrate doctor, where %s is installed\n  says     %s\n  try      %s\n  test     %s", code, server, w.Text, w.Try, doctorsTraps[name]))
	}
	return lines
}

var (
	// Where a warning is made: its code as text, or the name of a constant.
	warningMade = regexp.MustCompile(`(?:[wW]arn\(|Code: +)(?:"([a-z-]+)"|([A-Za-z.]+),)`)
)

// trapInTable is a row of a server's table of traps: its code as text or the name of a constant. Before it stand the
// server's type, or the name of a program that is any command.
var trapInTable = regexp.MustCompile(`func \((?:\w+ )?(\w+)\) Traps\(\)|\bName: "([\w-]+)"|` +
	`Warning: calibrate\.Warning\{(?:[ \t]*//.*)?\s*Code: +(?:"([a-z-]+)"|([A-Za-z.]+)),|(known\.NoLimit)\(`)

// trapsInSources are "server code" of every row.
func trapsInSources(t *testing.T, all string) (traps []string) {
	t.Helper()
	for _, sources := range foldersOf(t) {
		traps = append(traps, trapsOfFolder(t, all, sources)...)
	}
	if want := strings.Count(all, "Warning: calibrate.Warning{") + strings.Count(all, "known.NoLimit("); len(traps) != want || len(traps) < 30 {
		t.Errorf("%d rows found in the tables, of %d: the pattern doesn't find them", len(traps), want)
	}
	return traps
}

func trapsOfFolder(t *testing.T, all, sources string) (traps []string) {
	t.Helper()
	server := ""
	for _, m := range trapInTable.FindAllStringSubmatch(sources, -1) {
		switch {
		case m[1] != "":
			name := regexp.MustCompile(`func \((?:\w+ )?` + m[1] + `\) Name\(\) string \{ return (?:"([\w-]+)"|calibrate\.OtherServer) \}`).FindStringSubmatch(sources)
			if name == nil {
				t.Fatalf("the type %s has traps, but no name", m[1])
			}
			server = name[1]
		case m[2] != "":
			server = m[2]
		case m[5] != "":
			traps = append(traps, server+" no-request-limit")
		default:
			traps = append(traps, server+" "+codeIn(all, m[3], strings.TrimPrefix(m[4], "known.")))
		}
	}
	return traps
}

// Every trap of a server in calibrate/server is in a case of that server above, every other warning in its sources is in some
// case, and every test that is named there exists.
func TestTrapsAreAllThere(t *testing.T) {
	sources := sourcesOf(t, false)
	ofServer, known := casesKnown()
	for _, trap := range trapsInSources(t, sources) {
		if ofServer[trap] == "" {
			t.Errorf("no case provokes the trap %s", trap)
		}
	}
	found := 0
	for _, m := range warningMade.FindAllStringSubmatch(sources, -1) {
		code := codeIn(sources, m[1], strings.TrimPrefix(m[2], "known."))
		if found++; code != "" && known[code] == "" {
			t.Errorf("no case provokes the warning %s", code)
		}
	}
	if found < 30 {
		t.Errorf("%d warnings in the sources: the pattern doesn't find them", found)
	}
	theirTestsExist(t, ofServer)
	theirTestsExist(t, doubts)
}

// casesKnown are the tests of the cases above: by server and code, and by code alone.
func casesKnown() (ofServer, known map[string]string) {
	ofServer, known = maps.Clone(doctorsTraps), maps.Clone(doubts)
	for _, c := range trapCases {
		for code, test := range c.traps {
			ofServer[c.server+" "+code] = test
		}
	}
	for name, test := range ofServer {
		_, code, _ := strings.Cut(name, " ")
		known[code] = test
	}
	return ofServer, known
}

// codeIn is a code that is written as text, or as a constant of the sources; "" for another variable.
func codeIn(sources, text, constant string) string {
	if m := regexp.MustCompile(`\b` + constant + ` += "([a-z-]+)"`).FindStringSubmatch(sources); text == "" && m != nil {
		return m[1]
	}
	return text
}

func theirTestsExist(t *testing.T, named map[string]string) {
	t.Helper()
	tests := sourcesOf(t, true)
	for name, test := range named {
		if !strings.HasPrefix(test, "(") && !strings.Contains(tests, "\nfunc "+test+"(") {
			t.Errorf("%s: there is no %s", name, test)
		}
	}
}

// sourcesOf joins the files of calibrate/server: the tests, or all else.
func sourcesOf(t *testing.T, wantTests bool) string {
	t.Helper()
	var all strings.Builder
	eachSource(t, wantTests, func(_, text string) { all.WriteString(text) })
	return all.String()
}

// foldersOf are the same without the tests, folder by folder.
func foldersOf(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	eachSource(t, false, func(folder, text string) { all[folder] += text })
	return all
}

func eachSource(t *testing.T, wantTests bool, each func(folder, text string)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(filepath.Join("..", "..", "calibrate", "server"), func(file string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") != wantTests {
			return err
		}
		text, err := os.ReadFile(file)
		each(filepath.Dir(file), string(text))
		files++
		return err
	})
	if err != nil || files == 0 {
		t.Fatal(err, files)
	}
}
