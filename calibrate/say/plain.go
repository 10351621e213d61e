package say

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escapes are the sequences that steer a terminal: CSI, OSC and its kin (ended by BEL or ST, or cut short by the end
// of the line), and the two-character ones. ECMA-48, section 5.
var escapes = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?`)

// Plain is a text of somebody else's without what steers a terminal.
func Plain(text string) string { return escapes.ReplaceAllString(text, "") }

// Line makes a foreign text safe for one line of a terminal: escape sequences go, line breaks and tabs become
// spaces, and whatever else does not print (controls, bidirectional overrides, broken UTF-8) becomes a question mark.
func Line(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u00a0':
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, Plain(text))
}
