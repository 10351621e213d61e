package report

import (
	"fmt"

	"workermem/calibrate"
)

// configOf is the file that options came from; "" without one.
func configOf(c *calibrate.Config) string {
	if c == nil {
		return ""
	}
	return fileOf(c.File, c.Profile)
}

func fileOf(file, profile string) string { return file + when(profile != "", ", profile %s", profile) }

// Source is where an option's value came from.
type Source string

// The sources, the weakest first.
const (
	FromDefault     Source = "default"
	FromEnvironment Source = "environment"
	FromFile        Source = "file"
	FromProfile     Source = "profile"
	FromFlag        Source = "flag"
)

// Effective are the options as they hold.
type Effective struct {
	File    string            `json:"file"` // "" for none
	Profile string            `json:"profile"`
	Options []EffectiveOption `json:"options"`
}

// EffectiveOption is one, without what may be secret.
type EffectiveOption struct {
	Key      string `json:"key"` // as calibrate.yaml has it: "host.memory"
	Value    string `json:"value"`
	From     Source `json:"from"`
	Line     int    `json:"line,omitempty"`     // in the file
	Variable string `json:"variable,omitempty"` // of the environment
}

// mostValue leaves room beside it on a terminal for where a value came from.
const mostValue = 30

// EffectiveOptions is the list of them, each with its source.
func EffectiveOptions(e Effective) Document {
	t := Table{Columns: []Column{{Head: "option", Left: true, Keep: 9}, {Head: "value", Left: true, Keep: 7}, {Head: "from", Left: true, Keep: 8}}}
	for _, o := range e.Options {
		t.Rows = append(t.Rows, Row{Cells: []string{o.Key, cut(orElse(o.Value, "none"), mostValue), sourceOf(e, o)}})
	}
	return Document{Title: "Options", Data: e, Blocks: []Block{Facts{Rows: factsOf(fact("config", orElse(fileOf(e.File, e.Profile), "no file")))}, t}}
}

func sourceOf(e Effective, o EffectiveOption) string {
	switch o.From {
	case FromFile:
		return fmt.Sprintf("%s:%d", e.File, o.Line)
	case FromProfile:
		return fmt.Sprintf("%s:%d", e.File, o.Line) + " (" + e.Profile + ")"
	case FromEnvironment:
		return o.Variable
	case FromFlag:
		return "command line"
	}
	return string(FromDefault)
}
