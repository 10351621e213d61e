package report

import (
	"fmt"
	"io"
	"strings"

	"workermem/calibrate"
)

// SizeMarkdown writes the same as Size, as a page.
func SizeMarkdown(w io.Writer, sized []calibrate.Result) error {
	var b strings.Builder
	if len(sized) == 1 {
		writeSizedPage(&b, sized[0])
	} else {
		writeHostsPage(&b, sized)
	}
	writeSection(&b, "What this rests on", factList(restsOn(sized)))
	all := sized[0]
	all.Warnings = common(sized)
	writeSection(&b, "Warnings", warningList(all))
	_, err := io.WriteString(w, b.String())
	return err
}

func writeSizedPage(b *strings.Builder, r calibrate.Result) {
	fmt.Fprintf(b, "# Workers and memory %s\n\nSized for %s. 1 MB is 2^20 bytes.\n\n", subject(r), escape(hostOf(r)))
	writeSettings(b, r)
	if r.Recommendation.NothingFits {
		fmt.Fprintf(b, "Try: %s.\n\n", escape(refusalTry(r)))
	}
	writeSection(b, "The sum", factList(sum(r)))
	writeCandidateTable(b, r, inJSON)
	writeSweepSection(b, r)
	writeSection(b, "What the field's rules would choose here", formulaGrid(r.Formulas, r.Recommendation.BudgetBytes).markdown())
}

func writeHostsPage(b *strings.Builder, sized []calibrate.Result) {
	fmt.Fprintf(b, "# Workers and memory %s\n\n%s.\n\n", subject(sized[0]), escape(hostsTitle(sized)))
	b.WriteString(hostGrid(sized).markdown() + "\n")
	writeSection(b, "Nothing fits", factList(refusals(sized)))
}

// subject is whose workers they are.
func subject(r calibrate.Result) string {
	if len(r.Target.Command) == 0 {
		return "of a worker with given figures"
	}
	return "of " + codeSpan(cut(shellQuote(r.Target.Command), 60))
}
