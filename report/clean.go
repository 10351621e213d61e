package report

import (
	"strings"
	"unicode"

	"workermem/calibrate/say"
)

// ascii is [say.Line] for a table's cell: the width of other characters depends on the locale and the terminal.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '?'
		}
		return r
	}, say.Line(s))
}

// Command prints a command on one line, as a shell reads it back: whoever wrote it, nothing in it steers the terminal, and no word of
// it passes for two. A very long one is cut.
func Command(words []string) string { return cut(say.Shell(words...), 2000) }

// columns is how many cells of a terminal s takes, at most: East Asian and pictographic characters count as two.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if r >= 0x1100 && !(r >= 0x2000 && r < 0x2300) {
		return 2
	}
	return 1
}

// cut shortens s to a width, and shows that it did.
func cut(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	const mark = "..."
	if width <= len(mark) {
		return mark[:max(width, 0)]
	}
	head, _ := splitAt(s, width-len(mark))
	return strings.TrimRight(head, " ") + mark
}

// splitAt parts s at a width. The head holds at least one character, so that callers come to an end.
func splitAt(s string, width int) (head, tail string) {
	used := 0
	for i, r := range s {
		used += runeColumns(r)
		if used > width && i > 0 {
			return s[:i], s[i:]
		}
	}
	return s, ""
}
