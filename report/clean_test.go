package report

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate/say"
)

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
		if got, want := squeeze(strings.Join(lines, "")), squeeze(say.Line(s)); got != want {
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
