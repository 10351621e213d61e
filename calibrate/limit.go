package calibrate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"workermem/calibrate/say"
)

// Limit is a condition on a metric that a run must meet. As it is typed:
//
//	worker <= 150MB             a figure
//	workers >= 4
//	after(10k) <= 300MB
//	worker <= +5%               a change against the baseline, as a share of its figure
//	peak <= +5% or +4MB         as a share, and as an amount: exceeded only where both are
//	capacity >= -10%
//
// It is one or the other: Bound alone, or Ratio, Change, or both.
type Limit struct {
	Name   string // the metric's, with its argument: "after(10k)"
	Least  bool   // the figure must be no less (>=), else no more (<=)
	Bound  *float64
	Ratio  *float64 // of the baseline's figure, 0.05 for +5%; below zero where less is worse
	Change *float64 // in the metric's unit, with the same sign
}

const likeLimit = "write it like worker <= 150MB, workers >= 4, or against the baseline worker <= +5%"

// ParseLimit reads a limit as it is typed. Its errors are complaints of wrong usage.
func ParseLimit(text string) (Limit, error) {
	name, operator, amount := cutLimit(text)
	if operator == "" || name == "" || amount == "" {
		return Limit{}, Usage(likeLimit, "%q is no limit", text)
	}
	m, err := ParseMetric(name)
	if err != nil {
		return Limit{}, err
	}
	l := Limit{Name: m.Name, Least: operator == atLeast}
	if err := l.checkOperator(m, operator, amount); err != nil {
		return Limit{}, err
	}
	for part := range strings.SplitSeq(amount, " or ") {
		if err := l.take(m, strings.TrimSpace(part)); err != nil {
			return Limit{}, Usage(tryOf(err), "%s: %s", text, err)
		}
	}
	if l.Bound != nil && l.Relative() {
		return Limit{}, Usage("write two limits", "%s: a figure and a change against the baseline are two limits", text)
	}
	return l, nil
}

const atMost, atLeast = "<=", ">="

// cutLimit parts the name, what stands for an operator, and the amount, whose spaces are single ones.
func cutLimit(text string) (name, operator, amount string) {
	start := strings.IndexAny(text, "<>=")
	if start < 0 {
		return text, "", ""
	}
	rest := strings.TrimLeft(text[start:], "<>=")
	operator = text[start : len(text)-len(rest)]
	return strings.TrimSpace(text[:start]), operator, strings.Join(strings.Fields(rest), " ")
}

// checkOperator refuses what is none, and one that passes what gets worse.
func (l Limit) checkOperator(m Metric, operator, amount string) error {
	right := map[Direction]string{LessIsBetter: atMost, MoreIsBetter: atLeast}[m.Better]
	switch {
	case operator != atMost && operator != atLeast:
		if right == "" {
			right = atMost
		}
		return Usage("write "+m.Name+" "+right+" "+amount, "%q is no operator of a limit", operator)
	case right != "" && operator != right:
		return Usage("write "+m.Name+" "+right+" "+amount, "%s %s %s would pass what gets worse: of %s, %s is better", m.Name, operator, amount, m.Word(), m.Better)
	}
	return nil
}

// take reads one part of what stands behind the operator.
func (l *Limit) take(m Metric, text string) error {
	change, isChange := strings.CutPrefix(text, "+")
	sign := 1.0
	if !isChange {
		if change, isChange = strings.CutPrefix(text, "-"); isChange {
			sign = -1
		}
	}
	change = strings.TrimSpace(change)
	place, read := &l.Bound, m.Unit.parse
	switch {
	case isChange && change != strings.TrimLeft(change, "+-"):
		return malformed("write one sign", "%s has two", text)
	case isChange && l.Least != (sign < 0):
		return malformed(fmt.Sprintf("write %s", signed(change, l.Least)), "%s is a change for the better", text)
	case strings.HasSuffix(change, "%") && isChange:
		place, read = &l.Ratio, parsePercent
	case isChange:
		place = &l.Change
	}
	if *place != nil {
		return malformed("leave one out", "%s is one amount too many", text)
	}
	v, err := read(change)
	if err != nil {
		return err
	}
	v *= sign
	*place = &v
	return nil
}

