package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes in a KB and a MB, as in the servers' own guides; the report says so once.
const (
	kb = 1 << 10
	mb = 1 << 20
)

const (
	unknown     = "unknown"
	notMeasured = "not measured"
)

// finite says whether v can be printed as a number.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// megabytes prints a size that was measured: "35.2 MB", "1 024 MB". A size of 0 or less was not.
func megabytes(bytes int64) string {
	if bytes <= 0 {
		return unknown
	}
	return signedMegabytes(float64(bytes))
}

// signedMegabytes prints a difference of sizes, where 0 and less mean something.
func signedMegabytes(bytes float64) string {
	v := bytes / mb
	if math.Abs(v) < 99.95 {
		return fixed(v, 1) + " MB"
	}
	return fixed(v, 0) + " MB"
}

// wholeMegabytes is for a column that says MB in its head.
func wholeMegabytes(bytes int64) string {
	if bytes <= 0 {
		return "-"
	}
	return fixed(float64(bytes)/mb, 0)
}

// perRequest prints bytes a request: "64 B", "16.1 KB", "1.2 MB".
func perRequest(bytes float64) string {
	if !finite(bytes) {
		return unknown
	}
	size, unit, digits := unitOf(bytes)
	return fixed(bytes/size, digits) + " " + unit
}

// span prints both bounds in the unit of the larger one: "15.9 to 16.4 KB".
func span(low, high float64) string {
	if !finite(low) || !finite(high) {
		return unknown
	}
	size, unit, digits := unitOf(math.Max(math.Abs(low), math.Abs(high)))
	return fixed(low/size, digits) + " to " + fixed(high/size, digits) + " " + unit
}

func unitOf(bytes float64) (size float64, unit string, digits int) {
	switch abs := math.Abs(bytes); {
	case abs < 999.5:
		return 1, "B", 0
	case abs < 999.5*kb:
		return kb, "KB", 1
	default:
		return mb, "MB", 1
	}
}

// seconds prints a length of time as a person would say it: "12 ms", "1.84 s", "1 min 34 s", "3 h 20 min".
func seconds(s float64) string {
	switch {
	case !finite(s) || s < 0:
		return unknown
	case s == 0:
		return "0 s"
	case s < 0.0095:
		return fixed(s*1000, 1) + " ms"
	case s < 0.9995:
		return fixed(s*1000, 0) + " ms"
	case s < 9.995:
		return fixed(s, 2) + " s"
	case s < 59.5:
		return fixed(s, 0) + " s"
	case s < 3599.5:
		return twoUnits(s, 60, "min", "s")
	case s < 48*3600-30:
		return twoUnits(s/60, 60, "h", "min")
	default:
		return fixed(s/86400, 0) + " days"
	}
}

// twoUnits prints a count of small units as large and small ones, the small ones only where there are any.
func twoUnits(small, ratio float64, largeName, smallName string) string {
	n := int64(math.Round(small))
	large, rest := n/int64(ratio), n%int64(ratio)
	if rest == 0 {
		return fmt.Sprintf("%d %s", large, largeName)
	}
	return fmt.Sprintf("%d %s %d %s", large, largeName, rest, smallName)
}

// measuredSeconds is for a time of which 0 means that nobody measured it.
func measuredSeconds(s float64) string {
	if s <= 0 {
		return unknown
	}
	return seconds(s)
}

// clock prints a time that runs: "0:42", "1:02:03".
func clock(s float64) string {
	n := int64(math.Max(0, s))
	if n < 3600 {
		return fmt.Sprintf("%d:%02d", n/60, n%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
}

// rate prints requests a second to about three digits: "69.9/s", "1 240/s".
func rate(perSecond float64) string {
	switch {
	case !finite(perSecond) || perSecond <= 0:
		return unknown
	case perSecond < 9.995:
		return fixed(perSecond, 2) + "/s"
	case perSecond < 99.95:
		return fixed(perSecond, 1) + "/s"
	default:
		return fixed(perSecond, 0) + "/s"
	}
}

// percent prints a share. What is less than all never reads as "100 %", and what is more than nothing never as "0 %".
func percent(ratio float64) string {
	v := 100 * ratio
	switch {
	case !finite(v):
		return unknown
	case v > 0 && v < 0.01:
		return "under 0.01 %"
	case v > 99.99 && v < 100:
		return "over 99.99 %"
	case v >= 99.9 && v < 100:
		return fixed(math.Floor(v*100)/100, 2) + " %"
	case math.Abs(v) < 1:
		return trimZeros(fixed(v, 2)) + " %"
	default:
		return trimZeros(fixed(v, 1)) + " %"
	}
}

func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// count prints a whole number in groups of three: "15 850".
func count[N int | int64](n N) string { return group(strconv.FormatInt(int64(n), 10)) }

// times prints how often: "once", "3 times".
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return count(n) + " times"
}

// plural prints a count and its noun: "1 thread", "4 threads".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// fixed prints v with so many digits after the point, in groups of three before it.
func fixed(v float64, digits int) string {
	if !finite(v) {
		return unknown
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

func group(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}
