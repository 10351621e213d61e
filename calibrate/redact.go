package calibrate

import (
	"regexp"
	"strings"
)

// What a command line may hold that a report must not: the password of a URL, an assignment's value, the value of
// an option whose name says secret.
var (
	urlPassword = regexp.MustCompile(`(://[^/:@\s]*):[^/\s]*@`)
	urlQuery    = regexp.MustCompile(`(://[^\s?#]*)\?[^\s#]*`)
	assignment  = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=.+$`)
	secretName  = regexp.MustCompile(`(?i)(password|passwd|secret|token|credential|api[-_]?key|private[-_]?key)`)
)

const redacted = "***"

// Redact returns a command line that may be shown to others. Assignments (as in `env A=B server`) lose their values,
// because environments are where secrets live.
func Redact(args []string) []string {
	out := make([]string, len(args))
	hideNext := false
	for i, arg := range args {
		out[i] = RedactText(arg)
		switch {
		case hideNext:
			out[i], hideNext = redacted, false
		case assignment.MatchString(arg):
			out[i] = assignment.ReplaceAllString(arg, "$1="+redacted)
		case strings.HasPrefix(arg, "-") && secretName.MatchString(arg):
			name, _, given := strings.Cut(arg, "=")
			if given {
				out[i] = name + "=" + redacted
			} else {
				hideNext = true
			}
		}
	}
	return out
}

// RedactText hides the passwords and queries of the URLs in a text.
func RedactText(text string) string {
	return urlQuery.ReplaceAllString(urlPassword.ReplaceAllString(text, "$1:"+redacted+"@"), "$1?"+redacted)
}
