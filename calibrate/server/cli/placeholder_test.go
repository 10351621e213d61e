package cli

import "testing"

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
		if got := Expand(text, values); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// What Expand would replace is what placeholders names, so that nothing unknown slips through.
func FuzzExpand(f *testing.F) {
	f.Add("{port} {{port}} ${port} %({port}i)s {x}")
	f.Fuzz(func(t *testing.T, text string) {
		const mark = "\x01"
		values := map[string]string{}
		names := Placeholders(text)
		for _, name := range names {
			values[name] = mark
		}
		n := 0
		for _, c := range Expand(text, values) {
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
