package cli

import (
	"slices"
	"testing"
)

func TestEnvironment(t *testing.T) {
	inherited := []string{"A=1", "B={port}", "PORT=80", "A=2"}
	given := map[string]string{"PORT": "{port}", "NEW": "x"}
	env := ExpandEnv(Environment(inherited, given), given, map[string]string{"port": "8123"})
	want := []string{"A=1", "B={port}", "A=2", "NEW=x", "PORT=8123"} // only the user's own are templates
	if !slices.Equal(env, want) {
		t.Errorf("%q, want %q", env, want)
	}
	if Getenv(env, "A") != "2" || Getenv(env, "PORT") != "8123" || Getenv(env, "NONE") != "" {
		t.Errorf("%q", env)
	}
	if !slices.Equal(inherited, []string{"A=1", "B={port}", "PORT=80", "A=2"}) {
		t.Errorf("the inherited environment was changed: %q", inherited)
	}
}

func TestOver(t *testing.T) {
	got := Over([]string{"A=1", "B=2"}, []string{"B=3", "C=4", "B=5=6"})
	if want := []string{"A=1", "B=5=6", "C=4"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
