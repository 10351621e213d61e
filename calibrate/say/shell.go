package say

import (
	"regexp"
	"strconv"
	"strings"
)

// Shell prints words on one line, so that a shell reads back exactly these.
func Shell(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(word)
	}
	return strings.Join(quoted, " ")
}

// bare is a word that no shell takes for anything else. One that begins with "=" zsh does: for the path of a program.
var bare = regexp.MustCompile(`^[A-Za-z0-9_@%+:,./{}-][A-Za-z0-9_@%+=:,./{}-]*$`)

// quote puts a word into quotes if it needs them. Whatever doesn't print on a line is an escape in $'...', as bash, zsh and ksh
// read it. An older sh takes that for another text, but for one word too: so it holds no quote, not even behind a backslash.
func quote(word string) string {
	if bare.MatchString(word) && !expandsBraces(word) {
		return word
	}
	if Line(word) == word {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	q := strconv.QuoteToASCII(word)
	return "$'" + strings.NewReplacer(`\"`, `"`, "'", `\047`).Replace(q[1:len(q)-1]) + "'"
}

// expandsBraces says whether a shell would make several words of this one: "{a,b}" it would, "{port}" it wouldn't.
func expandsBraces(word string) bool {
	return strings.Contains(word, "{") && (strings.Contains(word, ",") || strings.Contains(word, ".."))
}
