package analyse

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

const (
	leastLines = 200 // below which nothing is said of a log

	twinShare    = 0.9  // of the lines: the pairs that a reading divides are among the rest
	pairShare    = 0.95 // of the lines, that two forms have together ...
	leastOfPair  = 0.4  // ... and either at least
	pathsDiffer  = 0.02 // of the lines: of requests under way one line may be there
	otherForms   = 0.05 // of the lines: fewer are the server's own messages
	strayByAlone = 12   // see inStep
)

// inStep says that two forms keep step as only two lines for each request do. Two kinds of requests that come as they like
// stray from each other like a random walk: the chance that it stays within a for n lines is about exp(-pi^2 n / (8 a^2)), a
// millionth at n = 11.2 a^2.
func inStep(l calibrate.LogSeen) bool {
	a := float64(l.FormsApart + 1)
	lines := float64(l.Lines)
	return float64(l.FirstForm+l.SecondForm) >= pairShare*lines && float64(l.SecondForm) >= leastOfPair*lines && lines >= strayByAlone*a*a
}

// inStepWithConnections says that two lines came with each connection, which are two of each request, or two requests of each
// connection. Whoever else is connected to here brings them out of step.
func inStepWithConnections(l calibrate.LogSeen) bool {
	a := float64(l.ConnectionsApart + 1)
	return l.Connections >= leastLines/2 && float64(l.Lines-l.LinesBefore) >= strayByAlone*a*a
}

// LogDoubts are what speaks against a line for each request.
func LogDoubts(l calibrate.LogSeen) (doubts []calibrate.LogDoubt) {
	if l.OwnWriters > 0 && l.OtherServers > 0 || l.OtherServers > 1 {
		doubts = append(doubts, calibrate.LogShared)
	}
	lines := float64(l.Lines)
	switch samePaths := float64(l.Pathed) >= pairShare*lines && float64(l.PathsApart) <= pathsDiffer*lines; {
	case l.Lines < leastLines:
	case float64(l.Twins) >= twinShare*lines:
		doubts = append(doubts, calibrate.LogTwice)
	case inStep(l) && samePaths && l.WritersKnown && l.OtherServers == 0:
		doubts = append(doubts, calibrate.LogTwice)
	case inStep(l), inStepWithConnections(l):
		doubts = append(doubts, calibrate.LogPerhapsTwice)
	case lines-float64(l.FirstForm) > otherForms*lines:
		doubts = append(doubts, calibrate.LogForms)
	}
	return doubts
}

// Requested are the samples of a watch with requests in the place of lines, where the log has two lines for each.
func Requested(samples []calibrate.Sample, l *calibrate.LogSeen) []calibrate.Sample {
	if l == nil || !slices.Contains(LogDoubts(*l), calibrate.LogTwice) {
		return samples
	}
	halved := slices.Clone(samples)
	for i := range halved {
		halved[i].Requests /= 2
	}
	return halved
}

// logDoubts are about the log that counted the requests of a watch.
func logDoubts(w calibrate.Watch, add func(doubtful bool, code, try, format string, args ...any)) {
	if w.Log == nil {
		return
	}
	const own = "let the server write its requests, one line each, to a file of their own, and watch that"
	l := *w.Log
	has := func(d calibrate.LogDoubt) bool { return slices.Contains(l.Doubts, d) }
	add(has(calibrate.LogTwice), "log-twice", "take one of the two loggers out, or "+own,
		"the access log gained two lines for each request: its %s are taken for %s", say.Plural(l.Lines, "line"), say.Plural(w.Requests, "request"))
	add(has(calibrate.LogPerhapsTwice) && !inStep(l), "log-perhaps-twice", own,
		"the access log gained two lines for each connection: if those are of one request, growth is twice as much a request, and max-requests half")
	add(has(calibrate.LogPerhapsTwice) && inStep(l), "log-perhaps-twice", own,
		"the access log may have two lines for each request: %s of one form and %s of another kept step. If so, growth is twice as much a request, and max-requests half",
		say.Count(l.FirstForm), say.Count(l.SecondForm))
	add(has(calibrate.LogForms), "log-forms", own,
		"%s of the %s that the access log gained have another form than the others: if they are no requests of this server, growth is more a request than is said here",
		say.Count(l.Lines-l.FirstForm), say.Plural(l.Lines, "line"))
	add(has(calibrate.LogShared), "log-shared", own,
		"%s beside this one write to the access log: its lines may be theirs, or two for each request", say.Plural(l.OtherServers, "server"))
}
