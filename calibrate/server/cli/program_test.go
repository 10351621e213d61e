package cli

import (
	"slices"
	"strings"
	"testing"
)

func TestSeeThrough(t *testing.T) {
	for command, want := range map[string]struct {
		name  string
		index int
	}{
		"gunicorn app:app":                                     {"gunicorn", 0},
		"/opt/venv/bin/gunicorn app:app":                       {"gunicorn", 0},
		"python -m gunicorn app:app":                           {"gunicorn", 2},
		"python3.11 -u -X dev -W ignore -m gunicorn app:app":   {"gunicorn", 6 + 1},
		"python /venv/bin/gunicorn app:app":                    {"gunicorn", 1},
		"python -c gunicorn":                                   {"python", 0},
		"python manage.py gunicorn":                            {"manage.py", 1},
		"python":                                               {"python", 0},
		"env A=B gunicorn app:app":                             {"gunicorn", 2},
		"env -u X -i A=B C=D -- gunicorn app:app":              {"gunicorn", 7},
		"ruby -e puma config.ru":                               {"ruby", 0},
		"ruby -I lib -eputs puma":                              {"ruby", 0},
		"bundle exec ruby -e puma":                             {"ruby", 2},
		"ruby -E UTF-8 bin/puma":                               {"puma", 3},
		"env -S gunicorn":                                      {"env", 0},
		"poetry run gunicorn app:app":                          {"gunicorn", 2},
		"poetry -C dir run gunicorn app:app":                   {"gunicorn", 4},
		"poetry show gunicorn":                                 {"poetry", 0},
		"uv run --with x -p 3.12 gunicorn app:app":             {"gunicorn", 6},
		"uv run -- python -m gunicorn app:app":                 {"gunicorn", 5},
		"nice -n 5 env A=B poetry run python -m gunicorn x":    {"gunicorn", 9},
		"newrelic-admin run-program gunicorn app:app":          {"gunicorn", 2},
		"docker run image gunicorn app:app":                    {"docker", 0}, // not our processes
		"ssh host gunicorn app:app":                            {"ssh", 0},
		"sudo gunicorn app:app":                                {"sudo", 0},
		"env":                                                  {"env", 0},
		"env A=B":                                              {"env", 0},
		"uvicorn app:app --port {port}":                        {"uvicorn", 0},
		"opentelemetry-instrument --traces x gunicorn app:app": {"x", 2}, // an option's value is taken for the program: then it is any command
	} {
		p := SeeThrough(strings.Fields(command))
		if p.Name != want.name || p.Index != want.index {
			t.Errorf("%s: %s at %d, want %s at %d", command, p.Name, p.Index, want.name, want.index)
		}
	}
	if p := SeeThrough(strings.Fields("env A=B -i C=D gunicorn")); !slices.Equal(p.Set, []string{"A=B", "C=D"}) {
		t.Errorf("%q", p.Set)
	}
	if p := SeeThrough(nil); p.Name != "" || len(p.Args()) != 0 {
		t.Errorf("%+v", p)
	}
}

func TestSeeThroughShell(t *testing.T) {
	for script, want := range map[string][]string{
		"gunicorn app:app":               {"gunicorn", "app:app"},
		"exec gunicorn 'my app:app'":     {"gunicorn", "my app:app"},
		"A=B C='d e' exec gunicorn x":    {"env", "A=B", "C=d e", "gunicorn", "x"},
		"python -m gunicorn x":           {"python", "-m", "gunicorn", "x"},
		"gunicorn app:app & wait":        nil,
		"gunicorn -b 0.0.0.0:$PORT x":    nil,
		"cd app && gunicorn x":           nil,
		"gunicorn x > log":               nil,
		"gunicorn 'x":                    nil,
		"echo gunicorn":                  {"echo", "gunicorn"},
		"":                               nil,
		"A=B":                            {"env", "A=B"},
		"uvicorn app:app --port {port}":  {"uvicorn", "app:app", "--port", "{port}"},
		"unicorn -l {port}":              {"unicorn", "-l", "{port}"},
		"gunicorn x; echo":               nil,
		"exec":                           nil,
		"gunicorn \"x":                   nil,
		"gunicorn x\n echo second line ": nil,
	} {
		p := SeeThrough([]string{"/bin/sh", "-c", script})
		if !slices.Equal(p.ShellWords, want) {
			t.Errorf("%q: %q, want %q", script, p.ShellWords, want)
		}
	}
	if p := SeeThrough([]string{"sh", "-c", "gunicorn x", "extra"}); p.ShellWords != nil {
		t.Errorf("%q: a script with arguments is not simple", p.ShellWords)
	}
}
