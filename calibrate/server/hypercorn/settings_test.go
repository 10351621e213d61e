package hypercorn

import (
	"strings"
	"testing"
)

func FuzzHypercornSettings(f *testing.F) {
	f.Add("workers = 3\nbind = ['a']\n")
	f.Add("[t]\nworkers=1")
	f.Fuzz(func(t *testing.T, text string) {
		for name, value := range plainSettings(text) {
			if !strings.Contains(text, name) || !strings.Contains(text, value) {
				t.Errorf("%q = %q is not in %q", name, value, text)
			}
		}
	})
}
