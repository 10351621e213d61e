package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"workermem/calibrate/say"
)

// What GitHub takes of a step: beyond it, annotations vanish and the whole summary is dropped, both without a word.
const (
	mostAnnotations = 10
	summaryBytes    = 1 << 20
)

// writeAnnotations writes what is not as it should be as annotations: errors for what is red, warnings for what nobody knows. Where
// all is well there are none.
func writeAnnotations(w io.Writer, e Export) error {
	var errors, warnings []Case
	for _, c := range e.Cases {
		switch {
		case c.Result.red():
			errors = append(errors, c)
		case c.Result == CaseUnclear:
			warnings = append(warnings, c)
		}
	}
	_, err := io.WriteString(w, annotations("error", e.App, errors)+annotations("warning", e.App, warnings))
	return err
}

// annotations are as many as are shown; the last says how many more there are.
func annotations(kind, app string, cases []Case) string {
	var b strings.Builder
	for i, c := range cases {
		if left := len(cases) - i; i == mostAnnotations-1 && left > 1 {
			c = Case{Name: say.Count(left) + " more", Says: "the job's summary has them"}
			cases = cases[:0]
		}
		title := plainName("calibrate " + plainName(app) + ": " + c.Name)
		fmt.Fprintf(&b, "::%s title=%s::%s\n", kind, commandProperty.Replace(title), commandData.Replace(plainText(c.Says)))
		if len(cases) == 0 {
			break
		}
	}
	return b.String()
}

// Escapes of GitHub's workflow commands (actions/toolkit, packages/core).
var (
	commandData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// Summary is a page for a step's summary that has so many bytes already: cut between two blocks where it would be too long.
func Summary(d Document, there int64) ([]byte, error) {
	var page bytes.Buffer
	if err := writeMarkdown(&page, d, Options{}); err != nil {
		return nil, err
	}
	const cutShort = "\n\nThe rest is cut: a step's summary holds 1 MiB. The log has the whole report.\n"
	room := summaryBytes - int(min(there, summaryBytes)) - len(cutShort)
	if page.Len() <= room {
		return page.Bytes(), nil
	}
	text := page.Bytes()[:max(room, 0)]
	end := bytes.LastIndex(text, []byte("\n\n"))
	if end < 0 {
		return nil, nil
	}
	return append(text[:end:end], cutShort...), nil
}
