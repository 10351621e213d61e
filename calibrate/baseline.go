package calibrate

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// BaselineSchema names the shape of a baseline.
const BaselineSchema = "calibrate.baseline/1"

// BaselineFile is where it is, unless another is named.
const BaselineFile = "calibrate.baseline.json"

// Baseline is a run that later ones are held against: a file that is committed beside the app.
type Baseline struct {
	Schema      string              `json:"schema"`
	Run         string              `json:"run"` // id
	StartedAt   time.Time           `json:"started_at"`
	Tool        Tool                `json:"tool"`
	Fingerprint Fingerprint         `json:"fingerprint"`
	Metrics     map[string]Recorded `json:"metrics"` // by name, with their arguments
}

// Recorded is a metric's figure in a baseline.
type Recorded struct {
	Unit Unit `json:"unit"`
	Reading
}

// BaselineOf is a run as a baseline: all figures that it has, and of the metrics with an argument those that are usually held, or
// named. Of a run that was cut short those are left out that follow from what is missing.
func BaselineOf(r Result, named ...Metric) Baseline {
	b := Baseline{Schema: BaselineSchema, Run: r.ID, StartedAt: r.StartedAt, Tool: r.Tool, Fingerprint: r.Fingerprint(), Metrics: map[string]Recorded{}}
	there := map[figure]bool{} // however it is spelt
	for _, m := range slices.Concat(Metrics(), named, UsualChanges().Metrics()) {
		if recorded := (Recorded{m.Unit, m.Read(r)}); recorded.plausible() && !m.CutShort(r) && !there[m.figure()] {
			b.Metrics[m.Name], there[m.figure()] = recorded, true
		}
	}
	return b
}

// ParseBaseline reads a baseline's file.
func ParseBaseline(text []byte) (b Baseline, err error) {
	if err := json.Unmarshal(text, &b); err != nil {
		return b, err
	}
	if b.Schema != BaselineSchema {
		return b, fmt.Errorf("its schema is %q, and this calibrate reads %q", b.Schema, BaselineSchema)
	}
	if len(b.Metrics) == 0 || !b.Fingerprint.plausible() {
		return b, errors.New("it lacks its metrics, or the fingerprint of what they were measured with")
	}
	spelt := map[figure]string{}
	for _, name := range slices.Sorted(maps.Keys(b.Metrics)) {
		m, err := ParseMetric(name)
		if err != nil {
			return b, err
		}
		recorded := b.Metrics[name]
		if !recorded.plausible() || recorded.Unit != m.Unit {
			return b, fmt.Errorf("its figure of %s is none in %s", name, m.Unit)
		}
		// Older baselines may have one figure under two names. Where they differ, as after a merge, nobody knows which holds.
		if other, twice := spelt[m.figure()]; twice && !reflect.DeepEqual(b.Metrics[other], recorded) {
			return b, fmt.Errorf("its figures of %s and %s differ, which are the same", other, name)
		}
		spelt[m.figure()] = name
	}
	return b, nil
}

// plausible says that a figure can be one of its unit. Only a slope has two directions.
func (r Recorded) plausible() bool {
	within := func(x *float64) bool { return x != nil && math.Abs(*x) <= mostBytes }
	slope := r.Unit == UnitBytesPerRequest || r.Unit == UnitBytesPerSecond
	return within(r.Value) && (slope || *r.Value >= 0) && (r.Unit != UnitShare || *r.Value <= 1) &&
		(r.Low == nil) == (r.High == nil) && (r.Low == nil || within(r.Low) && within(r.High) && *r.Low <= *r.Value && *r.Value <= *r.High)
}

// BaselineCompare is what came of holding a run against a baseline.
type BaselineCompare struct {
	Run     string       `json:"run"` // of the baseline
	Differs []Difference `json:"differs"`
}

// Fingerprint is with what a run was measured: of two runs with the same, the figures may be compared. What isn't known is empty.
type Fingerprint struct {
	Server        string  `json:"server"`
	ServerVersion string  `json:"server_version"`
	Interpreter   string  `json:"interpreter"`
	Libc          string  `json:"libc"`
	Allocator     string  `json:"allocator"`
	Arch          string  `json:"arch"`
	PageBytes     int     `json:"page_bytes"`
	HugePages     string  `json:"huge_pages"`
	CPUModel      string  `json:"cpu_model"`
	Cores         float64 `json:"cores"`        // of the machine, or its quota
	SizedCores    float64 `json:"sized_cores"`  // and of the box that was sized for, with its budget
	BudgetBytes   int64   `json:"budget_bytes"` //
	Targets       string  `json:"targets"`      // a hash of the requests
	Rate          float64 `json:"rate_per_second"`
	Clients       int     `json:"clients"`
	Quick         bool    `json:"quick"`
	Swept         string  `json:"swept"` // shapes of which is said what a sweep measured, as "2x4, 2x16", where it made the choice
	Rules         int     `json:"rules"` // of the analysis, by which figures follow from readings; 0 for unknown
	Mode          Mode    `json:"mode"`  // whether the app was started, or watched as others used it
}

// plausible says that something is known, and that no part of it is longer than a report has room for.
func (f Fingerprint) plausible() bool {
	const most = 500
	return f != Fingerprint{} && !slices.ContainsFunc(f.parts(nil), func(p printed) bool { return len(p.text) > most })
}

