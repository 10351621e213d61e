package calibrate

import "workermem/calibrate/say"

// Error says a miss in a sentence, made of its kind and figures: the run's warnings, the analysis and the report say it alike.
func (m *Miss) Error() string {
	switch m.Kind {
	case MissTooLarge:
		return "not run: it might need " + say.MB(m.PromisedBytes) + ", more than half of the memory that is free"
	case MissTooMany:
		return "not run: it is more than " + say.Plural(m.Most, "worker")
	case MissTooBusy:
		return "not run: " + say.Plural(m.Wanted, "thread") + " are more than the load can keep busy"
	case MissNotStarted:
		return m.with("it did not start")
	case MissWorkers:
		return say.Count(m.Found) + " of " + say.Plural(m.Wanted, "worker") + " were found"
	case MissErrors:
		return say.Count(m.Requests-m.Succeeded) + " of " + say.Plural(m.Requests, "request") + " failed"
	case MissFew:
		return m.answered() + " in " + say.Seconds(m.LimitSeconds)
	case MissMemory:
		return "it took " + say.MB(m.TakenBytes) + ", more than half of the memory that was free"
	case MissUnreadable:
		return m.with("the memory of its processes could not be read")
	case MissLimit:
		return m.Seen() + " in " + say.Seconds(m.LimitSeconds)
	case MissCut:
		return "cut short"
	}
	if m.Words == "" {
		return string(m.Kind)
	}
	return m.Words
}

// with adds the words of what failed, which calibrate doesn't have itself.
func (m *Miss) with(sentence string) string {
	if m.Words == "" {
		return sentence
	}
	return sentence + ": " + m.Words
}

func (m *Miss) answered() string {
	switch m.Requests {
	case 0:
		return "no request was answered"
	case 1:
		return "only 1 request was answered"
	}
	return "only " + say.Plural(m.Requests, "request") + " were answered"
}

// Seen is how far a trial came: it waits for workers to be replaced, or for requests where none is to be.
func (m *Miss) Seen() string {
	if m.WantedRequests > 0 {
		return say.Count(m.Requests) + " of " + say.Plural(m.WantedRequests, "request") + " served"
	}
	return say.Count(m.Found) + " of " + say.Plural(m.Wanted, "recycle") + " seen"
}
