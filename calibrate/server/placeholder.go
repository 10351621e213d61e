package server

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
)

// placeholderNames are the words in braces that a command may hold.
var placeholderNames = []string{"host", "port", "workers", "threads", "max_requests"}

// A word in braces. What stands before it decides whether it is one of ours: ${PORT} is the shell's, %({host}i)s is
// Gunicorn's access log format, and {{word}} is a plain {word}.
var braces = regexp.MustCompile(`(\$|%\(|\{)?\{([A-Za-z_][A-Za-z_0-9-]*)\}(\})?`)

// expand replaces the placeholders in one argument. Names without a value stay as they are.
func expand(text string, values map[string]string) string {
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

func expandAll(args []string, values map[string]string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		out[i] = expand(arg, values)
	}
	return out
}

// placeholders are the names that expand would replace or fail to know.
func placeholders(text string) []string {
	var names []string
	for _, part := range braces.FindAllStringSubmatch(text, -1) {
		if part[1] == "" || part[1] == "{" && part[3] == "" {
			names = append(names, part[2])
		}
	}
	return names
}

// has says whether the command or its variables hold a placeholder.
func (s Spec) has(name string) bool {
	for _, text := range s.texts() {
		if slices.Contains(placeholders(text), name) {
			return true
		}
	}
	return false
}

func (s Spec) texts() []string {
	texts := slices.Clone(s.Command)
	for _, value := range s.Env {
		texts = append(texts, value)
	}
	return texts
}

// checkPlaceholders refuses words in braces that nobody would replace.
func checkPlaceholders(spec Spec) error {
	for _, text := range spec.texts() {
		for _, name := range placeholders(text) {
			if !slices.Contains(placeholderNames, name) {
				return calibrate.Usage("{"+strings.Join(placeholderNames, "} {")+"} are; for a plain {"+name+"} write {{"+name+"}}",
					"{%s} is not a placeholder", name)
			}
		}
	}
	return nil
}

func placeholderValues(a address, spec Spec) map[string]string {
	return map[string]string{
		"host":         a.host,
		"port":         strconv.Itoa(a.port),
		"workers":      strconv.Itoa(spec.Workers),
		"threads":      strconv.Itoa(max(spec.Threads, 1)),
		"max_requests": strconv.FormatInt(spec.MaxRequests, 10),
	}
}
