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

// A variable is read as it was written, whatever stands before it.
func FuzzEnvLines(f *testing.F) {
	f.Add("# c\nexport B='x y'\nC=\"d\n", "a b#c'")
	f.Fuzz(func(t *testing.T, text, value string) {
		if strings.Contains(value, "\n") {
			t.Skip("of one line")
		}
		quoted := "\nA='" + strings.ReplaceAll(value, "'", `'"'"'`) + "'"
		if got, want := EnvLines(text+quoted), append(EnvLines(text), "A="+value); !slices.Equal(got, want) {
			t.Errorf("%q behind %q is read as %q", quoted, text, got)
		}
	})
}
