package report

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"workermem/calibrate/say"
)

// Line makes a foreign string safe for one line of a terminal: escape sequences go, line breaks and tabs become
// spaces, and whatever else does not print (controls, bidirectional overrides, broken UTF-8) becomes a question mark.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u00a0':
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, say.Plain(s))
}

// ascii is Line for a table's cell: the width of other characters depends on the locale and the terminal.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '?'
		}
		return r
	}, Line(s))
}

// shellQuote prints a command so that a shell reads back exactly these words, on one line.
func shellQuote(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quoteWord(word)
	}
	return strings.Join(quoted, " ")
}

// Command prints a command on one line, as a shell reads it back: whoever wrote it, nothing in it steers the terminal, and no word of
// it passes for two. A very long one is cut.
func Command(words []string) string { return cut(shellQuote(words), 2000) }

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./{}-]+$`)

func quoteWord(word string) string {
	if plainWord.MatchString(word) && !expandsBraces(word) {
		return word
	}
	if Line(word) == word {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	q := strconv.QuoteToASCII(word) // its escapes are those of bash's $'...'
	return "$'" + strings.ReplaceAll(strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`), "'", `\'`) + "'"
}

// expandsBraces says whether a shell would make several words of this one: "{a,b}" it would, "{port}" it wouldn't.
func expandsBraces(word string) bool {
	return strings.Contains(word, "{") && (strings.Contains(word, ",") || strings.Contains(word, ".."))
}

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
