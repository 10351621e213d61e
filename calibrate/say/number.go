package say

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Unknown stands for a figure that nobody knows.
const Unknown = "unknown"

// A Figure is anything that counts or measures.
type Figure interface {
	~int | ~int64 | ~uint64 | ~float64
}

// Known prints v as text does, and what is 0 or less as "unknown": nobody measured it.
func Known[N Figure](v N, text func(N) string) string {
	if v <= 0 {
		return Unknown
	}
	return text(v)
}

// Count prints a whole number: "999", "15 850".
func Count[N ~int | ~int64 | ~uint64](n N) string {
	return group(fmt.Sprintf("%d", n))
}

// Number prints v with three digits: "0.35", "6.46", "35.2", "1 240".
func Number[N Figure](v N) string { return trimZeros(Fixed(float64(v), places(float64(v)))) }

// Step is the least difference that Number shows between figures as large as v.
func Step(v float64) float64 { return math.Pow10(-places(v)) }

// places is how many digits behind the point three digits leave to v.
func places(v float64) int {
	switch abs := math.Abs(v); {
	case abs < 9.995:
		return 2
	case abs < 99.95:
		return 1
	}
	return 0
}

// Fixed prints v with so many digits behind the point, whatever its size: for a column whose points stand in line.
func Fixed(v float64, digits int) string {
	if !finite(v) {
		return Unknown
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Trim(s, "-0.") == "" { // no "-0.0"
		s = strings.TrimPrefix(s, "-")
	}
	whole, fraction, found := strings.Cut(s, ".")
	if !found {
		return group(whole)
	}
	return group(whole) + "." + fraction
}

// Percent prints a share of 1: "99.7 %", "0.35 %", "100 %".
func Percent(share float64) string {
	v := 100 * share
	switch abs := math.Abs(v); {
	case !finite(v):
		return Unknown
	case v > 0 && v < 0.01:
		return "under 0.01 %"
	case v > 99.9 && v < 100:
		return "99.9 %"
	case abs < 0.995:
		return trimZeros(Fixed(v, 2)) + " %"
	}
	return trimZeros(Fixed(v, 1)) + " %"
}

// Difference prints a share by which something is off, with its sign: "+1.4 %", "-0.72 %".
func Difference(share float64) string {
	if share <= 0 || !finite(share) {
		return Percent(share)
	}
	return "+" + Percent(share)
}

// PercentRange prints two shares with one sign: "20 to 31.5 %".
func PercentRange(low, high float64) string {
	return strings.TrimSuffix(Percent(low), " %") + " to " + Percent(high)
}

// Rate prints how often a second: "0.5/s", "69.9/s", "1 240/s".
func Rate(perSecond float64) string { return perUnit(perSecond, "/s") }

// RequestRate is a rate in a sentence: "69.9 requests/s".
func RequestRate(perSecond float64) string { return perUnit(perSecond, " requests/s") }

func perUnit(v float64, unit string) string {
	if !finite(v) || v < 0 {
		return Unknown
	}
	return Number(v) + unit
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// trimZeros leaves out the zeros at the end of a fraction: 35.0 is 35.
func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// group sets the thousands of a whole number apart.
func group(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return sign + digits
}
