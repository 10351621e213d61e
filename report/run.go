package report

import (
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Run is the page of a run: the answer first, then what it rests on.
func Run(r calibrate.Result, servers calibrate.Servers) Document {
	return Drawn(r, calibrate.Curves{}, servers)
}

// Drawn is the same with the charts that need the run's journals.
func Drawn(r calibrate.Result, curves calibrate.Curves, servers calibrate.Servers) Document {
	curves = thin(curves)
	return Document{
		Title: "Workers and memory of", Subject: subjectOf(r.Target), Again: showAgain, Data: published(r), Curves: curves, Export: exportOf(r),
		Blocks: slices.Concat(
			whence(r), partialNote(r), readingNote(r), answerSection(r, servers), warningsSection(r.Warnings, r.Plan.Silenced), measuredSection(r), timeCharts(r, curves), inFull(booksSection(r)),
			creepSection(r), creepChart(r, curves), inFull(routesSection(r)), triageSection(r),
			speedSection(r), inFull(sumOf(Heading{Name: "The sum"}, r)), recyclingChart(r), inFull(candidatesSection(r, inResult)), sweepSection(r), inFull(rulesSection(r)), proofSection(r), truthSection(r),
			inFull(changesSection(r.Target.Changes)), repeatSection(r),
		),
	}
}

// showAgain is the command that shows the latest run.
const showAgain = "calibrate report"

// published is a run for whoever gets its page: the seal is for the run's own folder alone.
func published(r calibrate.Result) calibrate.Result {
	r.Seal = ""
	return r.Whole()
}

func subjectOf(t calibrate.TargetInfo) string {
	if len(t.Command) == 0 {
		return say.Unknown
	}
	return cut(say.Shell(t.Command...), 60)
}

// whence says when and where it was measured, to whoever finds the page later.
func whence(r calibrate.Result) []Block {
	system := strings.TrimSpace(r.Host.OS + " " + r.Host.Kernel)
	return []Block{Only{OfPage, []Block{Note{Text: "Measured " + dateOf(r) + " on " + hostOf(r) + when(r.Host.CPUModel != "", ", %s", r.Host.CPUModel) +
		when(system != "", ", %s", system) + " with calibrate " + orElse(r.Tool.Version, "of an unknown version")}}}}
}

// partialNote says what a run that didn't end by itself has.
func partialNote(r calibrate.Result) []Block {
	undone := r.Undone()
	switch {
	case r.Complete && r.Interrupted == nil && len(undone) == 0:
		return nil
	case r.Complete:
		missing := when(len(undone) > 0, " Planned and missing: %s; the rest is final.", strings.Join(undone, ", "))
		return []Block{Note{Lead: "PARTIAL RUN", Text: "cut short by: " + interruptedBy(r.Interrupted) + "." + missing, Mark: Doubtful}}
	}
	phases := when(len(r.Phases) > 0, "Phases: %s. Nothing below is final.", phaseList(r.Phases))
	text := "cut short by: " + interruptedBy(r.Interrupted) + ". " + orElse(phases, "No phase was finished.")
	return []Block{Note{Lead: "PARTIAL RUN", Text: text, Mark: Doubtful}}
}

// readingNote says that a run was analysed by other rules, or can't be, and what became of it.
func readingNote(r calibrate.Result) []Block {
	if r.Origin == nil {
		return nil
	}
	return []Block{Note{Lead: readingLead(*r.Origin), Text: readingReason(*r.Origin), Mark: Doubtful}}
}

// Reading is the same in a line; "" of a run of today's rules.
func Reading(r calibrate.Result) string {
	if r.Origin == nil {
		return ""
	}
	return readingLead(*r.Origin) + ": " + readingReason(*r.Origin)
}

func readingLead(o calibrate.Origin) string {
	if o.How == calibrate.ReadShort {
		return "JOURNALS DAMAGED"
	}
	return "MEASURED BY ANOTHER VERSION"
}

func phaseList(phases []calibrate.Phase) string {
	names := make([]string, len(phases))
	for i, ph := range phases {
		names[i] = ph.Name + " " + knownSeconds(ph.Seconds)
		if ph.Ended.By == calibrate.EndCut {
			names[i] += " (cut short)"
		}
	}
	return strings.Join(names, ", ")
}

func changesSection(changes []string) []Block {
	if len(changes) == 0 {
		return nil
	}
	return section(Heading{Name: "Changed for the measurement"}, List{changes})
}

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
		return say.Shell(append([]string{"calibrate", "attach"}, r.Plan.Flags...)...)
	}
	command := append([]string{"calibrate", "run"}, r.Plan.Flags...)
	return say.Shell(append(append(command, "--"), r.Target.Command...)...)
}
