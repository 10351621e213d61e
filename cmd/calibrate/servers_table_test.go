package main

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"workermem/calibrate"
)

var (
	tabled  = flag.Bool("table", false, "measure every server as a user does, a row each (make table)")
	keepRun = flag.String("table-runs", "", "folder to keep the runs of the table in")
)

// tableCase is an app on a server, as a user measures it: calibrate run FLAGS -- COMMAND.
type tableCase struct {
	name    string
	command []string // $FIXTURES and $VENV stand for their folders
	truth   float64  // bytes that a request keeps; 0: the app has no known leak
	app     string   // folder of fixtures that its PYTHONPATH is, if it isn't wsgi
	flags   []string
	setUp   func(t *testing.T, c *tableCase)
	known   string // what is known to be wrong with the row, and why

	inherited []string // NAME=VALUE of calibrate's own environment
}

const tableKeeps = 16 << 10

// What a request really keeps that keeps so many bytes: glibc's block of them, and the runtime's own object. Each was
// found by a loop without a server, which read its resident set after 1000 and after 6000 rounds, and is within 1 %.
var (
	pythonKeeps = keptBytes(tableKeeps)
	rubyKeeps   = float64(tableKeeps + 16 + 40 + 10) // the object, and its place in an array that grows by half
	phpKeeps    = float64(tableKeeps + 16)           // the C library's alone
	nodeKeeps   = float64(tableKeeps + 16 + 460)     // Buffer, ArrayBuffer, and the handles and the store that V8 and Node have for them
)

// truthDoubt is how exactly those are known.
const truthDoubt = 0.01

var tableCases = []tableCase{
	{name: "gunicorn sync, Flask", command: []string{"gunicorn", "app:app"}, truth: pythonKeeps},
	{name: "gunicorn gthread, Flask", command: []string{"gunicorn", "--threads", "4", "app:app"}, truth: pythonKeeps},
	{name: "gunicorn --preload, Django", command: []string{"gunicorn", "--preload", "django_app:application"}, truth: pythonKeeps},
	{name: "gunicorn UvicornWorker, FastAPI", command: []string{"gunicorn", "-k", "uvicorn.workers.UvicornWorker", "app:app"}, truth: pythonKeeps, app: "asgi"},
	{name: "gunicorn in a shell, Flask", command: []string{"sh", "-c",
		"cd / && exec gunicorn --bind 127.0.0.1:{port} --workers {workers} --max-requests {max_requests} app:app"}, truth: pythonKeeps, flags: []string{"--threads", "1"}},
	{name: "uvicorn, FastAPI", command: []string{"uvicorn", "--log-level", "warning", "app:app"}, truth: pythonKeeps, app: "asgi"},
	{name: "uvicorn --workers 2, FastAPI", command: []string{"uvicorn", "--log-level", "warning", "--workers", "2", "app:app"}, truth: pythonKeeps, app: "asgi"},
	{name: "NOW LMS, lmsctl", command: []string{"$VENV/nowlms/bin/lmsctl", "serve", "--wsgi-server", "gunicorn"}, setUp: tableLMS},
	{name: "NOW LMS, gunicorn", command: []string{"$VENV/nowlms/bin/gunicorn", "--preload", "--threads", "2", "now_lms:lms_app"}, setUp: tableLMS},
	{name: "NOW LMS, logged in", command: []string{"$VENV/nowlms/bin/gunicorn", "--preload", "--threads", "2", "now_lms:lms_app"}, setUp: tableLogin},
	{name: "Hypercorn, FastAPI", command: []string{"hypercorn", "app:app"}, truth: pythonKeeps, app: "asgi"},
	{name: "Granian, FastAPI", command: []string{"granian", "--interface", "asgi", "app:app"}, truth: pythonKeeps, app: "asgi"},
	{name: "Waitress, Flask", command: []string{"waitress-serve", "app:app"}, truth: pythonKeeps},
	{name: "PyPNM", command: []string{"$VENV/pypnm/bin/pypnm", "serve"}},
	{name: "Apache mod_wsgi, Pyramid", command: []string{"/usr/sbin/apache2", "-C", "Define FIXTURES $FIXTURES", "-f", "$FIXTURES/apache/pyramid.conf"}, truth: pythonKeeps},
	{name: "mod_wsgi-express, Pyramid", command: []string{"$VENV/express/bin/mod_wsgi-express", "start-server", "--application-type", "module", "pyramid_app",
		"--working-directory", "$FIXTURES/wsgi", "--python-path", "$FIXTURES/wsgi", "--python-path", "$VENV/site-packages", "--user", "www-data", "--group", "www-data"}, truth: pythonKeeps, setUp: takesRoot},
	{name: "uWSGI, Django", command: []string{"uwsgi", "--plugin", "python3", "--master", "--pythonpath", "$VENV/site-packages", "--module", "django_app:application"}, truth: pythonKeeps},
	{name: "Puma, Rack", command: []string{"puma", "--no-config", "$FIXTURES/rack/config.ru"}, truth: rubyKeeps},
	{name: "Puma, Sinatra", command: []string{"puma", "--no-config", "$FIXTURES/rack/sinatra.ru"}, truth: rubyKeeps},
	{name: "php-fpm behind Apache", command: []string{"$FIXTURES/php/serve.sh"}, truth: phpKeeps,
		flags: []string{"--threads", "1", "--env", "PORT={port}", "--env", "PHP_WORKERS={workers}", "--env", "PHP_MAX_REQUESTS={max_requests}"}},
	{name: "Node cluster", command: []string{"node", "$FIXTURES/node/server.js"}, truth: nodeKeeps, flags: []string{"--env", "PORT={port}", "--env", "WORKERS={workers}"}},
	{name: "the demo", command: []string{"demo"}},
}

