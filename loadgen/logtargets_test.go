package loadgen

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"workermem/calibrate"
)

const at = "[21/Nov/2026:09:30:00 +0000]"

// good is a line of a log.
func good(path string) string {
	return `10.0.0.1 - - ` + at + ` "GET ` + path + ` HTTP/1.1" 200 12` + "\n"
}

func TestReadLog(t *testing.T) {
	for name, row := range map[string]struct{ text, want, skipped string }{
		"common":                         {`10.0.0.1 - - ` + at + ` "GET /a?b=1 HTTP/1.0" 200 2326`, "GET /a?b=1", ""},
		"combined, of Apache":            {`10.0.0.1 - frank ` + at + ` "GET /a HTTP/1.1" 200 2326 "http://shop/?k=hunter2" "Mozilla/5.0 (X11) \"x\" [en]"`, "GET /a", ""},
		"combined, of nginx":             {`10.0.0.1 - - ` + at + ` "HEAD /a HTTP/2.0" 304 0 "-" "curl/8.5.0"`, "HEAD /a", ""},
		"of Gunicorn, without a size":    {`127.0.0.1 - - ` + at + ` "GET / HTTP/1.1" 302 - "-" "-"`, "GET /", ""},
		"of Werkzeug: another time":      {`127.0.0.1 - - [21/Nov/2026 09:30:00] "GET / HTTP/1.1" 200 -`, "GET /", ""},
		"with the virtual host":          {`shop.example:443 10.0.0.1 - - ` + at + ` "GET /a HTTP/1.1" 200 1`, "GET /a", ""},
		"IPv6, mapped IPv4, a name":      {"2001:db8::1 - - " + at + ` "GET /a HTTP/1.1" 200 1` + "\n::ffff:10.0.0.1 - - " + at + ` "GET /a HTTP/1.1" 200 1` + "\nclient.example - - " + at + ` "GET /a HTTP/1.1" 200 1`, "GET /a; GET /a; GET /a", ""},
		"a user with blanks":             {`10.0.0.1 - john [x] doe ` + at + ` "GET /a HTTP/1.1" 200 1`, "GET /a", ""},
		"two clients before a proxy":     {`10.0.0.1, 10.0.0.2 - - ` + at + ` "GET /a HTTP/1.1" 200 1`, "GET /a", ""},
		"escaped quotes":                 {`10.0.0.1 - - ` + at + ` "GET /a?q=\"b\" HTTP/1.1" 200 1` + "\n" + `10.0.0.1 - - ` + at + ` "GET /a?q=\x22b\x22 HTTP/1.1" 200 1`, `GET /a?q="b"; GET /a?q="b"`, ""},
		"UTF-8, escaped and as it is":    {`10.0.0.1 - - ` + at + ` "GET /\xc3\xa9 HTTP/1.1" 200 1` + "\n" + `10.0.0.1 - - ` + at + ` "GET /é HTTP/1.1" 200 1`, "GET /%C3%A9; GET /%C3%A9", ""},
		"an absolute URL":                {`10.0.0.1 - - ` + at + ` "GET http://shop.example/a?b HTTP/1.1" 200 1`, "GET /a?b", ""},
		"lines of Windows":               {strings.ReplaceAll(good("/a")+good("/a"), "\n", "\r\n"), "GET /a; GET /a", ""},
		"garbage first":                  {"-- Logs begin at Mon --\n" + good("/a") + good("/a"), "GET /a; GET /a", "of the 3 lines of a.log, 2 can be sent; left out are 1 that can't be read"},
		"other methods":                  {good("/a") + strings.ReplaceAll(good("/b"), "GET", "POST") + strings.ReplaceAll(good("/b"), "GET", "PROPFIND"), "GET /a", "of the 3 lines of a.log, 1 can be sent; left out are 1 POST, 1 of other methods"},
		"failures":                       {good("/a") + strings.ReplaceAll(good("/b"), " 200 ", " 404 ") + strings.ReplaceAll(good("/b"), " 200 ", " 500 ") + strings.ReplaceAll(good("/b"), " 200 ", " 101 "), "GET /a", "of the 4 lines of a.log, 1 can be sent; left out are 3 answered by neither 2xx nor 3xx"},
		"TLS, nothing, half a request":   {good("/a") + `10.0.0.1 - - ` + at + ` "\x16\x03\x01\x02" 400 1` + "\n" + `10.0.0.1 - - ` + at + ` "-" 408 -` + "\n" + `10.0.0.1 - - ` + at + ` "" 400 0` + "\n" + `10.0.0.1 - - ` + at + ` "GET /b" 200 1` + "\n", "GET /a", "of the 5 lines of a.log, 1 can be sent; left out are 4 without a request that can be sent"},
		"a blank, a control, a bad URL":  {good("/a") + good("/a b") + good(`/a\x00`) + good("/%zz") + good("*"), "GET /a", "of the 5 lines of a.log, 1 can be sent; left out are 4 without a request that can be sent"},
		"other virtual hosts":            {"a.example:80 " + good("/a") + "b.example:80 " + good("/b") + "A.example:443 " + good("/a"), "GET /a; GET /a", "of the 3 lines of a.log, 2 can be sent; left out are 1 for other hosts"},
		"a line cut at its end":          {good("/a") + `10.0.0.1 - - ` + at + ` "GET /b HT`, "GET /a", "of the 2 lines of a.log, 1 can be sent; left out are 1 that can't be read"},
		"a line longer than any request": {good("/a") + good("/"+strings.Repeat("b", lookAhead)) + good("/a"), "GET /a; GET /a", "of the 3 lines of a.log, 2 can be sent; left out are 1 that can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			targets, err := ReadTargets("a.log", strings.NewReader(row.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := told(targets); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			if got := noted(targets, "targets-skipped"); got != row.skipped {
				t.Errorf("got  %s\nwant %s", got, row.skipped)
			}
			if err := targets.Check(nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// noted is the text of a warning.
func noted(t Targets, code string) string {
	for _, w := range t.Warnings() {
		if w.Code == code {
			return w.Text
		}
	}
	return ""
}

func TestReadLogRefuses(t *testing.T) {
	post := strings.ReplaceAll(good("/a"), "GET", "POST")
	for name, row := range map[string]struct {
		text    string
		methods []string
		want    string
	}{
		"mostly garbage":           {good("/a") + "\nx?k=hunter2\ny\n", nil, "a.log line 3: 2 of 3 lines can't be read as an access log's, the first of them: ***"},
		"nothing to send":          {post + post, nil, "a.log holds no request to send; of its 2 lines, left out are 2 POST"},
		"methods that have bodies": {post, []string{"GET", "POST"}, "a.log is an access log, and a POST without its body is another request"},
		"methods of a list":        {"GET /", []string{"GET"}, "a.log is neither an access log nor a HAR: a list of requests names its methods itself"},
		"a list, a log in it":      {"GET /\n# " + good("/a") + "x", nil, "a.log line 3: this header has no colon: x"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadTargets("a.log", strings.NewReader(row.text), row.methods...)
			if got := usage(t, err); got.What != row.want {
				t.Errorf("got  %s\nwant %s", got.What, row.want)
			}
		})
	}
	targets, err := ReadTargets("a.log", strings.NewReader(strings.ReplaceAll(good("/a"), "GET", "DELETE")), "DELETE")
	if err != nil || told(targets) != "DELETE /a" {
		t.Errorf("%s, %v", told(targets), err)
	}
}

// A request that stands there more often is sent more often; the most frequent one comes first, and is asked for readiness.
func TestReadLogKeepsProportions(t *testing.T) {
	text := strings.Repeat(good("/rare")+strings.Repeat(good("/often"), 9), 100)
	targets, err := ReadTargets("a.log", strings.NewReader(text))
	if err != nil || targets.Len() != 1000 || noted(targets, "targets-sampled") != "" {
		t.Fatalf("%d, %v", targets.Len(), err)
	}
	if _, path, _ := targets.First(); path != "/often" {
		t.Error(path)
	}
	rare := 0
	for _, one := range targets.list[:300] { // of any part, too
		if one.path == "/rare" {
			rare++
		}
	}
	if rare < 15 || rare > 50 {
		t.Errorf("%d of 300 where 30 would be even", rare)
	}
}

// A log of more requests than are kept is sampled evenly, and in little memory.
func TestReadLogOfAnySize(t *testing.T) {
	const lines = 120_000
	targets, err := ReadTargets("a.log", &longLog{lines: lines})
	if err != nil || targets.Len() != maxTargets {
		t.Fatal(targets.Len(), err)
	}
	if got, want := noted(targets, "targets-sampled"), "a.log holds 120 000 requests that can be sent; an even sample of 100 000 of them is"; got != want {
		t.Error(got)
	}
	var tenths [10]int
	for _, one := range targets.list {
		tenths[(one.line-1)*10/lines]++
	}
	for i, n := range tenths {
		if n < 9_800 || n > 10_200 { // 10 000, five standard deviations of 39
			t.Errorf("%d of the %dth tenth", n, i+1)
		}
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	if memory.HeapAlloc > 64<<20 {
		t.Errorf("%d MB are held", memory.HeapAlloc>>20)
	}
	runtime.KeepAlive(targets)
}

// The same log gives the same load.
func TestReservoirIsTheSameTwice(t *testing.T) {
	read := func() []target {
		r := newReservoir(100)
		for line := range 1000 {
			r.add(target{line: line})
		}
		return r.mixed()
	}
	first, second := read(), read()
	for i := range first {
		if first[i].line != second[i].line {
			t.Fatal("another sample the second time")
		}
	}
}

// longLog is a log of distinct lines.
type longLog struct {
	lines, line int
	left        []byte
}

func (l *longLog) Read(p []byte) (int, error) {
	if len(l.left) == 0 {
		if l.line == l.lines {
			return 0, io.EOF
		}
		l.line++
		l.left = fmt.Appendf(l.left[:0], "%s", good(fmt.Sprintf("/page/%08d?of=a-log-that-is-long", l.line)))
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	return n, nil
}

// Paths as long as the lines may be don't fill the memory either.
func TestReservoirHoldsSoManyBytes(t *testing.T) {
	r := newReservoir(maxTargets)
	long := strings.Repeat("a", 32<<10)
	for line := range 10_000 {
		r.add(target{line: line, path: long})
	}
	if r.held > maxHeld || r.seen != 10_000 || len(r.kept) < 500 || r.held != len(r.kept)*len(long) {
		t.Errorf("%d bytes of %d in %d", r.held, r.seen, len(r.kept))
	}
	late := 0
	for _, one := range r.kept {
		if one.line >= 5_000 {
			late++
		}
	}
	if late < len(r.kept)*4/10 || late > len(r.kept)*6/10 {
		t.Errorf("%d of %d from the second half", late, len(r.kept))
	}
}

func FuzzReadLog(f *testing.F) {
	for _, seed := range []string{
		good("/"), `h:1 ::1 - - ` + at + ` "GET /\x16\"\\ HTTP/1.1" 200 1`, `a [:] "" 200 `, `a [:] "\`, "x\n" + good("/a"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		targets, err := ReadTargets("t", strings.NewReader(good("/first")+text))
		if err != nil {
			usage(t, err)
			return
		}
		sendable(t, targets)
	})
}

// sendable requests go to the app, and to nobody else.
func sendable(t *testing.T, targets Targets) {
	t.Helper()
	if targets.Len() == 0 || targets.Check(nil) != nil {
		t.Fatal("accepted, and not to be sent")
	}
	for _, one := range targets.rebase("http://127.0.0.1:1", nil) {
		req, err := one.Request()
		if err != nil || req.URL.Host != "127.0.0.1:1" || req.Host != "127.0.0.1:1" || req.Header.Get("Authorization")+req.Header.Get("Cookie") != "" {
			t.Fatalf("%+v makes %v, %v", one, req, err)
		}
		if err := req.Write(io.Discard); err != nil {
			t.Fatalf("%+v: %v", one, err)
		}
	}
	for _, w := range targets.Warnings() {
		if w.Code == "" || w.Try == "" || calibrate.RedactText(w.Text) != w.Text || bytes.ContainsAny([]byte(w.Text), "\n\x00") {
			t.Errorf("%+v", w)
		}
	}
}

func BenchmarkReadLog(b *testing.B) {
	for b.Loop() {
		if _, err := ReadTargets("a.log", &longLog{lines: 10_000}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/10_000, "ns/line")
}

// A replay must not log out what --before has logged in.
func TestLogLeavesOutLogouts(t *testing.T) {
	const line = `127.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET %s HTTP/1.1" 200 10` + "\n"
	var log strings.Builder
	for _, path := range []string{"/", "/logout", "/user/log-out?next=/", "/signoff", "/logouts-of-old", "/blog/outdoor"} {
		fmt.Fprintf(&log, line, path)
	}
	targets, err := ReadTargets("access.log", strings.NewReader(log.String()))
	if err != nil {
		t.Fatal(err)
	}
	notes := targets.Warnings()
	if targets.Len() != 3 || len(notes) != 1 || !strings.Contains(notes[0].Text, "3 to log out") {
		t.Errorf("%d requests, %+v; want 3, and 3 left out", targets.Len(), notes)
	}
}
