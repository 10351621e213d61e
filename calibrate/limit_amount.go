package calibrate

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"workermem/calibrate/knob"
)

// How amounts of a metric's unit are typed: 150MB, 1KB, 1MB/h, 250ms, 80/s, 1%, 4. What is written reads as the same amount.

func malformed(try, format string, args ...any) error {
	return &knob.Malformed{What: fmt.Sprintf(format, args...), Try: try}
}

// tryOf is the way out that an error of an amount has.
func tryOf(err error) string {
	var bad *knob.Malformed
	if errors.As(err, &bad) {
		return bad.Try
	}
	return likeLimit
}

// parse reads an amount, which is never below zero.
func (u Unit) parse(text string) (float64, error) {
	switch u {
	case UnitBytes:
		return parseBytes(text, "150MB")
	case UnitBytesPerRequest:
		return parseBytes(strings.TrimSuffix(text, "/request"), "1KB")
	case UnitBytesPerSecond:
		return parseGrowth(text)
	case UnitSeconds, UnitCPU:
		return parseTime(text)
	case UnitRate:
		return knob.Rate(text)
	case UnitShare:
		return parsePercent(text)
	}
	return parseNumber(text)
}

// write is the first way to write an amount that reads as the same.
func (u Unit) write(v float64) string {
	var text string
	for _, text = range u.spellings(v) {
		if again, err := u.parse(text); err == nil && again == v {
			return text
		}
	}
	return text
}

// spellings are from the shortest to the exact one.
func (u Unit) spellings(v float64) []string {
	switch u {
	case UnitBytes, UnitBytesPerRequest:
		return spelledBytes(v, "")
	case UnitBytesPerSecond:
		return append(spelledBytes(v*Hour, "/h"), spelledBytes(v, "/s")...)
	case UnitSeconds, UnitCPU:
		return []string{writeTime(v)}
	case UnitRate:
		return []string{decimal(v) + "/s"}
	case UnitShare:
		return []string{writePercent(v)}
	}
	return []string{decimal(v)}
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// parseBytes wants a unit: who writes 150 rarely means bytes.
func parseBytes(text, like string) (float64, error) {
	if text == "0" {
		return 0, nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, malformed("write it like "+like, "%q lacks its unit", text)
	}
	bytes, ok := knob.Amount(text)
	if !ok || bytes < 0 || bytes >= math.MaxInt64 {
		return 0, malformed("write it like "+like, "%q is not a size", text)
	}
	return bytes, nil
}

func spelledBytes(v float64, per string) []string {
	var all []string
	if v == 0 {
		return []string{"0" + per}
	}
	for _, unit := range []struct {
		name string
		size float64
	}{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}} {
		if n := v / unit.size; n >= 1 && n < 1e6 {
			all = append(all, strconv.FormatFloat(n, 'g', 6, 64)+unit.name+per)
		}
	}
	return append(all, decimal(v)+"B"+per)
}

// parseGrowth reads bytes in a time: 1MB/h.
func parseGrowth(text string) (float64, error) {
	amount, per, _ := strings.Cut(text, "/")
	seconds := map[string]float64{"s": 1, "m": 60, "h": Hour}[per]
	if seconds == 0 {
		return 0, malformed("write it like 1MB/h", "%q is not an amount in a time", text)
	}
	bytes, err := parseBytes(amount, "1MB/h")
	return bytes / seconds, err
}

// longestTime that can be a limit: beyond it, seconds in a float64 don't hold every nanosecond.
const longestTime = 2000 * time.Hour

func parseTime(text string) (float64, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > longestTime {
		return 0, malformed("write it like 250ms, 3s or 24h", "%q is not a time, or more than 2 000 hours", text)
	}
	return d.Seconds(), nil
}

// writeTime is what the standard library writes, without zeros: 5m, not 5m0s.
func writeTime(seconds float64) string {
	text := time.Duration(math.Round(seconds * float64(time.Second))).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// million: percents have four places, of which a share is so many parts.
const million = 1e6

func parsePercent(text string) (float64, error) {
	const most = 1e6 // per cent
	number, ok := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !ok || err != nil || !(v >= 0 && v <= most) {
		return 0, malformed("write it like 5%", "%q is not a percentage", text)
	}
	if math.Abs(v*1e4-math.Round(v*1e4)) > 1e-3 {
		return 0, malformed("write it like 0.5%", "%q has more than four places", text)
	}
	return math.Round(v*1e4) / million, nil
}

func writePercent(share float64) string {
	return decimal(math.Round(share*million)/1e4) + "%"
}

func parseNumber(text string) (float64, error) {
	if text == "0" {
		return 0, nil
	}
	n, ok := requestCount(text)
	if !ok {
		return 0, malformed("write it like 4 or 10k", "%q is not a whole number", text)
	}
	return n, nil
}
