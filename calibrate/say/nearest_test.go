package say

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"servers", "prove", "how-it-decides", "attach"}
	for word, want := range map[string]string{"server": "servers", "aproove": "prove", "how": "how-it-decides", "atach": "attach", "": "prove"} {
		if got := Nearest(word, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}
