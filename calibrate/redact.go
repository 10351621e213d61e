package calibrate

import (
	"regexp"
	"strings"
)

// What a command line may hold that a report must not: the password or query of a URL, an assignment's value, the
// value of an option whose name says secret, what follows "Authorization:".
var (
	urlPassword = regexp.MustCompile(`(://)[^/@\s]*(?::\S*)?@`)
	urlQuery    = regexp.MustCompile(`(://[^\s?#]*)\?[^\s#]*`)
	pathQuery   = regexp.MustCompile(`(\s/[^\s?#"']*)\?[^\s#"']+`) // of a request line in a log
	assignment  = regexp.MustCompile(`(?s)^([A-Za-z_][A-Za-z0-9_]*)=.+$`)
	secretName  = regexp.MustCompile(`(?i)(passw|passphrase|pwd|secret|token|credential|auth|bearer|cookie|api[-_]?key|private[-_]?key|[-_]pass$|^--?pass$|^--?pw$)`)
	secretPair  = regexp.MustCompile(`(?is)((?:passw|passphrase|pwd|secret|token|credential|api[-_]?key|private[-_]?key)[a-z_-]*\s*[=:]\s*)(?:-----BEGIN.*|[^\s&]+)`)
	authHeader  = regexp.MustCompile(`(?is)((?:authorization|cookie)\s*:\s*).+`)
)

const redacted = "***"

// Redact returns a command line that may be shown to others. Assignments (as in `env A=B server`) lose their values,
// because environments are where secrets live.
func Redact(args []string) []string {
	out := make([]string, len(args))
	hideNext := false
	for i, arg := range args {
		option := strings.HasPrefix(arg, "-")
		if hideNext && !option { // a word that is an option itself is no value: the secret one was a switch
			out[i], hideNext = redacted, false
			continue
		}
		out[i], hideNext = redactWord(arg, option)
	}
	return out
}

func redactWord(arg string, option bool) (word string, hideNext bool) {
	name, _, given := strings.Cut(arg, "=")
	switch {
	case assignment.MatchString(arg):
		return assignment.ReplaceAllString(arg, "$1="+redacted), false
	case option && secretName.MatchString(name) && given:
		return name + "=" + redacted, false
	case option && secretName.MatchString(name) && !strings.HasPrefix(arg, "--"):
		return arg[:2] + redacted, true // -psecret or -password secret: glued to the letter, or the next word
	case option && secretName.MatchString(name):
		return arg, true
	}
	return RedactText(arg), false
}

// RedactText hides the secrets that a text shows by their form: the passwords and queries of URLs, name=value pairs
// whose name says secret, authorization headers.
func RedactText(text string) string {
	text = urlQuery.ReplaceAllString(urlPassword.ReplaceAllString(text, "$1"+redacted+"@"), "$1?"+redacted)
	text = pathQuery.ReplaceAllString(text, "$1?"+redacted)
	return authHeader.ReplaceAllString(secretPair.ReplaceAllString(text, "${1}"+redacted), "${1}"+redacted)
}
