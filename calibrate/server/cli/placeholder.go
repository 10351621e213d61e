package cli

import (
	"regexp"
	"strings"
)

// A word in braces. What stands before it decides whether it is one of ours: ${PORT} is the shell's, %({host}i)s is
// Gunicorn's access log format, and {{word}} is a plain {word}.
var braces = regexp.MustCompile(`(\$|%\(|\{)?\{([A-Za-z_][A-Za-z_0-9-]*)\}(\})?`)

// Expand replaces the placeholders in one argument. Names without a value stay as they are.
func Expand(text string, values map[string]string) string {
	return braces.ReplaceAllStringFunc(text, func(found string) string {
		part := braces.FindStringSubmatch(found)
		before, name, after := part[1], part[2], part[3]
		switch {
		case before == "{" && after == "}":
			return "{" + name + "}"
		case before == "$" || before == "%(":
			return found
		}
		if value, ok := values[name]; ok {
			return before + value + after
		}
		return found
	})
}

// ExpandAll replaces them in all arguments.
func ExpandAll(args []string, values map[string]string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		out[i] = Expand(arg, values)
	}
	return out
}

// Placeholders are the names that Expand would replace or fail to know.
func Placeholders(text string) []string {
	var names []string
	for _, part := range braces.FindAllStringSubmatch(text, -1) {
		if part[1] == "" || part[1] == "{" && part[3] == "" {
			names = append(names, part[2])
		}
	}
	return names
}

// EscapeBraces has placeholders come out of Expand as they are.
func EscapeBraces(words []string) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = word
		for _, name := range Placeholders(word) {
			out[i] = strings.ReplaceAll(out[i], "{"+name+"}", "{{"+name+"}}")
		}
	}
	return out
}
