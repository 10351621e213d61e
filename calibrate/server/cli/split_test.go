package cli

import (
	"slices"
	"strings"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                       nil,
		" \t\n":                  nil,
		"a b  c":                 {"a", "b", "c"},
		`'a b' "c d"`:            {"a b", "c d"},
		`a'b'"c"d`:               {"abcd"},
		`''`:                     {""},
		`"a\"b\\c\d" 'a\b' e\ f`: {`a"b\c\d`, `a\b`, "e f"},
		"--env=A='x y'":          {"--env=A=x y"},
	} {
		if got, err := SplitWords(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q %v, want %q", text, got, err, want)
		}
	}
	for _, bad := range []string{"'", `"a`, `a\`, `"a\`} {
		if got, err := SplitWords(bad); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

// Words quoted and joined come back.
func FuzzSplitWords(f *testing.F) {
	f.Add("a", "b c", "d'e\"")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		words := []string{a, b, c}
		var quoted []string
		for _, w := range words {
			quoted = append(quoted, "'"+strings.ReplaceAll(w, "'", `'"'"'`)+"'")
		}
		if got, err := SplitWords(strings.Join(quoted, " ")); err != nil || !slices.Equal(got, words) {
			t.Errorf("%q %v, want %q", got, err, words)
		}
		_, _ = SplitWords(a)
	})
}
