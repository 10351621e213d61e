package report

import (
	"workermem/calibrate"
	"workermem/calibrate/say"
)

// lines writes what a server's adapter says, and puts into words what it leaves to what is known of the run.
func (d *draft) lines(all calibrate.Lines) {
	for _, l := range all {
		switch l.Kind {
		case calibrate.LineText:
			d.line("%s", l.Text)
		case calibrate.LineExample:
			d.line("# %s", l.Text) // not wrapped, to be copied
		case calibrate.LineNote:
			d.note("%s", l.Text)
		case calibrate.NoteThreads:
			d.noteThreads(l.Name)
		case calibrate.NoteLimit:
			d.noteLimit(l.Name)
		case calibrate.NoteNoLimit:
			d.noteNoLimit(l.Name, l.Text)
		case calibrate.NoteAtOnce:
			d.noteConcurrency()
		case calibrate.NoteFront:
			d.noteFront()
		}
	}
}

// noteFront says what ran beside the workers, if it was the front of the server that this is for.
func (d *draft) noteFront() {
	if s := besideOf(d.run); s != "" {
		d.note("In the run %s, with the settings that it had: that is in the sum.", s)
	}
}

// noteThreads says why there are no threads to set.
func (d *draft) noteThreads(name string) {
	if threadsOf(d.run) > 0 {
		return
	}
	why := "what was measured has none, but takes as many requests at once as come"
	if d.run.Target.HasThreads || attached(d.run) {
		why = "how many the server has was not known, and the sum is for as many as it had"
	}
	d.note("No %s: %s.", name, why)
	d.noteConcurrency()
}

// noteConcurrency is for a server that takes as many requests at once as come.
func (d *draft) noteConcurrency() {
	if s := bound(d.run); s != "" {
		d.note("But: %s.", s)
	}
	if t := d.run.Target; t.ConcurrencyLimit > 0 && t.ConcurrencyFlag != "" {
		d.note("Keep %s as it was measured: a worker took at most %s at once.", t.ConcurrencyFlag, say.Plural(t.ConcurrencyLimit, "request"))
	}
}

// noteLimit says what counts towards a request limit, or why there is none.
func (d *draft) noteLimit(name string) {
	switch {
	case d.run.Recommendation.MaxRequests > 0:
		d.note("Health checks count towards %s as any request does.", name)
	case d.run.Creep.GrowsALittle() && verdictByRequest(d.run) == calibrate.Flat:
		d.note("No %s: memory grows too little to matter, so there is no need to recycle. Take it out wherever else it is set.", name)
	case verdictByRequest(d.run) == calibrate.Flat:
		d.note("No %s: no creep was found, so there is no need to recycle. Take it out wherever else it is set.", name)
	default:
		d.note("%s", stopped(orElse(recyclingReason(d.run), "No "+name+": "+say.Unknown)))
	}
}

// noteNoLimit is for a server without a request limit of its own.
func (d *draft) noteNoLimit(server, instead string) {
	rec := d.run.Recommendation
	if rec.MaxRequests <= 0 {
		d.noteLimit("request limit")
		return
	}
	d.note("%s takes no request limit, so none is set. Without recycling a worker outgrows this sum after %s. To recycle: %s.",
		server, say.Plural(rec.MaxRequests+rec.MaxRequestsJitter, "request"), instead)
}
