package report

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"unicode"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Export is what other programs take of a run: the register's figures that are known, and the limits they were held to.
// Its texts may be anybody's; each dialect cleans what it takes.
type Export struct {
	App     string // by which other programs tell it from other apps
	Setup   []Fact // what must be equal where two runs are compared
	Threads int
	Figures []Figure
	Cases   []Case
	Seconds float64 // that it took
}

// Figure is what a run says of a metric.
type Figure struct {
	calibrate.Metric
	calibrate.Reading
}

// Case is a limit and what became of it, or the run itself where nothing is limited.
type Case struct {
	Name   string // the limit as it is typed
	Result CaseResult
	Says   string // "limited to 150 MB but measured 162 MB (160 to 164 MB)"
}

// CaseResult is what became of a limit.
type CaseResult string

// The results.
const (
	CaseHeld      CaseResult = "held"
	CaseExceeded  CaseResult = "exceeded"
	CaseRegressed CaseResult = "regressed" // exceeded, against the baseline or the base
	CaseUnclear   CaseResult = "unclear"   // no figure, or too close to tell: no pass
	CaseFailed    CaseResult = "failed"    // the run itself
)

// red says that a case must not pass.
func (r CaseResult) red() bool { return r == CaseExceeded || r == CaseRegressed || r == CaseFailed }

// exportedAlso are the metrics with an argument that are exported of every run.
var exportedAlso = []string{"after(10k)"}

// exportOf is what a run has for other programs. Without limits its one case is the run itself.
func exportOf(r calibrate.Result) *Export {
	e := &Export{App: appNamed(r.Target), Setup: setupOf(r.Fingerprint(), r.Tool), Threads: r.Target.Threads, Seconds: r.DurationSeconds, Cases: []Case{caseOfRun(r)}}
	for _, m := range exported() {
		if reading := m.Read(r); reading.Known() {
			e.Figures = append(e.Figures, Figure{m.In(r), reading})
		}
	}
	return e
}

// exportOfCheck is that of a run held to limits. The run itself is a case where it can't be relied on, where nothing fits at all
// or may not, or where nothing else was asked.
func exportOfCheck(c calibrate.Check, r calibrate.Result) *Export {
	e := exportOf(r)
	switch {
	case c.FitOpen:
		e.Cases = []Case{{wholeRun, CaseUnclear, fitOpen(c)}}
	case !c.Untrusted && !c.NoFit:
		e.Cases = nil
	}
	for _, j := range c.Limits {
		if m := j.Limit.Metric(); j.Known() && !slices.ContainsFunc(e.Figures, func(f Figure) bool { return f.Same(m) }) {
			e.Figures = append(e.Figures, Figure{m, m.Read(r)})
		}
	}
	for _, f := range findings(c) {
		e.Cases = append(e.Cases, f.Case)
	}
	if len(e.Cases) == 0 {
		e.Cases = []Case{{wholeRun, CaseHeld, checkLine(c)}}
	}
	return e
}

// exported are the metrics that other programs get, in the register's order.
func exported() []calibrate.Metric {
	all := slices.DeleteFunc(calibrate.Metrics(), func(m calibrate.Metric) bool { return m.Argument() != "" })
	for _, name := range exportedAlso {
		if m, err := calibrate.ParseMetric(name); err == nil {
			all = append(all, m)
		}
	}
	return all
}

// Failed is the page of a run that has no result.
func Failed(f *calibrate.Failure) Document {
	says := calibrate.RedactText(f.Error())
	d := Document{Title: "No result", Blocks: []Block{Answer{Verdict: "FAILED", Why: says, Mark: Bad}}, Data: f}
	if f.Try != "" {
		d.Blocks = append(d.Blocks, Facts{Brief: true, Rows: []Fact{fact("try", f.Try)}})
	}
	c := Case{wholeRun, CaseFailed, says}
	if f.Kind == calibrate.KindInconclusive {
		c.Result = CaseUnclear
	}
	d.Export = &Export{App: "app", Cases: []Case{c}}
	return d
}

// wholeRun is the name of the case that is the run itself.
const wholeRun = "the run"

func caseOfRun(r calibrate.Result) Case {
	c := Case{Name: wholeRun, Result: CaseHeld, Says: answerOf(r).Why}
	switch {
	case !r.Complete:
		c.Result, c.Says = CaseFailed, "cut short by: "+interruptedBy(r.Interrupted)
	case r.Outcome() == calibrate.KindInconclusive:
		c.Result = CaseUnclear
	case r.Outcome() != 0:
		c.Result = CaseExceeded
	}
	if c.Says == "" {
		c.Says = cmp.Or(doubt(r), whyOf(r))
	}
	return c
}

// appNamed names an app by its server, which is all that is known of every app.
func appNamed(t calibrate.TargetInfo) string {
	if t.Server == calibrate.OtherServer && len(t.Command) > 0 {
		return path.Base(t.Command[0])
	}
	return orElse(t.Server, "app")
}

// setupOf is what two runs must have in common to be compared. What the load came to is a finding, what was asked for is not.
func setupOf(on calibrate.Fingerprint, by calibrate.Tool) []Fact {
	load := "by itself"
	if on.Rate > 0 {
		load = say.Rate(on.Rate)
	} else if on.Clients > 0 {
		load = say.Plural(on.Clients, "client")
	}
	return factsOf(
		fact("server", on.Server), fact("server-version", on.ServerVersion), fact("interpreter", on.Interpreter), fact("libc", on.Libc), fact("allocator", on.Allocator),
		fact("arch", on.Arch), fact("cpu", on.CPUModel), fact("cores", say.Number(on.Cores)), fact("load", load), fact("requests", on.Targets), fact("calibrate", by.Version),
	)
}

// longestName is where names end, which platforms cut at lengths of their own.
const longestName = 200

// plainName is a foreign name as a line's part, neither empty nor endless.
func plainName(s string) string {
	return cut(orElse(strings.TrimSpace(say.Line(s)), "app"), longestName)
}

// slug is a metric's name without brackets, parted by a mark: "after-10k".
func slug(m calibrate.Metric, mark string) string {
	words := strings.FieldsFunc(m.Name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, mark)
}

// longestText is where texts end: platforms show less of one. What calibrate says has some hundred; a command may have a script in it,
// and a run of somebody else's may have anything.
const longestText = 4000

// plainText is a foreign sentence on one line.
func plainText(s string) string { return cut(say.Line(s), longestText) }
