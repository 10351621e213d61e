package known

import (
	"fmt"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Change says in the report what the measurement does otherwise than the command: "the access log is off".
func (l *Launch) Change(format string, args ...any) {
	l.Target.Changes = append(l.Target.Changes, fmt.Sprintf(format, args...))
}

// said is what the command itself has the server run with.
func (l *Launch) said() *calibrate.Said {
	if l.Target.Said == nil {
		l.Target.Said = &calibrate.Said{}
	}
	return l.Target.Said
}

// ChangeBind says where the server listens instead of where the command has it listen, "" if the command doesn't say.
func (l *Launch) ChangeBind(was string) {
	switch {
	case was == "" || strings.Contains(was, "{port}") || l.Address.Fixed && was == l.Address.String():
	case l.Address.Fixed:
		l.Change("it listens on %s instead of %s", l.Address, was)
	default:
		l.Change("it listens on a free loopback port instead of %s", was)
	}
}

// ChangeWorkers says what becomes of the command's number of workers.
func (l *Launch) ChangeWorkers(was int) {
	l.said().Workers = was
	if now := l.Spec.Workers; was != now {
		l.Change("%s instead of %s", say.Plural(now, "worker"), say.Count(was))
	}
}

// ChangeThreads says what becomes of the command's number of threads a worker, if the user asks for another.
func (l *Launch) ChangeThreads(was int) {
	l.said().Threads = was
	if now := l.Spec.Threads; now > 0 && was != now {
		l.Change("%s a worker instead of %s", say.Plural(now, "thread"), say.Count(was))
	}
}

// ChangeRecycling says what becomes of the command's limit of requests, 0 if it has none.
func (l *Launch) ChangeRecycling(was int64) {
	if was >= NeverReached {
		was = 0
	}
	l.said().MaxRequests = was
	switch now := l.Spec.MaxRequests; {
	case now == was:
	case now == 0:
		l.Change("recycling is off, instead of a new worker after %s", say.Plural(was, "request"))
	case was == 0:
		l.Change("a new worker after %s", say.Plural(now, "request"))
	default:
		l.Change("a new worker after %s instead of %s", say.Plural(now, "request"), say.Count(was))
	}
}

// SaysJitter notes what the command adds to its limit of requests at most. The measurement has neither.
func (l *Launch) SaysJitter(was int64) { l.said().Jitter = was }

// Warn adds a doubt about the command: its code, what to try, and the sentence.
func (l *Launch) Warn(code, try, format string, args ...any) {
	l.doubts = append(l.doubts, calibrate.Warning{Code: code, Text: fmt.Sprintf(format, args...), Try: try})
}
