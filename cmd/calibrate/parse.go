package main

import (
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// The flag values that are lists. Each is a pflag.Value, so that a malformed one is refused before anything starts.

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
		return calibrate.Usage(try, "%s thread counts are too many", say.Count(len(next)))
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

// counts are thread counts to choose among: "1,4".
type counts []int

func (c *counts) String() string { return joinCounts(*c) }
func (c *counts) Type() string   { return "counts" }
func (c *counts) Set(text string) (err error) {
	*c, err = parseCounts(text, "write it like 4 or 1,4")
	return err
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
			return nil, calibrate.Usage(try, "%s are named twice", say.Plural(count, "thread"))
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
