package report

import (
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Withheld is why a run yields no recommendation; "" if it does, or if nothing fits.
func Withheld(r calibrate.Result) string {
	w := r.Recommendation.Withheld
	if w == nil {
		return ""
	}
	switch w.Kind {
	case calibrate.WithheldPartial:
		return orElse(when(r.Mode == calibrate.ModeAttach, "the watch"), "the run") + " is partial: " + interruptedBy(r.Interrupted)
	case calibrate.WithheldWorkers:
		return fmt.Sprintf("%s answered, where one was to be measured: write {workers} where the command says how many, or have it start one",
			say.Plural(w.Workers, "worker"))
	case calibrate.WithheldGuess:
		return "the load did not show which process serves, so the worker is only guessed" + when(r.Target.WorkerRule.Words != "", ": %s", r.Target.WorkerRule.Words) + "; load it for longer, or more" +
			when(r.Mode == calibrate.ModeAttach, ", or watch it while it has traffic")
	case calibrate.WithheldReplaced:
		return "a worker ended during the run, so what was measured is of two workers"
	case calibrate.WithheldRequests:
		return fewRequests(r, *w)
	case calibrate.WithheldErrors:
		return fmt.Sprintf("%s of %s failed, more than the %s that a sizing can rest on", say.Count(w.Failed), say.Plural(w.Requests, "request"),
			say.Percent(w.MostFailed))
	case calibrate.WithheldLogin:
		return fmt.Sprintf("%s of %s of the soak were answered by a redirect to %s, so the pages themselves were never asked for",
			say.Count(w.ToLogin), say.Plural(w.Requests, "request"), orElse(r.Load.LoginPage, "a login page"))
	case calibrate.WithheldRefused:
		if w.Refusal == nil {
			return string(w.Kind)
		}
		return w.Refusal.What() + ": " + w.Refusal.Why() + "; " + w.Refusal.Try()
	case calibrate.WithheldSeconds:
		return fmt.Sprintf("the server was watched for only %s; a sizing needs at least %s", say.Seconds(w.Seconds), say.Seconds(w.NeededSeconds))
	case calibrate.WithheldGrowth:
		return fmt.Sprintf("each worker grows by up to %s an hour, and with %s the budget is full after %s: %s", say.Bytes(w.BytesPerSecond*3600),
			say.Plural(w.Workers, "worker"), say.Seconds(w.Seconds), countThem)
	case calibrate.WithheldBooks:
		what, try := w.Books.SayUnexplained()
		return what + ": " + try
	case calibrate.WithheldOlder:
		return w.Words
	}
	return string(w.Kind)
}

func fewRequests(r calibrate.Result, w calibrate.Withheld) string {
	seen := "answered"
	if r.Watch != nil {
		seen = "counted by " + counterOf(*r.Watch)
	}
	return fmt.Sprintf("only %s were %s; a sizing needs at least %s", say.Plural(w.Requests, "request"), seen, say.Count(w.NeededRequests))
}

// interruptedBy is what ended a run early.
func interruptedBy(i *calibrate.Interruption) string {
	switch {
	case i == nil:
		return "unknown (killed?)"
	case i.Kind == calibrate.InterruptedByKill:
		return "the end of calibrate itself (killed?)"
	case i.Kind == calibrate.NotInterrupted:
		return "nothing: it is still running"
	}
	return orElse(i.Words, string(i.Kind))
}

// readingReason is what was done with a result that another version saved.
func readingReason(r calibrate.Origin) string {
	switch r.How {
	case calibrate.ReadAgain:
		return "analysed again by today's rules"
	case calibrate.ReadSized:
		return "sized again by today's rules, from its figures: its journals are not there"
	case calibrate.ReadShort:
		return "its saved figures are shown: its journals hold less than was written to them, so it can't be analysed again"
	case calibrate.ReadNewer:
		return "a newer calibrate analysed it, and its figures are kept"
	}
	return "shown as that version analysed it: its journals are not there, so today's rules can't be applied"
}
