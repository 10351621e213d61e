package report

import (
	"fmt"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

func warningsSection(ws []calibrate.Warning, silenced []string) []Block {
	shown, hidden := split(ws, silenced)
	var blocks []Block
	for _, w := range shown {
		blocks = append(blocks, Warning{orElse(strings.TrimSpace(say.Line(w.Code)), "unnamed"), w.Text, w.Try})
	}
	if hidden > 0 {
		blocks = append(blocks, Note{Text: fmt.Sprintf("%s silenced.", say.Plural(hidden, "warning"))})
	}
	return section(Heading{Name: "Warnings"}, blocks...)
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
