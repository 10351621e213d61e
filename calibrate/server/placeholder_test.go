package server

import (
	"slices"
	"testing"
)

func TestExpand(t *testing.T) {
	values := map[string]string{"host": "127.0.0.1", "port": "8123", "threads": "4"}
	for text, want := range map[string]string{
		"{host}:{port}":                  "127.0.0.1:8123",
		"--bind=tcp://{host}:{port}/x":   "--bind=tcp://127.0.0.1:8123/x",
		"serve({port})":                  "serve(8123)",
		"{threads}:{threads}":            "4:4",
		"${port}":                        "${port}",                        // the shell's
		`%({host}i)s "%({user-agent}i)s`: `%({host}i)s "%({user-agent}i)s`, // Gunicorn's access log format
		"{{port}}":                       "{port}",
		"{{ port }}":                     "{{ port }}",
		"{{port}":                        "{8123",
		"{port}}":                        "8123}",
		"{}{1}{a,b}{":                    "{}{1}{a,b}{",
		`{"port": 1}`:                    `{"port": 1}`,
		"{unknown}":                      "{unknown}",
		"":                               "",
	} {
		if got := expand(text, values); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCheckPlaceholders(t *testing.T) {
	for _, good := range []string{"{port}", "${PORT}", "%({accept}i)s", "{{name}}", "{1}", "{}", `{"a":1}`, "{a,b}"} {
		if err := checkPlaceholders(Spec{Command: []string{"x", good}}); err != nil {
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
		usage(t, checkPlaceholders(Spec{Command: []string{"x", bad}}), complaint)
		usage(t, checkPlaceholders(Spec{Command: []string{"x"}, Env: map[string]string{"A": bad}}), complaint)
	}
}

func TestHas(t *testing.T) {
	s := Spec{Command: []string{"x", "--p={port}", "${threads}"}, Env: map[string]string{"N": "{workers}"}}
	for name, want := range map[string]bool{"port": true, "workers": true, "threads": false, "host": false} {
		if s.has(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// What expand would replace is what placeholders names, so that nothing unknown slips through.
func FuzzExpand(f *testing.F) {
	f.Add("{port} {{port}} ${port} %({port}i)s {x}")
	f.Fuzz(func(t *testing.T, text string) {
		const mark = "\x01"
		values := map[string]string{}
		names := placeholders(text)
		for _, name := range names {
			values[name] = mark
		}
		n := 0
		for _, c := range expand(text, values) {
			if c == 1 {
				n++
			}
		}
		for _, c := range text {
			if c == 1 {
				n--
			}
		}
		if n != len(names) {
			t.Errorf("%q: %d replaced, %d named", text, n, len(names))
		}
	})
}

func TestEnvironment(t *testing.T) {
	inherited := []string{"A=1", "B={port}", "PORT=80", "A=2"}
	given := map[string]string{"PORT": "{port}", "NEW": "x"}
	env := expandEnv(environment(inherited, given), given, map[string]string{"port": "8123"})
	want := []string{"A=1", "B={port}", "A=2", "NEW=x", "PORT=8123"} // only the user's own are templates
	if !slices.Equal(env, want) {
		t.Errorf("%q, want %q", env, want)
	}
	if getenv(env, "A") != "2" || getenv(env, "PORT") != "8123" || getenv(env, "NONE") != "" {
		t.Errorf("%q", env)
	}
	if !slices.Equal(inherited, []string{"A=1", "B={port}", "PORT=80", "A=2"}) {
		t.Errorf("the inherited environment was changed: %q", inherited)
	}
}