// typed is a command with its folders in place of their names. It skips where the server isn't installed.
func typed(t *testing.T, words []string) []string {
	t.Helper()
	folders := strings.NewReplacer("$FIXTURES", fixtures(t), "$VENV", filepath.Dir(venvBin(t)))
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = folders.Replace(word)
	}
	if _, err := os.Stat(filepath.Join(venvBin(t), all[0])); err != nil {
		needTool(t, all[0])
	}
	return all
}

const longestCommand = 110

// short is a command as it is told: without the folders, and not longer than a line has room for.
func short(words []string) string {
	text := strings.NewReplacer("-C Define FIXTURES $FIXTURES ", "", "$FIXTURES/", "", "$VENV/", "", "/usr/sbin/", "").Replace(strings.Join(words, " "))
	if len(text) > longestCommand {
		text = text[:longestCommand] + " ..."
	}
	return text
}

// takesRoot skips where a server can't change its user.
func takesRoot(t *testing.T, _ *tableCase) {
	if os.Getuid() != 0 {
		t.Skip("takes root")
	}
}

func tableLMS(t *testing.T, c *tableCase) {
	var p proofCase
	nowLMS(t, &p)
	c.inherited = p.inherited
}

// tableLogin is NOW LMS behind its login, as the admin that its first start makes; the load asks for the admin's panel.
func tableLogin(t *testing.T, c *tableCase) {
	tableLMS(t, c)
	c.inherited = append(c.inherited, "LMS_PASSWORD="+lmsPassword)
	c.flags = append(slices.Clone(c.flags), "--before", lmsLogin(t), "--path", lmsPanel)
}

// The page of NOW LMS's admin, and what logs in to it; the password is taken from LMS_PASSWORD.
const lmsPanel, lmsPassword = "/admin/panel", "lms-admin"

func lmsLogin(t *testing.T) (before string) {
	dir := t.TempDir()
	form, before := filepath.Join(dir, "form"), filepath.Join(dir, "login.txt")
	for file, text := range map[string]string{
		form:   "csrf_token={{csrf_token}}&usuario=lms-admin&acceso=${LMS_PASSWORD}",
		before: "GET /user/login\n\nPOST /user/login\n@" + form + "\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return before
}

// TestTable measures every server that calibrate knows, and a few that it doesn't.
func TestTable(t *testing.T) {
	if !*tabled {
		t.Skip("runs for about twenty minutes: make table")
	}
	var all []tableRow
	defer func() { t.Logf("\n%s", rowsTable(all)) }()
	for _, c := range tableCases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			row := c.measure(t)
			all = append(all, row)
			t.Logf("\n%s", rowsTable([]tableRow{row}))
			row.check(t)
		})
	}
}

// tableRow is one server, and what was found of it.
type tableRow struct {
	name, command, known string
	truth                float64
	exit                 int
	left                 []int // processes
	calibrate.Result
}

func (c tableCase) measure(t *testing.T) tableRow {
	if c.setUp != nil {
		c.setUp(t, &c)
	}
	s := start(t, c.inherited, c.args(t)...)
	row := tableRow{name: c.name, command: short(c.command), known: c.known, truth: c.truth, exit: s.end(t, 5*time.Minute)}
	row.left = s.left(5 * time.Second)
	if row.exit != 0 && row.exit != int(calibrate.KindInconclusive) && row.exit != int(calibrate.KindNothingFits) {
		t.Fatalf("exit code %d\n%s", row.exit, s.stderr.String())
	}
	row.Result = s.result(t)
	if row.Truth != nil {
		row.truth = row.Truth.KeptBytesPerRequest
	}
	for _, w := range row.Warnings {
		t.Logf("warning %s: %s", w.Code, w.Text)
	}
	s.keep(t, *keepRun, c.name)
	return row
}

// args are those of calibrate.
func (c tableCase) args(t *testing.T) []string {
	if c.command[0] == "demo" {
		return c.command
	}
	command := typed(t, c.command)
	args := slices.Concat([]string{"run", "--memory", "1G", "--env", "PYTHONPATH=" + filepath.Join(fixtures(t), cmp.Or(c.app, "wsgi"))}, c.flags)
	if c.truth > 0 {
		args = append(args, "--env", fmt.Sprintf("CALIBRATE_KEEP_BYTES=%d", tableKeeps))
	}
	return slices.Concat(args, []string{"--"}, command)
}

