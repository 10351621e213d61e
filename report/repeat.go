package report

import (
	"strings"

	"workermem/calibrate"
)

// repeatSection says how to measure the same again, and what of the command line isn't kept.
func repeatSection(r calibrate.Result) []Block {
	command := repeatCommand(r)
	if command == "" {
		return nil
	}
	blocks := section(Heading{Name: "How to repeat it"}, Code{Text: command})
	if strings.Contains(command, calibrate.Redacted) {
		blocks = append(blocks, Note{Text: "Fill in what " + calibrate.Redacted + " stands for: it may be secret, and is not kept."})
	}
	return []Block{Only{OfPage, blocks}}
}

// repeatCommand is the command line that measures the same again; "" if the app's own isn't known.
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
