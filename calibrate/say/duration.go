package say

import (
	"fmt"
	"math"
)

// The units of a duration, in seconds.
const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// Seconds prints a length of time as a person would say it: "12 ms", "1.84 s", "45 s", "1 min 34 s", "3 h 20 min".
func Seconds(s float64) string {
	switch {
	case !finite(s) || s < 0:
		return Unknown
	case s < 0.0095:
		return small(s)
	case s < 0.9995:
		return Fixed(s*1000, 0) + " ms"
	case s < 9.995:
		return trimZeros(Fixed(s, 2)) + " s"
	case s < minute-0.5:
		return Fixed(s, 0) + " s"
	case s < hour-0.5:
		return twoUnits(s, 60, "min", "s")
	case s < 2*day-30:
		return twoUnits(s/minute, 60, "h", "min")
	case s < 10*day-hour/2:
		return twoUnits(s/hour, 24, "days", "h")
	}
	return Fixed(s/day, 0) + " days"
}

// small prints less than 9.5 ms.
func small(s float64) string {
	if s == 0 {
		return "0 s"
	}
	return trimZeros(Fixed(s*1000, 1)) + " ms"
}

// CPU prints the time of one request with three digits, however short it is, since it is multiplied: "0.0354 ms", "2.03 ms", "184 ms", "1.2 s".
func CPU(s float64) string {
	switch {
	case !finite(s) || s < 0:
		return Unknown
	case s >= 0.9995:
		return Number(s) + " s"
	}
	return milliseconds(s) + " ms"
}

// CPURange prints two such times with one unit: "1.98 to 2.08 ms".
func CPURange(low, high float64) string {
	if !finite(low) || !finite(high) || low < 0 || high < 0 {
		return Unknown
	}
	if high >= 0.9995 {
		return Number(low) + " to " + Number(high) + " s"
	}
	return milliseconds(low) + " to " + milliseconds(high) + " ms"
}

// milliseconds is a number of three digits, also below one.
func milliseconds(s float64) string {
	digits := places(s * 1000)
	for below := 1.0; s*1000 < below-below/2000 && s > 0 && digits < 6; below /= 10 {
		digits++
	}
	return trimZeros(Fixed(s*1000, digits))
}

// twoUnits prints a count of small units as large and small ones, the small ones only if there are any.
func twoUnits(count, ratio float64, large, small string) string {
	n := int64(math.Round(count))
	whole, rest := n/int64(ratio), n%int64(ratio)
	if rest == 0 {
		return fmt.Sprintf("%d %s", whole, large)
	}
	return fmt.Sprintf("%d %s %d %s", whole, large, rest, small)
}

// Clock prints a time that runs: "0:42", "1:02:03".
func Clock(s float64) string {
	n := int64(math.Max(0, s))
	if n < hour {
		return fmt.Sprintf("%d:%02d", n/60, n%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
}