// keep copies the session's run into a folder of the row's name, where that was asked for by naming one for all of them.
func (s *session) keep(t *testing.T, folder, name string) {
	if folder == "" {
		return
	}
	to := filepath.Join(folder, strings.ReplaceAll(name, " ", "_"))
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(filepath.Join(s.dir, ".calibrate", "runs", latestLink))); err != nil {
		t.Fatal(err)
	}
}

func (r tableRow) check(t *testing.T) {
	for _, wrong := range r.wrongs() {
		if r.known == "" {
			t.Error(wrong)
			continue
		}
		t.Logf("known (%s): %s", r.known, wrong)
	}
	if r.Target.Killed > 0 {
		t.Errorf("%d processes had to be killed", r.Target.Killed)
	}
	if len(r.left) > 0 {
		t.Errorf("left behind: %v", r.left)
	}
}

// wrongs are what of the row is not as the truth is.
func (r tableRow) wrongs() (all []string) {
	switch c := r.Creep; {
	case r.truth == 0:
	case c.BytesPerRequest == nil || c.Low == nil || c.High == nil:
		all = append(all, "no slope")
	default:
		if off := *c.BytesPerRequest/r.truth - 1; math.Abs(off) > 0.05 {
			all = append(all, fmt.Sprintf("%.0f B a request, truth %.0f: more than 5 %% off", *c.BytesPerRequest, r.truth))
		}
		if !r.holds() {
			all = append(all, fmt.Sprintf("the interval %.0f to %.0f doesn't hold %.0f", *c.Low, *c.High, r.truth))
		}
		if c.Verdict != "creeping" {
			all = append(all, "the verdict is "+string(c.Verdict))
		}
	}
	return all
}

// holds says whether the interval has the truth in it, which is itself known to one per cent.
func (r tableRow) holds() bool {
	return *r.Creep.Low <= r.truth*(1+truthDoubt) && r.truth*(1-truthDoubt) <= *r.Creep.High
}

func rowsTable(all []tableRow) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "app\tserver\tcommand\tworker found by\tboot s\tidle MB\tpeak MB\tone more MB\tcreep B\tinterval\ttruth B\toff\tholds\tverdict\t"+
		"workers x threads, max-requests\tstop s\tkilled\tleft\texit\trun s\tknown")
	for _, r := range all {
		slope, interval, truth, off, holds := r.creepCells()
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.2f\t%.1f\t%.1f\t%.1f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.2f\t%d\t%d\t%d\t%.0f\t%s\n",
			r.name, strings.TrimSpace(r.Target.Server+" "+r.Target.ServerVersion), r.command, r.Target.WorkerRule, r.Target.BootSeconds,
			mb(r.Worker.IdleRSSBytes), mb(r.Worker.PeakRSSBytes), mb(r.Worker.MarginalBytes), slope, interval, truth, off, holds, r.Creep.Verdict,
			r.recommended(), r.Target.StopSeconds, r.Target.Killed, len(r.left), r.exit, r.DurationSeconds, cmp.Or(r.known, "-"))
	}
	w.Flush()
	return b.String()
}

// creepCells are the cells of the slope, "-" if there is nothing to say.
func (r tableRow) creepCells() (slope, interval, truth, off, holds string) {
	slope, interval, truth, off, holds = "-", "-", "-", "-", "-"
	c, fitted := r.Creep, r.Creep.BytesPerRequest != nil && r.Creep.Low != nil && r.Creep.High != nil
	if fitted {
		slope, interval = fmt.Sprintf("%.0f", *c.BytesPerRequest), fmt.Sprintf("%.0f to %.0f", *c.Low, *c.High)
	}
	if r.truth > 0 {
		truth = fmt.Sprintf("%.0f", r.truth)
	}
	if fitted && r.truth > 0 {
		off, holds = fmt.Sprintf("%+.1f %%", 100*(*c.BytesPerRequest/r.truth-1)), fmt.Sprint(r.holds())
	}
	return slope, interval, truth, off, holds
}

// recommended is "4 x 2, 1000+100": workers, threads, max-requests and jitter; without threads where the server has none.
func (r tableRow) recommended() string {
	o := r.Recommendation
	switch {
	case o.Withheld != nil:
		return "withheld: " + string(o.Withheld.Kind)
	case o.NothingFits:
		return "nothing fits"
	}
	shape, recycling := fmt.Sprint(o.Workers), ", none"
	if o.Threads > 0 {
		shape += fmt.Sprintf(" x %d", o.Threads)
	}
	if o.MaxRequests > 0 {
		recycling = fmt.Sprintf(", %d+%d", o.MaxRequests, o.MaxRequestsJitter)
	}
	return shape + recycling
}
