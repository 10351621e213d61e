package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server"
	"workermem/report"
)

// loginFiles are an access log to replay, and the requests of a login to the fixture app, whose password is in the
// environment.
func loginFiles(t *testing.T) (log, before string) {
	t.Helper()
	dir := t.TempDir()
	log, before = filepath.Join(dir, "access.log"), filepath.Join(dir, "login.txt")
	form := filepath.Join(dir, "form")
	for name, text := range map[string]string{
		log: strings.Repeat(`10.0.0.1 - - [21/Nov/2026:09:30:00 +0000] "GET /shop?k=hunter2 HTTP/1.1" 200 12 "http://me:hunter2@shop.example/?k=hunter2" "curl hunter2"
10.0.0.1 - - [21/Nov/2026:09:30:00 +0000] "POST /buy HTTP/1.1" 302 12 "-" "curl"
`, 3),
		before: "GET /login\n\nPOST /login\n@" + form + "\n",
		form:   "csrf_token={{csrf_token}}&user=me&password=${SHOP_PASSWORD}",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return log, before
}

func replay(t *testing.T, password string) *session {
	t.Helper()
	log, before := loginFiles(t)
	return start(t, []string{"CALIBRATE_PASSWORD=hunter2&x", "SHOP_PASSWORD=" + password, "CALIBRATE_API_KEY=hunter2k", "API_KEY=hunter2k"},
		"run", "--targets", log, "--before", before, "--header-env", "X-Api-Key=API_KEY", "-H", "Cookie: theme=hunter2", "--env", "OTHER=hunter2", "--rate", "50", "--duration", "1s",
		"--", needServer(t, "gunicorn"), "--env", "DB_PASSWORD=hunter2", "login_app:app")
}

// A log is replayed on an app behind a login: every app that is started is logged in to, its pages are what is measured,
// and no secret is kept.
func TestE2EReplayBehindALogin(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := replay(t, "hunter2&x")
	if code := s.end(t, time.Minute); code != 0 && code != 4 { // 4: a second is too little for a verdict about creep
		t.Fatalf("exit code %d\n%s%s", code, s.stdout.String(), s.stderr.String())
	}
	r := s.result(t)
	if !r.Complete || r.Load.Requests < 40 || r.Load.Succeeded != r.Load.Requests || r.Load.ToLogin != 0 || len(r.Law.Runs) < 2 {
		t.Errorf("complete %v, %+v, %d shapes, %+v", r.Complete, r.Load, len(r.Law.Runs), r.Warnings)
	}
	if !slices.ContainsFunc(r.Warnings, func(w calibrate.Warning) bool {
		return w.Code == "targets-skipped" && strings.Contains(w.Text, "of the 6 lines of ") && strings.Contains(w.Text, "3 can be sent; left out are 3 POST")
	}) {
		t.Errorf("%+v", r.Warnings)
	}
	text, err := os.ReadFile(filepath.Join(s.dir, ".calibrate", "runs", latestLink, "app.log"))
	if err != nil {
		t.Fatal(err)
	}
	logins, turnedAway := strings.Count(string(text), "logged in"), strings.Count(string(text), "turned away")
	if apps := 1 + len(r.Law.Runs); logins != apps || turnedAway != apps { // with other threads, and with more workers, too
		t.Errorf("%d logins, %d requests without one, where %d apps' first ones are", logins, turnedAway, apps)
	}
	noSecret(t, s, "hunter2")
}

// noSecret reads all that a session has written, and then all that can be made of it: a secret that was given, and the cookie of the
// session that the app began, are nowhere.
func noSecret(t *testing.T, s *session, secret string) {
	t.Helper()
	texts := map[string]string{"stdout": s.stdout.String(), "stderr": s.stderr.String()}
	commands := [][]string{{"runs"}, {"runs", "--json"}, {"report", "--csv", "tables"}, {"report", "--html", "page.html"}, {"size", "latest", "--memory", "1G"}, {"check", "--limit", "peak <= 1MB"}}
	for _, format := range report.FormatNames(slices.Concat(report.Formats(), offeredExports(), []report.Format{report.Rows})) {
		commands = append(commands, []string{"report", "--format", format})
	}
	for _, kind := range report.EmitKinds(server.Known()) {
		commands = append(commands, []string{"emit", "--for", kind})
	}
	for _, command := range commands {
		show := exec.Command(s.Path, command...)
		show.Args[0], show.Dir, show.Env = "calibrate", s.dir, append(slices.Clone(s.Env), "GITHUB_ACTIONS=true", summaryVariable+"="+filepath.Join(s.dir, "summary.md"))
		out, err := show.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) || len(out) == 0 {
			t.Fatalf("%q: %v: %s", command, err, out)
		}
		texts[strings.Join(command, " ")] = string(out)
	}
	must(t, filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	}))
	for where, text := range texts {
		if strings.Contains(text, secret) || strings.Contains(text, "session=") {
			t.Errorf("a secret is in %s", where)
		}
	}
	if len(texts) < len(commands)+10 {
		t.Errorf("only %d texts were looked at", len(texts))
	}
}

func TestE2EWrongPassword(t *testing.T) {
	skipShort(t)
	t.Parallel()
	s := replay(t, "wrong")
	s.endsWith(t, 4, time.Minute)
	if said := s.stderr.String(); !strings.Contains(said, "form") || !strings.Contains(said, "password again") || !strings.Contains(said, "{{name}}") {
		t.Error(said)
	}
	noSecret(t, s, "hunter2")
}
