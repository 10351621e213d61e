package known

import (
	"fmt"
	"regexp"
	"strings"
)

var exceptionLine = regexp.MustCompile(`^(Error|[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Warning|NotFound|Improper\w*))\b(: .*)?$`)

// LastException is the last line of the last Python traceback, such as "ImportError: no module named x", or one that
// looks like it, as Node's do; "" for none.
func LastException(lines []string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.HasPrefix(lines[i], "Traceback (most recent call last)") {
			for _, line := range lines[i+1:] {
				if line[0] != ' ' && line[0] != '\t' {
					return line
				}
			}
		}
	}
	for i := len(lines) - 1; i >= 0; i-- {
		if exceptionLine.MatchString(lines[i]) {
			return lines[i]
		}
	}
	return ""
}

// LogSays is the last line that holds one of the texts, "" for none.
func LogSays(lines []string, texts ...string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		for _, text := range texts {
			if strings.Contains(lines[i], text) {
				return lines[i]
			}
		}
	}
	return ""
}

func CountLines(lines []string, text string) int {
	n := 0
	for _, line := range lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// After is what follows a text in a line, without the full stops and colons between.
func After(line, text string) string {
	_, rest, _ := strings.Cut(line, text)
	return strings.Trim(rest, ".: ")
}

func Join(what, detail string) string {
	if detail == "" {
		return what
	}
	return fmt.Sprintf("%s (%s)", what, detail)
}
