package calibrate

import (
	"fmt"
	"time"
)

// Ignore excuses a metric from its limit and its baseline, for a reason and not for ever: without that, whoever has one
// known case switches the whole gate off.
type Ignore struct {
	Metric string `json:"metric"` // its name, with its argument: "after(10k)"
	Reason string `json:"reason"`
	Until  string `json:"until"` // the last day, as 2027-01-31
}

// Expired says that its last day is over, in UTC.
func (i Ignore) Expired(now time.Time) bool { return i.Until < now.UTC().Format(time.DateOnly) }

// Excuses says that a metric is ignored, and still is.
func (i Ignore) Excuses(m Metric, now time.Time) bool {
	ignored, err := ParseMetric(i.Metric)
	return err == nil && ignored.Same(m) && !i.Expired(now)
}

func (i Ignore) String() string { return fmt.Sprintf("%s until %s: %s", i.Metric, i.Until, i.Reason) }

// ParseIgnore reads a metric, a reason and a last day as they are written: a day within a year from now, and a reason that every page
// may show. Its errors are complaints, one of each that is wrong, nil for each that is not.
func ParseIgnore(metric, reason, until string, now time.Time) (i Ignore, badMetric, badReason, badUntil error) {
	m, badMetric := ParseMetric(metric)
	if reason == "" {
		badReason = Usage("say why, for whoever finds it later", "an ignored metric needs a reason")
	}
	switch last, err := time.Parse(time.DateOnly, until); {
	case err != nil:
		badUntil = Usage("write its last day like 2027-01-31", "%q is no day", until)
	case last.After(now.UTC().AddDate(1, 0, 0)):
		badUntil = Usage("write a day within a year, and look at it again by then", "%s is more than a year away", until)
	}
	return Ignore{Metric: m.Name, Reason: RedactText(reason), Until: until}, badMetric, badReason, badUntil
}
