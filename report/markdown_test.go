package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate/server"
)

// wellFormed fails where a table's row hasn't as many cells as its head, a fence stays open, or HTML gets through.
func wellFormed(t interface{ Errorf(string, ...any) }, page string) {
	fence, cells := "", 0
	for _, line := range strings.Split(page, "\n") {
		if ticks := leading(line, '`'); fence == "" && ticks >= 3 {
			fence = line[:ticks]
			continue
		} else if fence != "" {
			if line == fence {
				fence = ""
			}
			continue
		}
		if !strings.HasPrefix(line, "|") {
			cells = 0
			lineIsTame(t, line)
			continue
		}
		n := bars(line)
		if cells != 0 && n != cells {
			t.Errorf("%d bars where the head has %d: %q", n, cells, line)
		}
		cells = n
		if strings.Contains(line, "<") {
			t.Errorf("HTML in a cell: %q", line)
		}
	}
	if fence != "" {
		t.Errorf("a fence stays open")
	}
}

// ownLine is one that begins as ours do, or as plain text does: with nothing that Markdown gives a meaning there.
var ownLine = regexp.MustCompile("^($|# [A-Z]|## |- |  - |> \\*\\*(PARTIAL|MEASURED)|\\*\\*[A-Z]|&#8203;|\\\\|\\d+($|[^.)\\d])|[^-#>+=|`~<*\\s\\d])")

// lineIsTame holds for a line outside tables and fences: it begins as our own lines do, and has no raw HTML.
func lineIsTame(t interface{ Errorf(string, ...any) }, line string) {
	if !ownLine.MatchString(line) {
		t.Errorf("not a line of ours: %q", line)
	}
	if strings.Contains(line, "<") && !strings.HasPrefix(line, "# ") { // the title is a code span
		t.Errorf("HTML: %q", line)
	}
}

// bars counts those that part cells: not the ones behind a backslash.
func bars(line string) int {
	n, escaped := 0, false
	for _, c := range line {
		if c == '|' && !escaped {
			n++
		}
		escaped = c == '\\' && !escaped
	}
	return n
}

func leading(s string, c byte) int {
	n := 0
	for n < len(s) && s[n] == c {
		n++
	}
	return n
}

func TestMarkdownIsWellFormed(t *testing.T) {
	for name, r := range recorded(t) {
		t.Run(name, func(t *testing.T) { wellFormed(t, markdownOf(t, r)) })
	}
}

func TestMarkdownOfHostileStrings(t *testing.T) {
	r := recorded(t)["withheld"] // without tables of its own: drawing them takes most of the time
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		if err := Render(&b, Run(poisoned(t, r), server.Known()), "markdown", Options{}); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, b.String())
	})
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"a|b":            `a\|b`,
		`a\|b`:           `a\\\|b`,
		"<b>&amp;":       "&lt;b>&amp;amp;",
		"[x](y) `z` *w*": "\\[x\\](y) \\`z\\` \\*w\\*",
		"a\nb\x1b[31mc":  "a bc",
	} {
		if got := escape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCodeSpanAndFenceOutgrowTheirContent(t *testing.T) {
	if got, want := codeSpan("`a``b"), "``` `a``b ```"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := fenced("a ```` b"), "`````sh\na ```` b\n`````\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
