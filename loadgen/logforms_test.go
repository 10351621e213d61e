package loadgen

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"workermem/calibrate"
)

// logged are lines as they come, a reading ten times a second.
func logged(seconds int, reading func(r *rand.Rand, at int) []string) calibrate.LogSeen {
	f, r := newForms(), rand.New(rand.NewPCG(1, 2))
	for at := range seconds * 10 {
		for _, line := range reading(r, at) {
			f.add([]byte(line))
		}
		f.read()
	}
	return f.seen()
}

func combined(at int, path string, size int) string {
	return fmt.Sprintf(`10.0.0.7 - - [29/Nov/2026:14:00:%02d +0000] "GET %s HTTP/1.1" 200 %d "-" "curl/8.5 (x y)"`, at/10%60, path, size)
}

func TestFormsOfALog(t *testing.T) {
	inApp := func(path string) string { return "2026-11-29 14:00:01,123 INFO app GET " + path + " 200 0.003s" }
	path := func(r *rand.Rand) string { return fmt.Sprintf("/page/%d", r.IntN(40)) }
	for name, c := range map[string]struct {
		reading func(r *rand.Rand, at int) []string
		says    func(s calibrate.LogSeen) bool
	}{
		"one form": {func(r *rand.Rand, at int) (l []string) {
			return []string{combined(at, path(r), r.IntN(1000)), combined(at, "/"+"?a=b c", 7)}
		}, func(s calibrate.LogSeen) bool { return s.FirstForm == s.Lines && s.SecondForm == 0 }},
		"two of each request": {func(r *rand.Rand, at int) (l []string) {
			for range r.IntN(8) {
				p := path(r)
				l = append(l, inApp(p+"?x=1"), combined(at, p, 5))
			}
			return l
		}, func(s calibrate.LogSeen) bool {
			return s.FirstForm == s.SecondForm && s.FormsApart == 0 && s.Pathed == s.Lines && s.PathsApart == 0 && s.Twins < s.Lines/20
		}},
		"two servers by chance": {func(r *rand.Rand, at int) (l []string) {
			for range r.IntN(8) {
				if r.IntN(2) == 0 {
					l = append(l, inApp(path(r)))
				} else {
					l = append(l, combined(at, path(r), 5))
				}
			}
			return l
		}, func(s calibrate.LogSeen) bool { return s.FormsApart > 15 && s.PathsApart > s.Lines/20 }},
		"every line twice": {func(r *rand.Rand, at int) (l []string) {
			for range 1 + r.IntN(4) {
				line := combined(at, path(r), r.IntN(1_000_000))
				l = append(l, line, line)
			}
			return l
		}, func(s calibrate.LogSeen) bool { return s.Twins >= s.Lines*95/100 }},
		"steady load of two requests a reading": {func(_ *rand.Rand, at int) []string {
			return []string{combined(at, "/", 5), combined(at, "/", 5)}
		}, func(s calibrate.LogSeen) bool { return s.Twins == 0 }},
		"a check twice a second": {func(_ *rand.Rand, at int) []string {
			if at%5 != 0 {
				return nil
			}
			return []string{combined(at, "/health", 5)}
		}, func(s calibrate.LogSeen) bool { return s.Twins == 0 }},
	} {
		if s := logged(60, c.reading); !c.says(s) {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestFormOfLines(t *testing.T) {
	for line, want := range map[string]string{
		`127.0.0.1 - - [29/Nov/2026:14:00:01 +0000] "GET / HTTP/1.1" 200 5 "-" "a \" b"`: `...["..""`,
		`127.0.0.1 - bob [29/Nov/2026:14:00:01 +0000] "GET /x HTTP/1.1" 404 - "x" "y z"`: `...["..""`,
		`web:80 127.0.0.1 - - [t] "GET /" 200 5`:                                         `....["..`,
		`{"path": "/", "status": 200}`:                                                   `{`,
		`INFO app: GET / -> 200`:                                                         `......`,
		`[unclosed "open`:                                                                `[.".`,
		``:                                                                               ``,
	} {
		if got := formOf([]byte(line)); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// Lines arrive in pieces, and are told apart as wholes.
func TestLogIsReadInPieces(t *testing.T) {
	path, log := accessLog(t)
	for range 3 {
		add(t, path, "10.0.0.1 - - [t] \"GET / ")
		log.Answered()
		add(t, path, "HTTP/1.1\" 200 5\n")
		log.Answered()
	}
	if s := log.Seen(); s.Lines != 3 || s.FirstForm != 3 || s.Pathed != 3 {
		t.Errorf("%+v", s)
	}
}

// A log that comes all at once takes no more memory than busy servers do.
func TestFormsAreBounded(t *testing.T) {
	const lines = mostRecent + mostRecent/10
	f := newForms()
	for i := range lines {
		f.add(fmt.Appendf(nil, "%d /%d%c", i, i, rune(i%200)))
	}
	f.read()
	if seen := f.seen(); seen.Lines != lines || len(f.last) > mostRecent || len(f.paths) > mostPaths || len(f.count) > mostForms+1 {
		t.Errorf("%d lines, %d recent, %d paths, %d forms", seen.Lines, len(f.last), len(f.paths), len(f.count))
	}
}

func FuzzForms(f *testing.F) {
	f.Add([]byte("10.0.0.7 - - [29/Nov/2026] \"GET /a?b HTTP/1.1\" 200 5\n\x00\"[\\\n{\n"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		forms, log := newForms(), followed{}
		log.tell(text, forms)
		log.tell(text, forms)
		forms.read()
		s := forms.seen()
		if s.Lines > 2*int64(len(text)) || s.FirstForm+s.SecondForm > s.Lines || s.Twins > s.Lines || s.PathsApart > s.Pathed || s.Pathed > s.Lines {
			t.Errorf("%+v", s)
		}
	})
}
