package report

import (
	"slices"
	"strings"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// SavedRun is one of several runs.
type SavedRun struct {
	ID            string            `json:"id"`
	Service       string            `json:"service"`
	State         RunState          `json:"state"`
	Verdict       calibrate.Verdict `json:"verdict"`
	Command       []string          `json:"command"`
	Why           string            `json:"why,omitempty"`     // it can't be read, or recommends nothing
	Missing       []string          `json:"missing,omitempty"` // the phases that were planned and aren't over
	StartedAt     *time.Time        `json:"started_at"`
	Seconds       float64           `json:"duration_seconds"`
	Server        string            `json:"server"`
	ServerVersion string            `json:"server_version"`
	PeakRSSBytes  int64             `json:"peak_rss_bytes"`
	Now           *RunSetup         `json:"now"`         // null where nobody says what is deployed
	Proposed      *RunSetup         `json:"proposed"`    // null where nothing can be set
	SavedBytes    *int64            `json:"saved_bytes"` // by what is proposed; below zero where it takes more; null where that isn't known

	Metrics map[string]calibrate.Recorded `json:"metrics,omitempty"` // side by side

	result calibrate.Result
}

// RunSetup is what an app is started with, and what that takes at most.
type RunSetup struct {
	calibrate.Shape
	MaxRequests int64  `json:"max_requests"` // 0: workers are not replaced
	TotalBytes  *int64 `json:"total_bytes"`  // null where it isn't known, or has no end
	Grows       bool   `json:"grows"`        // past the budget, since nothing replaces workers that creep
}

// RunState is how far a saved run has come.
type RunState string

// The states.
const (
	RunWhole      RunState = "whole" // all that was planned was measured
	RunPartial    RunState = "partial"
	RunRunning    RunState = "running"
	RunUnreadable RunState = "unreadable"
)

// Saved is a run as one of several. What is deployed may be nil.
func Saved(service string, m calibrate.Measured, deployed *calibrate.Deployed) SavedRun {
	r := m.Result
	s := SavedRun{
		ID: r.ID, Service: service, State: RunWhole, Verdict: r.Creep.Verdict, Command: r.Target.Command, Seconds: r.DurationSeconds, Server: r.Target.Server,
		ServerVersion: r.Target.ServerVersion, PeakRSSBytes: r.Worker.PeakRSSBytes, result: r,
	}
	switch {
	case m.Running:
		s.State = RunRunning
	case !r.AsPlanned():
		s.State, s.Missing = RunPartial, r.Undone()
	}
	if !r.StartedAt.IsZero() {
		s.StartedAt = &r.StartedAt
	}
	if deployed != nil {
		s.Now = &RunSetup{Shape: deployed.Shape, MaxRequests: deployed.MaxRequests}
		if s.Now.Grows = deployed.GrowsSeconds > 0 && deployed.LeftBytes() < 0; deployed.Memory.Known() && !s.Now.Grows {
			s.Now.TotalBytes = new(int64(*deployed.Memory.Value))
		}
	}
	if a := answerOf(r); a.Verdict != "" {
		s.Why = strings.ToLower(a.Verdict) + ": " + a.Why
		return s
	}
	w := wanted(r)
	s.Proposed = &RunSetup{calibrate.Shape{Workers: w.Workers, Threads: w.Threads}, w.MaxRequests, new(r.Recommendation.TotalBytes), false}
	if s.Now != nil && s.Now.TotalBytes != nil {
		s.SavedBytes = new(*s.Now.TotalBytes - *s.Proposed.TotalBytes)
	}
	return s
}

// Runs is the list of them, in the order given: what tells one from another, and what each came to.
func Runs(all []SavedRun, now time.Time) Document {
	t := Table{Columns: []Column{
		{Head: "run", Left: true, Keep: 9}, {Head: "age", Keep: 2}, {Head: "state", Left: true, Keep: 8}, {Head: "memory", Left: true, Keep: 7}, {Head: "peak", Unit: "MB", Keep: 3},
		{Head: "proposed", Unit: shapeUnit, Keep: 4}, {Head: "took", Keep: 1}, {Head: "command", Left: true, Keep: 5, Least: 20},
	}}
	for _, s := range all {
		t.Rows = append(t.Rows, Row{Cells: []string{
			s.ID, age(s.StartedAt, now), string(s.State), orElse(string(s.Verdict), "-"), mbCell(s.PeakRSSBytes), shapeCell(s.Proposed), timeCell(s.Seconds), orElse(say.Shell(s.Command...), "-"),
		}})
	}
	return Document{Title: "Saved runs", Data: all, Saved: all, Blocks: slices.Concat([]Block{t}, unreadableRuns(all), chooseNote(all))}
}

func unreadableRuns(all []SavedRun) []Block {
	var why []Fact
	for _, s := range all {
		if s.State == RunUnreadable {
			why = append(why, fact(s.ID, s.Why))
		}
	}
	if len(why) == 0 {
		return nil
	}
	return section(Heading{Name: "Unreadable"}, Facts{Rows: why})
}

// chooseNote says how to name one of them.
func chooseNote(all []SavedRun) []Block {
	for _, s := range slices.Backward(all) {
		if s.State != RunUnreadable {
			return []Block{Only{AtTerminal, []Block{Note{Text: "The newest is last. calibrate report " + say.Shell(s.ID[strings.LastIndexByte(s.ID, '-')+1:]) +
				" shows that one: the end of a run's name is enough. Several names stand side by side."}}}}
		}
	}
	return nil
}

// shapeUnit is what two numbers are with an x between them.
const shapeUnit = "W x T"

// shapeCell is workers x threads, as in total(2x4).
func shapeCell(s *RunSetup) string {
	switch {
	case s == nil:
		return "-"
	case s.Threads == 0:
		return say.Count(s.Workers)
	}
	return say.Count(s.Workers) + "x" + say.Count(s.Threads)
}

func timeCell(seconds float64) string {
	if seconds <= 0 {
		return "-"
	}
	return say.Seconds(seconds)
}

// age is how long ago a run began.
func age(began *time.Time, now time.Time) string {
	if began == nil || began.After(now) {
		return "-"
	}
	ago := now.Sub(*began)
	for _, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if ago >= 2*unit {
			ago = ago.Truncate(unit)
			break
		}
	}
	return say.Seconds(ago.Seconds())
}
