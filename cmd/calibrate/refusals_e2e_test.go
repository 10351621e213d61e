package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
)

// refusalCase is a load that isn't the app: what calibrate says of it first, and what to type then, which is in what it said.
type refusalCase struct {
	name  string
	env   string // of the app
	flags string
	says  []string
	then  string // flags of the run that works
	env2  string // of the app, then
}

const (
	refusingApp = "gunicorn refusing_app:app"
	rawServer   = "python $FIXTURES/raw.py {port}"
)

var refusalCases = []refusalCase{
	{name: "to https", flags: "--path /secure", says: []string{"answers 302 Found, a redirect to https://", "-H 'X-Forwarded-Proto: https'"}, then: "--path /secure -H 'X-Forwarded-Proto: https'"},
	{name: "to another path", flags: "--path /old", says: []string{"a redirect to /en/page", "--path /en/page"}, then: "--path /en/page"},
	{name: "to another host", flags: "--path /named", says: []string{"http://shop.example/named", "-H 'Host: shop.example'"}, then: "--path /named -H 'Host: shop.example'"},
	{name: "to a login", flags: "--path /private", says: []string{"a redirect to /login", "--before FILE"}, then: "--path /private --before login.txt"},
	{name: "to itself", flags: "--path /cookie", says: []string{"a redirect to /cookie", "--before FILE", "GET /cookie"}, then: "--path /cookie --before cookie.txt"},
	{name: "another name", env: "CALIBRATE_HOSTS=shop.example", says: []string{"answers 400", "ALLOWED_HOSTS", "-H 'Host: NAME'"}, then: "-H 'Host: shop.example'", env2: "CALIBRATE_HOSTS=shop.example"},
	{name: "localhost", env: "CALIBRATE_HOSTS=localhost", says: []string{"answers 400", "-H 'Host: localhost'"}, then: "-H 'Host: localhost'", env2: "CALIBRATE_HOSTS=localhost"},
	{name: "no query", flags: "--path /search", says: []string{"answers 400", "--path '/search?q=x'"}, then: "--path /search?q=x"},
	{name: "401", flags: "--path /basic", says: []string{"answers 401", "--header"}, then: "--path /basic --header 'Authorization: Basic bTpt'"},
	{name: "403", flags: "--path /key", says: []string{"answers 403", "--header"}, then: "--path /key --header 'X-Api-Key: 1'"},
	{name: "405", flags: "--path /form", says: []string{"answers 405", "POST, OPTIONS", "--targets FILE"}, then: "--targets form.txt"},
	{name: "426", flags: "--path /socket", says: []string{"answers 426", "websockets", "--path /health"}, then: "--path /health"},
	{name: "429", flags: "--path /limited", says: []string{"answers 429", "Retry-After", "--rate"}, then: "--path /limited --rate 20"},
	{name: "events", flags: "--path /events", says: []string{"an answer that does not end", "--path /health"}, then: "--path /health"},
	{name: "bytes", flags: "--path /stream --boot-deadline 4s", says: []string{"an answer that does not end", "--path /health"}, then: "--path /tokens"},
	{name: "9 MB of headers", flags: "--path /headers", says: []string{"more than 256 KB of headers", "another --path"}, then: "--path /"},
	{name: "no more files", env: "CALIBRATE_FILES=64", flags: "--path /files", says: []string{"may open no more files", "ulimit -n"}, then: "--path /files --rate 20", env2: "CALIBRATE_FILES=10000"},
	{name: "raw malformed", flags: "--path /malformed", says: []string{"isn't HTTP/1", "--path that answers HTTP/1.1"}, then: "--path /"},
	{name: "raw bare", flags: "--path /bare", says: []string{"HTTP/0.9", "--path that answers HTTP/1.1"}, then: "--path /"},
	{name: "raw TLS", flags: "--path /tls", says: []string{"isn't HTTP/1", "TLS", "--path that answers HTTP/1.1"}, then: "--path /"},
}

// What most people meet with a load that isn't the app ends at once, with exit code 4 and one screen, and what it says to type
// next leads to a run with an answer.
func TestE2ERefusals(t *testing.T) {
	skipShort(t)
	needServer(t, "gunicorn")
	files := t.TempDir()
	for name, text := range map[string]string{
		"login.txt": "POST /login\n", "cookie.txt": "GET /cookie\n", "form.txt": "POST /form\n@" + filepath.Join(files, "body") + "\n", "body": "x=1",
	} {
		if err := os.WriteFile(filepath.Join(files, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first := make([]*session, len(refusalCases))
	for i, c := range refusalCases {
		first[i] = c.start(t, c.env, c.flags, files)
	}
	then := make([]*session, len(refusalCases))
	for i, c := range refusalCases {
		c.refused(t, first[i])
		then[i] = c.start(t, c.env2, "--quick --max-soak 2s --rate 30 "+c.then, files)
	}
	for i, c := range refusalCases {
		c.works(t, then[i])
	}
}

// An app that is fast for its first seconds only is not loaded by what those promised: the rate is lowered, and said.
func TestE2ELoadIsLowered(t *testing.T) {
	skipShort(t)
	s := start(t, nil, "run", "--quick", "--max-soak", "4s", "--path", "/tiring", "--", needServer(t, "gunicorn"), "refusing_app:app")
	s.end(t, 2*time.Minute)
	r := s.result(t)
	l := r.Load.Lowered
	if l == nil || l.ToRate > 0.75/0.04 || l.FromRate < 2*l.ToRate || r.Load.RateAsked != l.ToRate {
		t.Fatalf("%+v, %+v\n%s", l, r.Load, s.stderr.String())
	}
	if p50 := *r.Load.LatencySeconds.P50; p50 > l.P50Seconds/2 || !strings.Contains(s.stdout.String(), "load-lowered") {
		t.Errorf("p50 %v s of the soak, %v before\n%s", p50, l.P50Seconds, s.stdout.String())
	}
}

func (c refusalCase) start(t *testing.T, env, flags, files string) *session {
	t.Helper()
	command := refusingApp
	if strings.HasPrefix(c.name, "raw ") {
		command = rawServer
	}
	args := []string{"run"}
	for _, word := range wordsOf(flags) {
		if strings.HasSuffix(word, ".txt") {
			word = filepath.Join(files, word)
		}
		args = append(args, word)
	}
	return start(t, strings.Fields(env), append(append(args, "--"), typed(t, wordsOf(command))...)...)
}

func (c refusalCase) refused(t *testing.T, s *session) {
	t.Helper()
	code := s.end(t, 2*time.Minute)
	said := squeezed(s.stderr.String())
	if code != 4 {
		t.Errorf("%s: exit code %d", c.name, code)
	}
	for _, words := range c.says {
		if !strings.Contains(said, words) {
			t.Errorf("%s: it doesn't say %q:\n%s", c.name, words, s.stderr.String())
		}
	}
	message := s.stderr.String()[max(0, strings.Index(s.stderr.String(), "error: ")):]
	if lines := strings.Count(message, "\n"); lines > 24 {
		t.Errorf("%s: %d lines are more than a screen", c.name, lines)
	}
}

func (c refusalCase) works(t *testing.T, s *session) {
	t.Helper()
	code := s.end(t, 3*time.Minute)
	r := s.result(t)
	if rec := r.Recommendation; !r.Complete || rec.Withheld != nil || rec.Workers == 0 || code != 0 && code != int(calibrate.KindInconclusive) { // 4: so short a soak may not be enough for a verdict
		t.Errorf("%s: %s: exit code %d, %+v\n%s%s", c.name, c.then, code, rec.Withheld, s.stdout.String(), s.stderr.String())
	}
}
