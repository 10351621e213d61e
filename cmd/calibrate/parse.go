package main

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"workermem/calibrate"
)

// The flag values that have units. Each is a pflag.Value, so that a malformed one is refused before anything starts.

// size is bytes: "2G", "512M", "768MB", "1.5GiB", or a plain number of bytes. K, M, G and T are powers of 1024.
type size int64

func (s *size) String() string { return strconv.FormatInt(int64(*s), 10) }
func (s *size) Type() string   { return "size" }
func (s *size) Set(text string) error {
	number, unit := splitUnit(text)
	factor, ok := map[string]float64{"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}[shortUnit(unit)]
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !ok || value <= 0 || value*factor >= math.MaxInt64 || value*factor < 1 {
		return calibrate.Usage("write it like 512M, 2G or 1.5GiB", "%q is not a size", text)
	}
	*s = size(value * factor)
	return nil
}

// shortUnit turns MB and MiB into m: a MB means 2^20 in this tool, as in the servers' guides.
func shortUnit(unit string) string {
	unit = strings.ToLower(unit)
	if len(unit) > 1 {
		unit = strings.TrimSuffix(strings.TrimSuffix(unit, "ib"), "b")
	}
	return unit
}

func splitUnit(text string) (number, unit string) {
	text = strings.TrimSpace(text)
	end := strings.LastIndexAny(text, "0123456789.") + 1
	return text[:end], strings.TrimSpace(text[end:])
}

// rate is requests a second: "50", "50/s", "3000/m".
type rate float64

func (r *rate) String() string { return strconv.FormatFloat(float64(*r), 'g', -1, 64) }
func (r *rate) Type() string   { return "rate" }
func (r *rate) Set(text string) error {
	number, per, given := strings.Cut(strings.TrimSpace(text), "/")
	seconds := 1.0
	if given {
		every, ok := map[string]time.Duration{"s": time.Second, "1s": time.Second, "m": time.Minute, "1m": time.Minute, "h": time.Hour}[per]
		if !ok {
			return calibrate.Usage("write it like 50, 50/s or 3000/m", "%q is not a rate", text)
		}
		seconds = every.Seconds()
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !(value > 0) || math.IsInf(value, 0) || value/seconds > 1e6 {
		return calibrate.Usage("write it like 50, 50/s or 3000/m", "%q is not a rate", text)
	}
	*r = rate(value / seconds)
	return nil
}

// share is a ratio between 0 and 1, written as a percentage or a number: "20%" or "0.2".
type share float64

func (s *share) String() string { return strconv.FormatFloat(100*float64(*s), 'g', -1, 64) + "%" }
func (s *share) Type() string   { return "percent" }
func (s *share) Set(text string) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	value, err := strconv.ParseFloat(number, 64)
	if percent {
		value /= 100
	}
	if err != nil || !(value > 0 && value < 1) {
		return calibrate.Usage("write it like 20% or 0.2", "%q is not a share between 0 and 100 %%", text)
	}
	*s = share(value)
	return nil
}

// reserve is memory kept back: a share of all, an amount, or both: "20%", "512M", "10%+512M", "0".
type reserve struct {
	ratio float64
	bytes int64
	text  string
}

func (r *reserve) String() string { return r.text }
func (r *reserve) Type() string   { return "reserve" }
func (r *reserve) Set(text string) error {
	next := reserve{text: text}
	for part := range strings.SplitSeq(text, "+") {
		part = strings.TrimSpace(part)
		var s share
		var b size
		switch {
		case part == "0" || part == "0%":
		case strings.HasSuffix(part, "%") && s.Set(part) == nil:
			next.ratio += float64(s)
		case !strings.HasSuffix(part, "%") && b.Set(part) == nil:
			next.bytes += int64(b)
		default:
			return calibrate.Usage("write it like 20%, 512M or 10%+512M", "%q is not a reserve", text)
		}
	}
	if next.ratio >= 1 || next.bytes < 0 {
		return calibrate.Usage("write it like 20%, 512M or 10%+512M", "a reserve of %s leaves nothing", text)
	}
	*r = next
	return nil
}

// threadCounts are the thread counts to measure: the first in full, up to four others in short runs.
type threadCounts []int

const (
	mostThreads   = 4096
	mostShortRuns = 4
)

func (c *threadCounts) String() string { return joinCounts(*c) }
func (c *threadCounts) Type() string   { return "counts" }

func (c *threadCounts) Set(text string) error {
	const try = "write it like 4, or 4,1,16: the first is measured in full, up to four others in short runs"
	next, err := parseCounts(text, try)
	if err != nil {
		return err
	}
	if len(next) > 1+mostShortRuns {
		return calibrate.Usage(try, "%d thread counts are too many", len(next))
	}
	*c = next
	return nil
}

// split is what is measured (0: what the command says), and the others.
func (c threadCounts) split() (measured int, others []int) {
	if len(c) == 0 {
		return 0, nil
	}
	return c[0], c[1:]
}

func joinCounts(counts []int) string {
	texts := make([]string, len(counts))
	for i, count := range counts {
		texts[i] = strconv.Itoa(count)
	}
	return strings.Join(texts, ",")
}

// parseCounts reads thread counts such as 4,1,16.
func parseCounts(text, try string) ([]int, error) {
	var counts []int
	for part := range strings.SplitSeq(text, ",") {
		count, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || count < 1 || count > mostThreads {
			return nil, calibrate.Usage(try, "%q is not a number of threads from 1 to %d", part, mostThreads)
		}
		if slices.Contains(counts, count) {
			return nil, calibrate.Usage(try, "%d threads are named twice", count)
		}
		counts = append(counts, count)
	}
	return counts, nil
}

// methods are those of HTTP to take from recorded traffic: "GET,HEAD,POST".
type methods []string

func (m *methods) String() string { return strings.Join(*m, ",") }
func (m *methods) Type() string   { return "methods" }

func (m *methods) Set(text string) error {
	const try = "write it like GET,HEAD,POST"
	var next methods
	for part := range strings.SplitSeq(text, ",") {
		one := strings.ToUpper(strings.TrimSpace(part))
		if one == "" || strings.Trim(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return calibrate.Usage(try, "%q is not a method", part)
		}
		if slices.Contains(next, one) {
			return calibrate.Usage(try, "%s is named twice", one)
		}
		next = append(next, one)
	}
	*m = next
	return nil
}
