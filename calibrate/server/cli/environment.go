package cli

import (
	"maps"
	"slices"
	"strings"
)

// Environment is the inherited one with the user's variables on top. It is handed to the app and nowhere else.
func Environment(inherited []string, given map[string]string) []string {
	env := slices.DeleteFunc(slices.Clone(inherited), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		_, again := given[name]
		return again
	})
	for _, name := range slices.Sorted(maps.Keys(given)) {
		env = append(env, name+"="+given[name])
	}
	return env
}

// Over is an environment with other variables, as NAME=value, on top: the last of a name is the one that stays, because a
// program may take the first.
func Over(env, set []string) []string {
	given := map[string]string{}
	for _, variable := range set {
		name, value, _ := strings.Cut(variable, "=")
		given[name] = value
	}
	return Environment(env, given)
}

// ExpandEnv replaces placeholders in the variables the user named; the inherited ones are nobody's template.
func ExpandEnv(env []string, given map[string]string, values map[string]string) []string {
	out := make([]string, len(env))
	for i, v := range env {
		out[i] = v
		name, value, _ := strings.Cut(v, "=")
		if template, ok := given[name]; ok && template == value {
			out[i] = name + "=" + Expand(value, values)
		}
	}
	return out
}

// Getenv is the last value of a variable, "" where there is none.
func Getenv(env []string, name string) string {
	value, _ := LookupEnv(env, name)
	return value
}

// LookupEnv is Getenv, and says whether the variable is there: it may be empty.
func LookupEnv(env []string, name string) (value string, is bool) {
	for _, v := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// WithoutVariables are the words of a wrapper without those of env that set one of the variables.
func WithoutVariables(words []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(word string) bool {
		name, _, sets := strings.Cut(word, "=")
		return sets && slices.Contains(names, name)
	})
}

// EnvLines are the variables of a file that has one a line, as NAME=value, with or without export and quotation marks.
func EnvLines(text string) (env []string) {
	for line := range strings.Lines(withoutComments(text)) {
		words, err := SplitWords(strings.TrimRight(line, "\r\n")) // a backslash at its end is no newline in a value
		if len(words) > 1 && words[0] == "export" {
			words = words[1:]
		}
		if err == nil && len(words) > 0 && assignment.MatchString(words[0]) {
			env = append(env, words[0])
		}
	}
	return env
}
