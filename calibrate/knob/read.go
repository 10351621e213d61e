package knob

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Malformed is a text that is no value of its kind.
type Malformed struct {
	What string
	Try  string // how it is written
}

func (m *Malformed) Error() string { return m.What }

func malformed(try, format string, args ...any) error {
	return &Malformed{What: fmt.Sprintf(format, args...), Try: try}
}

// units are powers of 1024: a MB means 2^20 in this tool, as in the servers' guides.
var units = map[string]float64{"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}

// amount reads bytes: "512M", "768MB", "512Mi", "1.5 GiB". A number without a unit is in the plain one.
func amount(text, plain string) (bytes float64, ok bool) {
	text = strings.TrimSpace(text)
	end := strings.LastIndexAny(text, "0123456789.") + 1
	unit := strings.ToLower(strings.TrimSpace(text[end:]))
	if len(unit) > 1 {
		unit = strings.TrimSuffix(strings.TrimSuffix(unit, "b"), "i") // MB, MiB, and Mi as Kubernetes has it
	}
	if unit == "" {
		unit = plain
	}
	factor, known := units[unit]
	number, err := strconv.ParseFloat(text[:end], 64)
	return number * factor, known && err == nil && !math.IsNaN(number)
}

// Amount reads bytes, or parts of one: "1.5KB", or a plain number of them.
func Amount(text string) (bytes float64, ok bool) { return amount(text, "") }

// Size reads bytes: "2G", "512M", "768MB", "512Mi", "1.5GiB", or a plain number of them. K, M, G and T are powers of 1024.
func Size(text string) (int64, error) {
	return size(text, "", "write it like 512M, 2G or 1.5GiB")
}

// megabytes reads bytes of which a plain number is MB, as the guides' WORKER_MEMORY_MB has it: "209", "209M", "0.2G".
func megabytes(text string) (int64, error) {
	return size(text, "m", "write it like 209 (in MB), 209M or 0.2G")
}

func size(text, plain, try string) (int64, error) {
	bytes, ok := amount(text, plain)
	if !ok || bytes < 1 || bytes >= math.MaxInt64 {
		return 0, malformed(try, "%q is not a size", text)
	}
	return int64(bytes), nil
}

// WriteSize writes bytes in the largest unit that holds them whole, as Size reads them: "512M".
func WriteSize(bytes int64) string {
	unit := 0
	for ; bytes != 0 && bytes%1024 == 0 && unit < len("KMGT"); unit++ {
		bytes /= 1024
	}
	return strconv.FormatInt(bytes, 10) + "KMGT"[max(unit-1, 0):unit]
}

// writeBytes writes bytes with their unit, always: a plain number of a value in MB would be read as MB.
func writeBytes(bytes int64) string {
	if bytes%1024 == 0 {
		return WriteSize(bytes)
	}
	return strconv.FormatInt(bytes, 10) + "B"
}

// perRequest reads bytes a request, 0 for none: "16.4K", "16.4KB/request", "900".
func perRequest(text string) (float64, error) {
	const most = 1 << 45
	bytes, ok := amount(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(text), "/request"), "/req"), "")
	if !ok || bytes < 0 || bytes > most {
		return 0, malformed("write it like 16.4K/request, or 0 for none", "%q is not a creep", text)
	}
	return bytes, nil
}

// Rate reads requests a second: "50", "50/s", "3000/m".
func Rate(text string) (float64, error) {
	const least, most = 1e-5, 1e6 // one a day: of less, the next request never comes
	number, per, given := strings.Cut(strings.TrimSpace(text), "/")
	every, ok := map[string]float64{"s": 1, "1s": 1, "m": 60, "1m": 60, "h": 3600}[per]
	if !given {
		every, ok = 1, true
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !ok || !(value/every >= least && value/every <= most) {
		return 0, malformed("write it like 50, 50/s or 3000/m", "%q is not a rate", text)
	}
	return value / every, nil
}

// Cores reads a number of cores, of which a part will do: "2", "0.25", and as Kubernetes has it in thousandths, "250m".
func Cores(text string) (float64, error) {
	number, thousandths := strings.CutSuffix(strings.TrimSpace(text), "m")
	value, err := strconv.ParseFloat(number, 64)
	if thousandths {
		value /= 1000
	}
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, malformed("write it like 2, 0.25 or 250m", "%q is not a number of cores", text)
	}
	return value, nil
}

// Share reads a ratio between 0 and 1, as a percentage or a number: "20%" or "0.2".
func Share(text string) (float64, error) {
	number, isPercent := strings.CutSuffix(strings.TrimSpace(text), "%")
	value, err := strconv.ParseFloat(number, 64)
	if isPercent {
		value /= 100
	}
	if err != nil || !(value > 0 && value < 1) {
		return 0, malformed("write it like 20% or 0.2", "%q is not a share between 0 and 100 %%", text)
	}
	return value, nil
}

// Seconds reads a time: "60s", "250ms", "5m".
func Seconds(text string) (float64, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, malformed("give a time such as 30s or 5m", "%q is not a time", text)
	}
	return d.Seconds(), nil
}

// Count reads a whole number.
func Count(text string) (int, error) {
	n, err := strconv.ParseInt(text, 0, strconv.IntSize)
	if err != nil {
		return 0, malformed("give a whole number such as 4", "%q is not a whole number", text)
	}
	return int(n), nil
}

func count64(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		return 0, malformed("give a whole number such as 1000", "%q is not a whole number", text)
	}
	return n, nil
}

// reserve reads memory kept back: a share of all, an amount, or both: "20%", "512M", "10%+512M", "0".
func reserve(text string) (Reserve, error) {
	const try = "write it like 20%, 512M or 10%+512M"
	var all Reserve
	for part := range strings.SplitSeq(text, "+") {
		part = strings.TrimSpace(part)
		var err error
		switch {
		case part == "0" || part == "0%":
		case strings.HasSuffix(part, "%"):
			var share float64
			share, err = Share(part)
			all.ReserveRatio += share
		default:
			var bytes int64
			bytes, err = Size(part)
			all.ReserveBytes += bytes
		}
		if err != nil {
			return all, malformed(try, "%q is not a reserve", text)
		}
	}
	if all.ReserveRatio >= 1 || all.ReserveBytes < 0 {
		return all, malformed(try, "a reserve of %s leaves nothing", text)
	}
	return all, nil
}
