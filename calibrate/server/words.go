package server

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// plural counts things: "1 worker", "2 workers", "2 processes".
func plural(n int, thing string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(thing, "s"):
		thing += "es"
	default:
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return plural(n, "time")
}

// sayMB is for limits, which are mostly whole megabytes.
func sayMB(bytes int64) string {
	return strings.TrimSuffix(strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64), ".0") + " MB"
}
