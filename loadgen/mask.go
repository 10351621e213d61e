package loadgen

import (
	"net/url"
	"regexp"
	"strings"

	"workermem/calibrate"
)

// maxShown is the most bytes of foreign text in a message.
const maxShown = 200

const hidden = calibrate.Redacted

var (
	userinfo  = regexp.MustCompile(`//[^/?#\s]*@`)
	query     = regexp.MustCompile(`\?\S*`)
	plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z-]{0,39}:?$`)
	jsonWord  = regexp.MustCompile(`[^{}\[\]:,"\s]+`)
	jsonKnown = regexp.MustCompile(`^(method|url|header|headers|body|[A-Z]{3,7})$`)
)

// masked is a line of a targets file as a message may quote it: header values, passwords and queries are secrets,
// so only what is surely none of them is left.
func masked(line string) string {
	line = strings.TrimSpace(line)
	words := strings.Fields(line)
	switch {
	case len(words) == 0:
		return ""
	case line[0] == '{' || line[0] == '[':
		return clip(jsonWord.ReplaceAllStringFunc(line, func(word string) string {
			if jsonKnown.MatchString(word) {
				return word
			}
			return hidden
		}))
	case line[0] == '@':
		return clip(line)
	}
	kept := words[:0]
	for i, word := range words {
		if isURL := strings.HasPrefix(word, "/") || strings.Contains(word, "://"); isURL && i < 2 {
			kept = append(kept, maskURL(word))
		} else if i == 0 && plainWord.MatchString(word) {
			kept = append(kept, word)
		} else {
			kept = append(kept, hidden)
			break
		}
	}
	return clip(strings.Join(kept, " "))
}

// maskURL leaves out user, password, query and fragment.
func maskURL(raw string) string {
	raw, _, _ = strings.Cut(raw, "#")
	return query.ReplaceAllString(userinfo.ReplaceAllString(raw, "//"+hidden+"@"), "?"+hidden)
}

// pathOf is the path of a URL, for a message.
func pathOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "/" + hidden
	}
	return u.EscapedPath()
}

// clip makes foreign text fit a message: one line, printable, at most maxShown bytes.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return ' '
		}
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return '?'
		}
		return r
	}, s)
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown-3], "") + "..."
}
