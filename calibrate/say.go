package calibrate

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"workermem/calibrate/creep"
)

// The few sentences that are needed while a run is under way. What is reported afterwards is the report's business.

func sayCreep(e creep.Estimate, byTime bool) string {
	switch {
	case !e.Known:
		return ""
	case byTime:
		return fmt.Sprintf("%s, growth %s an hour [%s, %s]", e.Verdict, sayBytes(e.Slope*hour), sayBytes(e.Low*hour), sayBytes(e.High*hour))
	}
	return fmt.Sprintf("%s, creep %s a request [%s, %s]", e.Verdict, sayBytes(e.Slope), sayBytes(e.Low), sayBytes(e.High))
}

const hour = 3600 // seconds

func sayBytes(b float64) string {
	switch {
	case b >= mib || b <= -mib:
		return fmt.Sprintf("%.1f MB", b/mib)
	case b >= 1024 || b <= -1024:
		return fmt.Sprintf("%.1f KB", b/1024)
	}
	return fmt.Sprintf("%.0f B", math.Round(b)+0) // -0 + 0 is 0
}

func sayTime(seconds float64) string {
	switch hours := seconds / hour; {
	case hours < 1:
		return fmt.Sprintf("%.0f min", seconds/60)
	case hours < 48:
		return fmt.Sprintf("%.0f hours", hours)
	default:
		return fmt.Sprintf("%.0f days", hours/24)
	}
}

func sayLatency(seconds float64) string {
	if seconds < 1 {
		return fmt.Sprintf("%.3g ms", 1000*seconds)
	}
	return fmt.Sprintf("%.3g s", seconds)
}

// sayMB groups by thousands, as the report does: 24 105 MB.
func sayMB(b int64) string {
	mb := fmt.Sprint((b + mib/2) / mib)
	for i := len(mb) - 3; i > 0; i -= 3 {
		mb = mb[:i] + " " + mb[i:]
	}
	return mb + " MB"
}

func sayErrors(counts map[string]int64) string {
	if len(counts) == 0 {
		return "none were answered well"
	}
	var parts []string
	for _, class := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", class, counts[class]))
	}
	return strings.Join(parts, ", ")
}