func signed(amount string, least bool) string {
	if least {
		return "-" + amount
	}
	return "+" + amount
}

// Relative says that the limit is one against the baseline.
func (l Limit) Relative() bool { return l.Ratio != nil || l.Change != nil }

// Metric is what is limited.
func (l Limit) Metric() Metric {
	m, err := ParseMetric(l.Name)
	if err != nil {
		panic("a limit of " + l.Name) // which ParseLimit never makes
	}
	return m
}

// String is the limit as it may be typed.
func (l Limit) String() string {
	operator := atMost
	if l.Least {
		operator = atLeast
	}
	return l.Name + " " + operator + " " + l.Amounts()
}

// Amounts is what stands behind the operator.
func (l Limit) Amounts() string {
	unit := l.Metric().Unit
	if l.Bound != nil {
		return unit.write(*l.Bound)
	}
	var parts []string
	if l.Ratio != nil {
		parts = append(parts, signed(writePercent(math.Abs(*l.Ratio)), l.Least))
	}
	if l.Change != nil {
		parts = append(parts, signed(unit.write(math.Abs(*l.Change)), l.Least))
	}
	return strings.Join(parts, " or ")
}

// Allowed is the figure that the limit draws. Against a baseline it is the farther of the two that its amounts draw, since
// both must be exceeded.
func (l Limit) Allowed(baseline float64) float64 {
	if l.Bound != nil {
		return *l.Bound
	}
	var change float64
	for _, amount := range l.changes(baseline) {
		if math.Abs(amount) > math.Abs(change) {
			change = amount
		}
	}
	return baseline + change
}

// changes are what its amounts allow. A share is one of the figure's size: a creep may be below zero.
func (l Limit) changes(baseline float64) (all []float64) {
	if l.Ratio != nil {
		all = append(all, *l.Ratio*math.Abs(baseline))
	}
	if l.Change != nil {
		all = append(all, *l.Change)
	}
	return all
}

// Repeats says that two limits bound the same figure in the same way, so that one of them has no say.
func (l Limit) Repeats(other Limit) bool {
	return l.Metric().Same(other.Metric()) && l.Least == other.Least && l.Relative() == other.Relative()
}

// MostLimits is more than anybody reads the verdicts of.
const MostLimits = 100

// Add is the limits with one more, as typed. A repeated one is wrong usage, and one too many.
func (all Limits) Add(text string) (Limits, error) {
	if len(all) >= MostLimits {
		return all, Usage("keep those that matter", "there are more than %s limits", say.Count(MostLimits))
	}
	l, err := ParseLimit(text)
	if err != nil {
		return all, err
	}
	if i := slices.IndexFunc(all, l.Repeats); i >= 0 {
		return all, Usage("leave one out", "%s: %s limits it already", text, all[i])
	}
	return append(all, l), nil
}

// Limits are those that a run must meet, in their order.
type Limits []Limit

// UsualChanges are the limits against a baseline where nobody gives one: of memory alone, which hardly differs from start to start,
// and after as many requests in both, since a peak holds what has crept by then.
func UsualChanges() Limits { return limitsOf("after(10k) <= +5% or +4MB", "creep <= +1KB") }

// UsualDifferences are those between two versions that are run in turn where nobody gives one: what a start hardly changes by itself.
func UsualDifferences() Limits {
	return limitsOf("peak <= +5% or +4MB", "plateau <= +5% or +4MB", "marginal <= +5% or +4MB", "creep <= +1KB", "cpu <= +10%")
}

func limitsOf(texts ...string) (all Limits) {
	for _, text := range texts {
		all, _ = all.Add(text)
	}
	return all
}

// String is the limits as they may be typed, with commas between them.
func (all Limits) String() string {
	texts := make([]string, len(all))
	for i, l := range all {
		texts[i] = l.String()
	}
	return strings.Join(texts, ", ")
}

// MarshalText writes the limit as it is typed, in JSON too.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads it as it is typed.
func (l *Limit) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLimit(string(text))
	return err
}

// Metrics are what is limited.
func (all Limits) Metrics() []Metric {
	metrics := make([]Metric, len(all))
	for i, l := range all {
		metrics[i] = l.Metric()
	}
	return metrics
}
