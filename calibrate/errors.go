package calibrate

import (
	"cmp"
	"slices"
	"strings"

	"workermem/calibrate/say"
)

// CountErrors lists counts of failed requests by their class, the most frequent first.
func CountErrors(counts map[string]int64) []ErrorCount {
	var list []ErrorCount
	for class, n := range counts {
		list = append(list, ErrorCount{Class: class, Count: n})
	}
	slices.SortFunc(list, func(a, b ErrorCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class))
	})
	return list
}

// SayErrors prints them in one way wherever they are read: "562 http_5xx, 1 024 timeout".
func SayErrors(errors []ErrorCount) string {
	parts := make([]string, len(errors))
	for i, e := range errors {
		parts[i] = say.Count(e.Count) + " " + e.Class
	}
	return strings.Join(parts, ", ")
}
