package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"workermem/calibrate"
	"workermem/calibrate/server"
)

// A page of a run whose texts are long is no longer for that than a few texts of the most that is shown, in any dialect. The data are
// whole.
func TestLongTextsAreCut(t *testing.T) {
	const long = 1 << 20
	for name, text := range map[string]string{"plain": strings.Repeat("x", long), "of two columns": strings.Repeat("漢", long/3), "of controls": strings.Repeat("\x01", long),
		"of words": strings.Repeat("word ", long/5), "of Markdown": strings.Repeat("`*_|", long/4), "of lines": strings.Repeat("a\n", long/2)} {
		r := recorded(t)["creeping"]
		r.Target.Command = []string{"gunicorn", text, "app:app"}
		r.Target.ServerVersion, r.ID = text, text
		r.Target.Changes = []string{text, text}
		r.Warnings = append(r.Warnings, calibrate.Warning{Code: "long", Text: text, Try: text})
		r.Interrupted = &calibrate.Interruption{Kind: calibrate.InterruptedByUser, Words: text}
		page := Run(r, server.Known())
		for _, format := range []string{"text", "markdown", "html"} {
			var out bytes.Buffer
			if err := Render(&out, page, format, Options{}); err != nil {
				t.Fatal(err)
			}
			if out.Len() > 100*longestText || !utf8.Valid(out.Bytes()) {
				t.Errorf("%s, %s: %d bytes", name, format, out.Len())
			}
			if format != "text" && !strings.Contains(out.String(), "oo long for a page") { // the terminal doesn't say how to repeat it
				t.Errorf("%s, %s: a part of a command is shown as if it were whole", name, format)
			}
		}
		var out bytes.Buffer
		var back calibrate.Result
		if err := Render(&out, page, "json", Options{}); err != nil || json.Unmarshal(out.Bytes(), &back) != nil || !slices.Equal(back.Target.Command, r.Target.Command) {
			t.Errorf("%s: the data are not whole: %v", name, err)
		}
	}
}

// What is cut is the page's, and not the document's own.
func TestShortLeavesTheDocument(t *testing.T) {
	long := strings.Repeat("é", longestText)
	have := Facts{Rows: []Fact{{Name: "app", Text: long, Below: []Fact{fact("below", long)}}, fact("other", "short")}}
	got := short(have).(Facts)
	if have.Rows[0].Text != long || have.Rows[0].Below[0].Text != long {
		t.Error("the document has lost its text")
	}
	for _, text := range []string{got.Rows[0].Text, got.Rows[0].Below[0].Text} {
		if !utf8.ValidString(text) || len(text) > longestText+100 || !strings.Contains(text, " more, which --json has") {
			t.Errorf("%d bytes, ends in %q", len(text), text[len(text)-60:])
		}
	}
	if got.Rows[1].Text != "short" {
		t.Error(got.Rows[1])
	}
}
