package report

import (
	"fmt"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// besideOf is what the processes take that are no workers.
func besideOf(r calibrate.Result) string {
	parts := make([]string, len(r.Beside))
	for i, b := range r.Beside {
		parts[i] = fmt.Sprintf("%s takes %s in %s of %s", orElse(b.Program, "another program"), knownMB(b.Bytes), say.Plural(b.Processes, "process"), say.Plural(b.Threads, "thread"))
	}
	return strings.Join(parts, "; ")
}

// virtualOf is a worker's address space, if something is to be said of it: threads have stacks in it, or it is limited.
func virtualOf(v *calibrate.Virtual) string {
	if v == nil || v.Stacks.Count == 0 && v.Limit == nil {
		return ""
	}
	parts := []string{say.MB(v.PeakBytes) + " of addresses" + when(v.ReservedBytes > mb, ", %s of them only reserved", say.MB(v.ReservedBytes))}
	if s := v.Stacks; s.Count > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s%s take %s of them, but %s of memory, and smaller stacks could save no more than that", say.Plural(s.Count, "thread stack"),
			when(s.Bytes != int64(s.Count)*s.EachBytes, "mostly "), say.Bytes(s.EachBytes), say.MB(s.Bytes), say.Bytes(s.ResidentBytes)))
	}
	if v.Limit != nil {
		parts = append(parts, v.SayLimit())
	}
	return strings.Join(parts, "; ")
}