// Fingerprint is that of a run.
func (r Result) Fingerprint() Fingerprint {
	on := Runtime{}
	if r.Runtime != nil {
		on = *r.Runtime
	}
	return Fingerprint{
		Server: r.Target.Server, ServerVersion: r.Target.ServerVersion, Interpreter: on.Interpreter, Libc: on.Libc, Allocator: on.Allocator,
		Arch: r.Host.Arch, PageBytes: r.Host.PageBytes, HugePages: r.Host.HugePages, Targets: r.Plan.Targets,
		CPUModel: r.Host.CPUModel, Cores: r.Host.SizingCPUs(), SizedCores: r.Cores(), BudgetBytes: r.Recommendation.BudgetBytes,
		Rate: r.Plan.Rate, Clients: r.Plan.Clients, Quick: r.Plan.Quick, Swept: r.sweptShapes(), Rules: r.Tool.Rules, Mode: r.Mode,
	}
}

// sweptShapes are those that the sweep ran which made the choice: what is said of them is what it measured.
func (r Result) sweptShapes() string {
	if r.Recommendation.Computed == nil || r.Sweep == nil {
		return ""
	}
	var shapes []string
	for _, run := range r.Sweep.Runs {
		if run.Compared(r.Sweep.BudgetBytes) {
			shapes = append(shapes, argument{workers: run.Workers, threads: max(run.Threads, 1)}.shape())
		}
	}
	slices.Sort(shapes)
	return strings.Join(shapes, betweenShapes)
}

// Difference is one part in which two fingerprints differ.
type Difference struct {
	Field    string   `json:"field"` // its key
	Baseline string   `json:"baseline"`
	Run      string   `json:"run"`
	Spoils   []Ground `json:"spoils"` // what can't be compared for it
}

// Spoiled says that a metric can't be compared for it. Rules that recommend otherwise move all that is of the recommended workers, such
// as the memory of one with its creep, whatever else it rests on. A sweep moves what the shapes serve that it ran, and not what a request
// alone takes.
func (d Difference) Spoiled(m Metric) bool {
	if d.Field == sweptField {
		return slices.Contains(d.Spoils, m.Rests()) && len(m.needs) > 0 && d.sweptOnce(m.given)
	}
	return slices.Contains(d.Spoils, m.Rests()) || m.lasting && d.Field == rulesField && slices.Contains(d.Spoils, GroundAnswers)
}

// sweptOnce says that what a shape serves, or without one what is recommended, was measured of one of the two and reckoned of the other.
func (d Difference) sweptOnce(of argument) bool {
	measured := func(shapes string) bool {
		if of == (argument{}) {
			return shapes != unswept // what a sweep recommends it ran
		}
		return slices.Contains(strings.Split(shapes, betweenShapes), of.shape())
	}
	return measured(d.Baseline) != measured(d.Run)
}

const (
	rulesField = "rules"
	sweptField = "swept"

	unswept       = "none" // no sweep made the choice
	betweenShapes = ", "
)

// Differences names what differs between a baseline's fingerprint and that of a run, and matters to a metric. Of what one of them
// doesn't know nothing is said.
func (f Fingerprint) Differences(run Fingerprint) []Difference {
	all := []Difference{}
	ours, theirs := f.parts(changedBetween(f.Rules, run.Rules)), run.parts(nil)
	for i, p := range ours {
		if p.text != theirs[i].text && p.text != "" && theirs[i].text != "" && len(p.spoils) > 0 {
			all = append(all, Difference{p.field, p.text, theirs[i].text, p.spoils})
		}
	}
	return all
}

type printed struct {
	field, text string
	spoils      []Ground
}

// parts are the fields with what rests on each, on the rules what they got in another way. A core's speed, for one, is in no
// worker's memory.
func (f Fingerprint) parts(byRules []Ground) []printed {
	everything := []Ground{GroundMemory, GroundCPU, GroundTimes, GroundServed, GroundErrors, GroundAnswers}
	program := []Ground{GroundMemory, GroundCPU, GroundTimes, GroundServed, GroundAnswers}
	memory := []Ground{GroundMemory, GroundAnswers}
	speed := []Ground{GroundCPU, GroundTimes, GroundServed, GroundAnswers}
	times := []Ground{GroundTimes, GroundServed, GroundAnswers}
	return []printed{
		{"server", f.Server, everything},
		{"server_version", f.ServerVersion, program},
		{"interpreter", f.Interpreter, program},
		{"libc", f.Libc, memory},
		{"allocator", f.Allocator, program},
		{"arch", f.Arch, program},
		{"page_bytes", knownCount(f.PageBytes), memory},
		{"huge_pages", f.HugePages, memory},
		{"cpu_model", f.CPUModel, speed},
		{"cores", decimal(f.Cores), times},
		{"sized_cores", decimal(f.SizedCores), []Ground{GroundAnswers}},
		{"budget_bytes", decimal(float64(f.BudgetBytes)), []Ground{GroundAnswers}},
		{"targets", f.Targets, everything},
		{"rate_per_second", decimal(f.Rate), times},
		{"clients", decimal(float64(f.Clients)), times},
		{"quick", strconv.FormatBool(f.Quick), everything},
		{sweptField, cmp.Or(f.Swept, unswept), []Ground{GroundServed}},
		{rulesField, knownCount(f.Rules), byRules},
		{"mode", string(f.mode()), everything},
	}
}

// mode is that of the run, also of a baseline that was written before there was its field: where requests are known they were sent to an
// app that was started for them.
func (f Fingerprint) mode() Mode {
	if f.Mode == "" && f.Targets != "" {
		return ModeRun
	}
	return f.Mode
}

// knownCount is "" for 0: not known.
func knownCount(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
