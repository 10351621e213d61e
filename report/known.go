package report

import (
	"fmt"
	"math"
	"strings"

	"workermem/calibrate/say"
)

const mb = 1 << 20 // bytes in a MB

const notMeasured = "not measured"

// knownMB prints an amount of memory, of which 0 means that nobody measured it. So do the two below.
func knownMB(bytes int64) string { return say.Known(bytes, say.MB[int64]) }

func knownSeconds(s float64) string { return say.Known(s, say.Seconds) }

func knownRate(perSecond float64) string { return say.Known(perSecond, say.Rate) }

// mbCell is for a column that has MB in its head.
func mbCell(bytes int64) string {
	if bytes <= 0 {
		return "-"
	}
	return say.InMB(bytes)
}

func percentCell(ratio float64) string {
	if math.IsNaN(ratio) || ratio <= 0 {
		return "-"
	}
	return say.Percent(ratio)
}

// orDash is for a count that isn't known.
func orDash(n int) string {
	if n == 0 {
		return "-"
	}
	return say.Count(n)
}

// when is a part of a sentence that is said only if something holds; "" if not.
func when(holds bool, format string, args ...any) string {
	if !holds {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// measured is what was seen of a thing, if it was.
func measured(seen bool, format string, args ...any) string {
	return orElse(when(seen, format, args...), notMeasured)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func orElse(s, other string) string {
	if strings.TrimSpace(s) == "" {
		return other
	}
	return s
}
