package known

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate/say"
)

// Log is what a program has printed, in lines that can be shown on a terminal.
type Log []string

// LogOf makes lines of output: no control characters, no empty lines.
func LogOf(output []byte) Log {
	var lines Log
	for line := range strings.Lines(strings.ToValidUTF8(string(output), "?")) {
		if line = strings.TrimRight(clean(line), " \t"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func clean(line string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, say.Plain(line))
}

// endLines is how many lines a failure shows.
const endLines = 15

// End is the end of the log, as much as a failure shows.
func (log Log) End() Log { return log[max(0, len(log)-endLines):] }

// LastLine is "" for an empty log.
func (log Log) LastLine() string {
	if len(log) == 0 {
		return ""
	}
	return log[len(log)-1]
}

// Says is the last line that holds one of the texts, "" for none.
func (log Log) Says(texts ...string) string {
	for _, line := range slices.Backward(log) {
		for _, text := range texts {
			if strings.Contains(line, text) {
				return line
			}
		}
	}
	return ""
}

// After is what follows a text in the last line that holds it, without the full stops and colons around; "" for none.
func (log Log) After(text string) string {
	_, rest, _ := strings.Cut(log.Says(text), text)
	return strings.Trim(rest, ".: ")
}

// Count is how many lines hold a text.
func (log Log) Count(text string) int {
	n := 0
	for _, line := range log {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

var exceptionLine = regexp.MustCompile(`^(Error|[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Warning|NotFound|Improper\w*))\b(: .*)?$`)

// Exception is the last line of the last Python traceback, such as "ImportError: no module named x", or one that looks like
// it, as Node's do; "" for none. One that Python ignores, as of a process that is ended, is taken where there is no other.
func (log Log) Exception() string {
	ignored := ""
	for i, line := range slices.Backward(log) {
		if !strings.HasPrefix(line, "Traceback (most recent call last)") {
			continue
		}
		said := log[i+1:].unindented()
		if isIgnored := i > 0 && strings.HasPrefix(log[i-1], "Exception ignored in"); said != "" && !isIgnored {
			return said
		}
		ignored = cmp.Or(ignored, said)
	}
	if ignored != "" {
		return ignored
	}
	for _, line := range slices.Backward(log) {
		if exceptionLine.MatchString(line) {
			return line
		}
	}
	return ""
}

// unindented is the first line that is not; "" for none.
func (log Log) unindented() string {
	for _, line := range log {
		if line[0] != ' ' && line[0] != '\t' {
			return line
		}
	}
	return ""
}

// WithDetail is a reason with what the log says of it, if it does: "the app was not found (No module named x)".
func WithDetail(reason, said string) string {
	if said == "" {
		return reason
	}
	return fmt.Sprintf("%s (%s)", reason, said)
}
