package report

import (
	"strings"

	"workermem/calibrate"
)

// writeRepeat says how to measure the same again, and what of the command line isn't kept.
func writeRepeat(b *strings.Builder, r calibrate.Result) {
	command := repeatCommand(r)
	body := fenced(command)
	if command != "" && r.Truth == nil {
		body += "\nA `***` stands for what is not kept: fill it in.\n"
	}
	writeSection(b, "How to repeat it", body)
}

// repeatCommand is the command line that measures the same again; "" where the app's own isn't known.
func repeatCommand(r calibrate.Result) string {
	if r.Truth != nil {
		return "calibrate demo"
	}
	if len(r.Target.Command) == 0 {
		return ""
	}
	if attached(r) {
		return shellQuote(append([]string{"calibrate", "attach"}, r.Plan.Flags...))
	}
	command := append([]string{"calibrate", "run"}, r.Plan.Flags...)
	return shellQuote(append(append(command, "--"), r.Target.Command...))
}
