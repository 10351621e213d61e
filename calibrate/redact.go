package calibrate

import (
	"regexp"
	"strings"
)

// What says of a thing that it is a secret. The words that mean little in a sentence ("key: 5", "session = 3") count in names
// alone: of options, headers and variables.
const (
	secretWords = `passw|passphrase|pwd|secret|token|credential|csrf|xsrf|api[-_]?key|private[-_]?key`
	secretNames = secretWords + `|auth|bearer|cookie|session|key|[-_]pass$|^--?pass$|^--?pw$`
)

// What a command line may hold that a report must not: the password or query of a URL, an assignment's value, the
// value of an option whose name says secret, what follows "Authorization:".
var (
	urlPassword = regexp.MustCompile(`(://)[^/@\s]*(?::\S*)?@`)
	urlQuery    = regexp.MustCompile(`(://[^\s?#]*)\?[^\s#]*`)
	pathQuery   = regexp.MustCompile(`(\s/[^\s?#"']*)\?[^\s#"']+`) // of a request line in a log
	assignment  = regexp.MustCompile(`(?s)^[A-Za-z_][A-Za-z0-9_]*=.+$`)
	scriptSets  = regexp.MustCompile(`((?:^|[\s;&|({])[A-Za-z_][A-Za-z0-9_]*=)(?:"[^"]*"|'[^']*'|[^\s;&|)]+)+`)
	optionValue = regexp.MustCompile(`((?:^|\s)--?[A-Za-z][A-Za-z0-9_-]*)(=|\s+)((?:"[^"]*"?|'[^']*'?|[^\s;&|)"'-])(?:"[^"]*"?|'[^']*'?|[^\s;&|)"'])*)`)
	secretName  = regexp.MustCompile(`(?i)` + secretNames)
	noSecret    = regexp.MustCompile(`(?i)monkey|key[-_]?(file|word|space)`) // a file's name is not what is in it
	secretPair  = regexp.MustCompile(`(?is)((?:` + secretWords + `)[a-z_-]*\s*[=:]\s*)(?:-----BEGIN.*|[^\s&]+)`)
	authHeader  = regexp.MustCompile(`(?is)((?:authorization|cookie)\s*:\s*).+`)
	// A value that calibrate fills in, with the scheme and the address around it: {port}, 0.0.0.0:{port}, http://{host}:{port}/.
	placeholders = regexp.MustCompile(`^(?:[a-z]+://)?(?:(?:\d+\.){3}\d+|localhost)?[:/]*(?:\{(?:host|port|workers|threads|max_requests)\}[:/]*)+$`)
	// Headers that say what is asked for, not who asks.
	openHeader = regexp.MustCompile(`(?i)^(host|accept(-language|-encoding|-charset)?|content-type|user-agent|x-forwarded-(proto|host|port|for))$`)
)

// Redacted stands for what may be a secret.
const Redacted = "***"

// SecretName says that the value of an option, a header or a variable of this name may be a secret.
func SecretName(name string) bool { return secretName.MatchString(noSecret.ReplaceAllString(name, "")) }

// RedactValue hides what a name was given, unless it is nothing but placeholders.
func RedactValue(value string) string {
	if placeholders.MatchString(value) {
		return value
	}
	return Redacted
}

// RedactHeader hides a header's value, unless it is one that says nothing of who asks.
func RedactHeader(name, value string) string {
	if openHeader.MatchString(strings.TrimSpace(name)) {
		return RedactText(value)
	}
	return Redacted
}

// Redact returns a command line that may be shown to others. Assignments (as in `env A=B server`) lose their values,
// because environments are where secrets live; a placeholder is none.
func Redact(args []string) []string {
	out := make([]string, len(args))
	hideNext := false
	for i, arg := range args {
		option := strings.HasPrefix(arg, "-")
		if hideNext && !option { // a word that is an option itself is no value: the secret one was a switch
			out[i], hideNext = RedactValue(arg), false
			continue
		}
		out[i], hideNext = redactWord(arg, option)
	}
	return out
}

func redactWord(arg string, option bool) (word string, hideNext bool) {
	name, value, given := strings.Cut(arg, "=")
	switch {
	case assignment.MatchString(arg), option && SecretName(name) && given:
		return name + "=" + RedactValue(value), false
	case option && SecretName(name) && !strings.HasPrefix(arg, "--"):
		return arg[:2] + Redacted, true // -psecret or -password secret: glued to the letter, or the next word
	case option && SecretName(name):
		return arg, true
	}
	if strings.Contains(arg, "\n") { // the text of a script, whose variables are as secret as others
		arg = scriptSets.ReplaceAllString(arg, "${1}"+Redacted)
	}
	return RedactText(arg), false
}

// RedactLine returns a shell's line that may be shown to others: without what Redact leaves out of a command's words.
func RedactLine(line string) string { return redactLine(line, func(string) bool { return true }) }

// SecretLine says that a shell's line likely holds a secret. RedactLine hides more: what any variable is set to.
func SecretLine(line string) bool { return redactLine(line, SecretName) != line }

// longLine is what is looked through of a line, in bytes: more than is ever shown of one. A megabyte takes a second.
const longLine = 64 << 10

// redactLine hides of variables the values of those whose name says so, and all beyond longLine.
func redactLine(line string, hidden func(name string) bool) string {
	if len(line) > longLine {
		line = strings.ToValidUTF8(line[:longLine], "") + " " + Redacted
	}
	line = scriptSets.ReplaceAllStringFunc(line, func(set string) string {
		name, value, _ := strings.Cut(set, "=")
		if !hidden(name) {
			return set
		}
		return name + "=" + RedactValue(value)
	})
	line = optionValue.ReplaceAllStringFunc(line, func(text string) string {
		option := optionValue.FindStringSubmatch(text)
		if !SecretName(strings.TrimSpace(option[1])) {
			return text
		}
		return option[1] + option[2] + RedactValue(option[3])
	})
	return RedactText(line)
}

// RedactText hides the secrets that a text shows by their form: the passwords and queries of URLs, name=value pairs
// whose name says secret, authorization headers.
func RedactText(text string) string {
	text = urlQuery.ReplaceAllString(urlPassword.ReplaceAllString(text, "$1"+Redacted+"@"), "$1?"+Redacted)
	text = pathQuery.ReplaceAllString(text, "$1?"+Redacted)
	return authHeader.ReplaceAllString(secretPair.ReplaceAllString(text, "${1}"+Redacted), "${1}"+Redacted)
}
