package report

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestUnits(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{megabytes(0), "unknown"},
		{megabytes(-5), "unknown"},
		{megabytes(36909875), "35.2 MB"},
		{megabytes(100 * mb), "100 MB"},
		{megabytes(2 << 30), "2 048 MB"},
		{wholeMegabytes(1541 * mb), "1 541"},
		{wholeMegabytes(0), "-"},
		{perRequest(64), "64 B"},
		{perRequest(-812), "-812 B"},
		{perRequest(16490), "16.1 KB"},
		{perRequest(1.2 * mb), "1.2 MB"},
		{perRequest(1023.9), "1.0 KB"}, // not "1 024 B"
		{perRequest(math.NaN()), "unknown"},
		{span(16301, 16744), "15.9 to 16.4 KB"},
		{span(-812, 4710), "-0.8 to 4.6 KB"}, // one unit for both
		{span(-31, 64), "-31 to 64 B"},
		{span(math.Inf(-1), 64), "unknown"},
		{seconds(0.0004), "0.4 ms"},
		{seconds(0.0121), "12 ms"},
		{seconds(0.9999), "1.00 s"},
		{seconds(1.84), "1.84 s"},
		{seconds(59.4), "59 s"},
		{seconds(59.9), "1 min"},
		{seconds(94), "1 min 34 s"},
		{seconds(3599.9), "1 h"},
		{seconds(12000), "3 h 20 min"},
		{seconds(86400 * 12), "12 days"},
		{seconds(-1), "unknown"},
		{seconds(math.Inf(1)), "unknown"},
		{clock(42.9), "0:42"},
		{clock(3723), "1:02:03"},
		{rate(0), "unknown"},
		{rate(0.5), "0.50/s"},
		{rate(69.94), "69.9/s"},
		{rate(1240), "1 240/s"},
		{percent(1), "100 %"},
		{percent(0.9999999), "over 99.99 %"}, // never "100 %" of what isn't all
		{percent(6124.0 / 6130), "99.90 %"},
		{percent(0.99985), "99.98 %"},
		{percent(0.0027), "0.27 %"},
		{percent(0.5), "50 %"},
		{percent(1.004), "100.4 %"},
		{percent(0), "0 %"},
		{percent(0.000001), "under 0.01 %"},
		{count(15850), "15 850"},
		{count(-1234567), "-1 234 567"},
		{count(999), "999"},
		{plural(1, "thread"), "1 thread"},
		{plural(4, "thread"), "4 threads"},
		{fixed(-0.04, 1), "0.0"},
		{longer(0), "5m"},
		{longer(120), "10m"},
		{longer(1e9), "320m"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestGroupingLosesNoDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		grouped := count(n)
		if strings.ReplaceAll(grouped, " ", "") != strconv.FormatInt(n, 10) {
			t.Fatalf("%d: %q", n, grouped)
		}
		for i, g := range strings.Split(strings.TrimPrefix(grouped, "-"), " ") {
			if len(g) > 3 || i > 0 && len(g) != 3 {
				t.Fatalf("%d: %q", n, grouped)
			}
		}
	})
}

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
		if got := clean(in); got != want {
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
		if got, want := squeeze(strings.Join(lines, "")), squeeze(clean(s)); got != want {
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
