package sizing

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The sentences are this room's only texts, and this file their only formatter: MB is MiB, KB is KiB, thousands are
// set apart by a space.

func megabytes(bytes int64) float64 { return float64(bytes) / MiB }

func ceilBytes(x float64) int64 { return int64(clamp(math.Ceil(x), 0, mostBudget)) }

// mb is an amount to a tenth of a MB, or to a MB from 10 000 up.
func mb(bytes int64) string { return inMB(bytes, math.Round) }

// mbUp and mbDown are for what is needed and what there is: where one exceeds the other they never print alike.
func mbUp(bytes int64) string   { return inMB(bytes, math.Ceil) }
func mbDown(bytes int64) string { return inMB(bytes, math.Floor) }

func inMB(bytes int64, round func(float64) float64) string {
	if m := megabytes(bytes); m >= 10_000 {
		return grouped(int64(round(m))) + " MB"
	}
	tenths := int64(round(10 * megabytes(bytes)))
	whole := grouped(tenths / 10)
	if tenths%10 == 0 {
		return whole + " MB"
	}
	return fmt.Sprintf("%s.%d MB", whole, tenths%10)
}

// perRequest is a creep in three digits: 6.46 KB, 52 B.
func perRequest(bytes float64) string {
	switch {
	case bytes < 1024:
		return digits(bytes, 3) + " B"
	case bytes < MiB:
		return digits(bytes/1024, 3) + " KB"
	}
	return digits(bytes/MiB, 3) + " MB"
}

// percent is a share in two digits: 0.27 %.
func percent(share float64) string {
	if share > 0 && share < 0.0001 {
		return "under 0.01 %"
	}
	return digits(100*share, 2) + " %"
}

// interval is a time that people plan with: 45 s, 12 min, 3.4 h, 2.1 days.
func interval(seconds float64) string {
	switch {
	case seconds < 90:
		return digits(seconds, 2) + " s"
	case seconds < 90*60:
		return digits(seconds/60, 2) + " min"
	case seconds < 48*3600:
		return digits(seconds/3600, 2) + " h"
	}
	return digits(seconds/86400, 2) + " days"
}

// digits is x rounded to n significant digits, never fewer than its whole part has, without an exponent.
func digits(x float64, n int) string {
	if x == 0 {
		return "0"
	}
	places := max(0, n-1-int(math.Floor(math.Log10(math.Abs(x)))))
	if places == 0 {
		return grouped(int64(math.Round(clamp(x, -mostBudget, mostBudget))))
	}
	text := strconv.FormatFloat(x, 'f', min(places, 9), 64)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// grouped is 15850 as 15 850.
func grouped[T int | int64](n T) string {
	text := strconv.FormatInt(int64(n), 10)
	sign := ""
	if n < 0 {
		sign, text = "-", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + " " + text[i:]
	}
	return sign + text
}

// count is a number with its noun: 1 worker, 4 workers.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}
