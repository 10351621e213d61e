package calibrate

import (
	"cmp"
	"slices"
	"strings"

	"workermem/calibrate/say"
)

// ErrorClass is how a request failed.
type ErrorClass string

// The classes.
const (
	ClassTimeout ErrorClass = "timeout" // no whole answer in time
	ClassRefused ErrorClass = "refused" // nothing listens
	ClassReset   ErrorClass = "reset"   // the connection was torn down
	ClassEOF     ErrorClass = "eof"     // the connection was closed before the answer was whole
	Class4xx     ErrorClass = "http_4xx"
	Class5xx     ErrorClass = "http_5xx"
	ClassLocal   ErrorClass = "local" // this machine ran out of descriptors or ports, which is not the app's doing
	ClassOther   ErrorClass = "other"
)

// ErrorClasses are all of them.
var ErrorClasses = []ErrorClass{ClassTimeout, ClassRefused, ClassReset, ClassEOF, Class4xx, Class5xx, ClassLocal, ClassOther}

// ErrorCount counts failed requests of one class.
type ErrorCount struct {
	Class ErrorClass `json:"class"`
	Count int64      `json:"count"`
}

// CountErrors lists counts of failed requests by their class, the most frequent first.
func CountErrors(counts map[ErrorClass]int64) []ErrorCount {
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
		parts[i] = say.Count(e.Count) + " " + string(e.Class)
	}
	return strings.Join(parts, ", ")
}
