package known

import (
	"testing"

	"workermem/calibrate/server/servertest"
)

func TestCheckPlaceholders(t *testing.T) {
	for _, good := range []string{"{port}", "${PORT}", "%({accept}i)s", "{{name}}", "{1}", "{}", `{"a":1}`, "{a,b}"} {
		if err := (Spec{Command: []string{"x", good}}).CheckPlaceholders(); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for bad, complaint := range map[string]string{
		"{prot}":         "{prot} is not a placeholder",
		"{PORT}":         "{PORT} is not a placeholder",
		"{max-requests}": "{max-requests} is not a placeholder",
		"{{prot}":        "{prot} is not a placeholder",
		"{port}{x}":      "{x} is not a placeholder",
	} {
		servertest.Usage(t, Spec{Command: []string{"x", bad}}.CheckPlaceholders(), complaint)
		servertest.Usage(t, Spec{Command: []string{"x"}, Env: map[string]string{"A": bad}}.CheckPlaceholders(), complaint)
	}
}

func TestHas(t *testing.T) {
	s := Spec{Command: []string{"x", "--p={port}", "${threads}"}, Env: map[string]string{"N": "{workers}"}}
	for name, want := range map[string]bool{"port": true, "workers": true, "threads": false, "host": false} {
		if s.Has(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
