package report

import (
	"fmt"
	"io"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Warnings writes each warning with its name and the next thing to try; the silenced are only counted.
func Warnings(w io.Writer, ws []calibrate.Warning, silenced []string) error {
	p := newPage(0, false)
	shown, hidden := split(ws, silenced)
	for _, warning := range shown {
		p.text(plain, fmt.Sprintf("warning: %s: %s", orElse(warning.Code, "unnamed"), warning.Text))
		if warning.Try != "" {
			p.hang(9, "    try:", warning.Try, plain)
		}
	}
	if hidden > 0 {
		p.text(plain, hiddenNote(hidden))
	}
	_, err := w.Write(p.buf.Bytes())
	return err
}

// split parts the warnings to show from the number of those that the user has silenced by name.
func split(ws []calibrate.Warning, silenced []string) (shown []calibrate.Warning, hidden int) {
	quiet := map[string]bool{}
	for _, code := range silenced {
		quiet[code] = true
	}
	for _, w := range ws {
		if quiet[w.Code] {
			hidden++
			continue
		}
		shown = append(shown, w)
	}
	return shown, hidden
}

func hiddenNote(n int) string { return fmt.Sprintf("%s silenced.", say.Plural(n, "warning")) }
