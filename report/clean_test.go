package report

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestShellQuote(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"gunicorn", "--bind=127.0.0.1:80", "shop.wsgi:app"}, "gunicorn --bind=127.0.0.1:80 shop.wsgi:app"},
		{[]string{"app", "{port}"}, "app {port}"},
		{[]string{"app", "{a,b}"}, "app '{a,b}'"},
		{[]string{"sh", "-c", "it's $HOME"}, `sh -c 'it'\''s $HOME'`},
		{[]string{""}, "''"},
		{[]string{"a\n\x1b[31m'"}, `$'a\n\x1b[31m\''`},
	} {
		if got := shellQuote(c.words); got != c.want {
			t.Errorf("%q: %s, want %s", c.words, got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b[1;31mred\x1b[0m":              "red",
		"\x1b]0;title\x07text":              "text",
		"\x1b]8;;http://x\x1b\\link":        "link",
		"\x1b]0;never ended":                "",
		"a\tb\r\nc":                         "a b  c",
		"\u009b31m\u202e":                   "?31m?",
		"\xff":                              "?",
		"caf\u00e9 \u4e16":                  "caf\u00e9 \u4e16",
		"\x1b":                              "",
		"\x1b(Bx":                           "x",
		"bell\x07 back\x08 del\x7f nul\x00": "bell? back? del? nul?",
	} {
		if got := Line(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom(hostile)).Draw(t, "s")
		width := rapid.IntRange(20, 90).Draw(t, "width")
		lines := wrap(s, width)
		if len(lines) == 0 {
			t.Fatal("no line")
		}
		for _, l := range lines {
			if columns(l) > width {
				t.Fatalf("%q is wider than %d", l, width)
			}
		}
		if got, want := squeeze(strings.Join(lines, "")), squeeze(Line(s)); got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}

// A number keeps its groups and its unit on one line.
func TestWrapHoldsNumbersTogether(t *testing.T) {
	for width := 20; width < 60; width++ {
		for _, l := range wrap("it may take up to 1 234 567 requests of 35.2 MB each before 15 850 s have gone", width) {
			for _, split := range []string{"1", "1 234", "35.2", "15", "15 850"} {
				if l == split || strings.HasSuffix(l, " "+split) {
					t.Errorf("width %d parts a number: %q", width, l)
				}
			}
		}
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }
