package report

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// markdownRows is the most candidates that a runbook lists.
const markdownRows = 40

// Markdown writes a runbook: what to set, what that rests on, and how to measure it again.
func Markdown(w io.Writer, r calibrate.Result) error {
	var b strings.Builder
	writeTitle(&b, r)
	writeSettings(&b, r)
	writeSection(&b, "What was measured", factTable(append(measured(r), measuredMore(r)...)))
	writeSection(&b, creepHeading(r), factList(creep(r)))
	writeApartSections(&b, r)
	writeSection(&b, "The sum", factList(sum(r)))
	writeCandidateTable(&b, r, inResult)
	writeSweepSection(&b, r)
	writeSection(&b, "What the field's rules would choose here", formulaGrid(r.Formulas, r.Recommendation.BudgetBytes).markdown())
	if r.Proof != nil {
		writeSection(&b, "Proof: the recommendation, really run", proofList(*r.Proof))
	}
	if r.Truth != nil {
		writeSection(&b, "What the demo app says of itself", factList(truth(r)))
	}
	writeSection(&b, "Changed for the measurement", bullets(r.Target.Changes))
	writeSection(&b, "Warnings", warningList(r))
	writeRepeat(&b, r)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeTitle(b *strings.Builder, r calibrate.Result) {
	app := say.Unknown
	if len(r.Target.Command) > 0 {
		app = cut(shellQuote(r.Target.Command), 60)
	}
	fmt.Fprintf(b, "# Workers and memory of %s\n\n", codeSpan(app))
	date := say.Unknown
	if !r.StartedAt.IsZero() {
		date = r.StartedAt.UTC().Format("2006-01-02 15:04 UTC")
	}
	fmt.Fprintf(b, "Measured %s on %s with %s. 1 MB is 2^20 bytes.\n\n",
		date, escape(hostLine(r)), escape("calibrate "+orElse(r.Tool.Version, "of an unknown version")))
	if s := partial(r); s != "" {
		fmt.Fprintf(b, "> **Partial run:** %s\n\n", escape(s))
	}
}

func hostLine(r calibrate.Result) string {
	parts := []string{hostOf(r)}
	for _, s := range []string{r.Host.CPUModel, strings.TrimSpace(r.Host.OS + " " + r.Host.Kernel)} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

func writeSettings(b *strings.Builder, r calibrate.Result) {
	b.WriteString("## Settings\n\n")
	a := answerOf(r)
	if a.refuse != "" {
		fmt.Fprintf(b, "**%s:** %s\n\n", a.refuse, escape(orElse(a.why, say.Unknown)))
		return
	}
	b.WriteString(grid{
		columns: []column{{"setting", true, 0}, {"value", false, 0}},
		rows:    settingRows(r),
	}.markdown())
	b.WriteString("\n")
	if s := paste(r); s != "" {
		b.WriteString(fenced(s) + "\n")
	}
	for _, f := range []fact{{"Why", a.why}, {"Price", price(r)}, {"Bound", bound(r)}, {"But", doubt(r)}} {
		if f.text != "" {
			fmt.Fprintf(b, "%s: %s\n\n", f.name, escape(stopped(f.text)))
		}
	}
}

// settingRows has numbers to copy, so their digits are not grouped.
func settingRows(r calibrate.Result) [][]string {
	rec := r.Recommendation
	rows := [][]string{{"workers", strconv.Itoa(rec.Workers)}}
	if !threadsAsTheyAre(r) && (rec.Threads > 0 || r.Target.HasThreads) {
		rows = append(rows, []string{"threads", strconv.Itoa(max(rec.Threads, 1))})
	}
	if rec.MaxRequests > 0 {
		rows = append(rows, []string{"max-requests", strconv.Itoa(rec.MaxRequests)},
			[]string{"max-requests jitter", strconv.Itoa(rec.MaxRequestsJitter)})
	} else {
		rows = append(rows, []string{"max-requests", maxRequests(r)})
	}
	if rec.WorkerMemoryMB > 0 {
		rows = append(rows, []string{"worker memory (MB)", strconv.Itoa(rec.WorkerMemoryMB)})
	}
	return rows
}

// measuredMore is what the terminal report has no room for.
func measuredMore(r calibrate.Result) []fact {
	w := r.Worker
	facts := []fact{
		{"PSS, USS at peak", fmt.Sprintf("%s, %s", knownMB(w.PeakPSSBytes), knownMB(w.PeakUSSBytes))},
	}
	if w.MarginalSource != "" {
		facts = append(facts, fact{"one more, from", w.MarginalSource})
	}
	if w.Samples > 0 {
		facts = append(facts, fact{"samples", fmt.Sprintf("%s, one every %s", say.Count(w.Samples), knownSeconds(w.SampleIntervalSeconds))})
	}
	if len(r.Phases) > 0 {
		facts = append(facts, fact{"phases", phaseList(r.Phases)})
	}
	return facts
}

func writeCandidateTable(b *strings.Builder, r calibrate.Result, whole string) {
	chosen, leftOut := choose(r.Candidates, markdownRows)
	table := candidateGrid(chosen, verdictByRequest(r)).markdown()
	if note := leftOutNote(leftOut, whole); note != "" {
		table += "\n" + note + "\n"
	}
	writeSection(b, "Candidates", table)
}

// stopped ends a sentence.
func stopped(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// writeSection leaves out what has nothing to say.
func writeSection(b *strings.Builder, title, body string) {
	if body == "" {
		return
	}
	fmt.Fprintf(b, "## %s\n\n%s\n", title, body)
}

func factTable(facts []fact) string {
	g := grid{columns: []column{{"what", true, 0}, {"value", true, 0}}}
	for _, f := range facts {
		g.rows = append(g.rows, []string{f.name, f.text})
	}
	return g.markdown()
}

// factList is for sentences: in a table's cell they would be too long to read.
func factList(facts []fact) string {
	var b strings.Builder
	for _, f := range facts {
		fmt.Fprintf(&b, "- **%s**: %s\n", f.name, escape(f.text))
	}
	return b.String()
}

func bullets(items []string) string {
	var b strings.Builder
	for _, item := range items {
		fmt.Fprintf(&b, "- %s\n", inList(item))
	}
	return b.String()
}

func warningList(r calibrate.Result) string {
	var b strings.Builder
	shown, hidden := split(r.Warnings, r.Plan.Silenced)
	for _, w := range shown {
		fmt.Fprintf(&b, "- **%s**: %s", escape(orElse(w.Code, "unnamed")), escape(stopped(w.Text)))
		if w.Try != "" {
			fmt.Fprintf(&b, " Try: %s", escape(stopped(w.Try)))
		}
		b.WriteString("\n")
	}
	if hidden > 0 {
		fmt.Fprintf(&b, "- %s\n", hiddenNote(hidden))
	}
	return b.String()
}

// special is what Markdown (with GitHub's tables, strikethrough and mathematics) gives a meaning inside a line.
var special = regexp.MustCompile("[\\\\`*_\\[\\]|~$#]")

// entities keeps HTML out. A ">" alone opens nothing inside a line; at the start of one it would quote, see inList.
var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;")

// escape makes a string mean only itself, in a line or a table's cell.
func escape(s string) string {
	return entities.Replace(special.ReplaceAllString(clean(s), `\$0`))
}

// inList is escape for the start of a list's item, where "1." or "-" or "+" would begin another list.
func inList(s string) string {
	s = strings.TrimSpace(escape(s))
	if startsList.MatchString(s) {
		return "&#8203;" + s
	}
	return s
}

var startsList = regexp.MustCompile(`^([-+=>]|\d+[.)])`)

// codeSpan fences a string by more backticks than it has in a row.
func codeSpan(s string) string {
	s = clean(s)
	ticks := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return ticks + s + ticks
}

// fenced is a block to copy; "" stays "".
func fenced(s string) string {
	if s == "" {
		return ""
	}
	s = clean(s)
	fence := strings.Repeat("`", max(3, longestRun(s)+1))
	return fence + "sh\n" + s + "\n" + fence + "\n"
}

func longestRun(s string) int {
	longest, run := 0, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
