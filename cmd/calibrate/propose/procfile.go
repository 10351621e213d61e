package propose

import (
	"regexp"
	"slices"
	"strings"
)

var process = regexp.MustCompile(`^([A-Za-z0-9_-]+):\s*(.+)$`)

// procfile is Heroku's and foreman's: a line for each kind of process.
func (d dir) procfile() (f Found, ok bool) {
	text, ok := d.read("Procfile")
	if !ok {
		return f, false
	}
	f.File, f.Why = "Procfile", "the platform starts the app so"
	var kinds []string
	for line := range strings.Lines(text) {
		m := process.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || strings.HasPrefix(m[1], "#") {
			continue
		}
		kinds = append(kinds, m[1])
		if m[1] == "web" && !f.Starts() {
			f.Says = "web: " + m[2]
			f.line(m[2])
		}
	}
	if !f.Starts() {
		slices.Sort(kinds)
		f.Says, f.Note = "no web process", "it has "+listed(slices.Compact(kinds))
		if len(kinds) == 0 {
			f.Note = "it has no process at all"
		}
	}
	return f, true
}
