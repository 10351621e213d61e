package cli

import (
	"slices"
	"strings"
	"testing"
)

func noFile(string) (string, bool) { return "", false }

// What stands for the words of a test: what is run before, and the command.
func lastOf(script Script, env ...string) string {
	last, ok := script.Last(func(name string) (string, bool) { return LookupEnv(env, name) })
	if !ok {
		return ""
	}
	got := strings.Join(last.Command, "|")
	if len(last.Set) > 0 {
		got = strings.Join(last.Set, " ") + " " + got
	}
	if last.Passes {
		return "passes " + got
	}
	if last.Before != nil {
		return got + " after " + last.Before[len(last.Before)-2]
	}
	return got
}

func TestShellScript(t *testing.T) {
	for command, want := range map[string]string{
		"sh|-c|gunicorn app:app":                                     "gunicorn|app:app",
		"/bin/bash|-c|exec gunicorn 'my app'":                        "gunicorn|my app",
		"sh|-c|A=B C='d e' exec gunicorn x":                          "env|A=B|C=d e|gunicorn|x",
		"sh|-ec|gunicorn x":                                          "gunicorn|x",
		"bash|-lc|exec gunicorn x":                                   `gunicorn|x after exec "$@"`,
		"bash|--login|-c|gunicorn x":                                 `gunicorn|x after "$@"`,
		"bash|-o|pipefail|-c|gunicorn x":                             "gunicorn|x",
		`sh|-c|exec "$0" -m gunicorn|python`:                         "",
		`sh|-c|exec "$@"|sh|gunicorn|x y`:                            "passes gunicorn|x y",
		`sh|-c|exec nice "$@"|sh|gunicorn`:                           "passes nice|gunicorn",
		`sh|-c|exec gunicorn "$@" -w 2|sh|a|b`:                       "gunicorn|a|b|-w|2",
		`sh|-c|exec "$@"`:                                            "",
		"sh|-c|gunicorn -b :$PORT -w ${W:-3} -t ${T-4} \"x$A y\" $A": "gunicorn|-b|:80|-w|3|-t|x1 2 y|1|2",
		"sh|-c|gunicorn x${B}y${N}z$T":                               "gunicorn|x|b|y|c|dz",
		"sh|-c|gunicorn -w $NONE":                                    "",
		"sh|-c|gunicorn -w $(nproc)":                                 "",
		"sh|-c|gunicorn -w `nproc`":                                  "",
		"sh|-c|gunicorn x & wait":                                    "",
		"sh|-c|gunicorn x > log":                                     "",
		"sh|-c|gunicorn *.py":                                        "",
		"sh|-c|gunicorn ~/x":                                         "",
		"sh|-c|gunicorn 'x":                                          "",
		"sh|-c|":                                                     "",
		"sh|-c|exec":                                                 "",
		"sh|-c|cd app && gunicorn x":                                 "",
		"sh|-c|. venv/bin/activate; exec gunicorn x":                 "",
		"sh|-c|gunicorn x; echo":                                     "echo after gunicorn x; \"$@\"",
		"sh|-c|./migrate && exec gunicorn x":                         `gunicorn|x after ./migrate && exec "$@"`,
		"sh|-c|gunicorn x # as it was":                               "gunicorn|x",
		"sh|-c|if true; then gunicorn x; fi":                         "",
		"sh|file":                                                    "",
		"sh|-i|-c|gunicorn":                                          "",
		"bash":                                                       "",
		"fish|-c|gunicorn x":                                         "",
	} {
		script, _ := ShellScript(strings.Split(command, "|"), noFile)
		if got := lastOf(script, "PORT=80", "A=1 2", "B=\tb ", "N=\nc d", "T="); got != want {
			t.Errorf("%s:\n got  %s\n want %s", command, got, want)
		}
	}
}

func TestAPipeIsNoPlainCommand(t *testing.T) {
	for _, text := range []string{"gunicorn x | tee log", "gunicorn x || exit 1"} {
		if got := lastOf(Script{Text: text}); got != "" {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestFileScript(t *testing.T) {
	for text, want := range map[string]string{
		"#!/bin/sh\nexec gunicorn app:app\n":                                           "gunicorn|app:app",
		"#!/bin/bash -e\n# run\nset -euo pipefail\n\nexec gunicorn app:app\n\n# end\n": "gunicorn|app:app",
		"#!/usr/bin/env bash\n./migrate\nexec gunicorn \\\n  -w 4 \\\n  app:app\n":     "gunicorn|-w|4|app:app after ...exec \"$@\"",
		"#!/bin/sh\n./migrate\nexec \"$@\"\n":                                          "passes one|two 2",
		"#!/bin/sh\nexec gosu app tini -- \"$@\"\n":                                    "passes gosu|app|tini|--|one|two 2",
		"#!/bin/sh\nexec gunicorn \"$@\"\n":                                            "gunicorn|one|two 2",
		"#!/bin/sh\nW=${W:-4}\nexport T=\"2\" \nexec gunicorn -w $W --threads $T a":    "T=2 gunicorn|-w|4|--threads|2|a after ...exec \"$@\"",
		"#!/bin/sh\n: ${W:=5}\nexport W\nexec gunicorn -w $W a":                        "W=5 gunicorn|-w|5|a after ...exec \"$@\"",
		"#!/bin/sh\nif x; then\n  W=3\nfi\nexec gunicorn -w $W a":                      "",
		"#!/bin/sh\nW=$(nproc)\nexec gunicorn -w $W a":                                 "",
		"#!/bin/sh\nread W\nexec gunicorn -w $W a":                                     "",
		"#!/bin/sh\nW=$(nproc)\nexec gunicorn a":                                       "gunicorn|a after ...exec \"$@\"",
		"#!/bin/sh\ncd /app\nexec gunicorn a":                                          "",
		"#!/bin/sh\n# cd /app\nexec gunicorn a":                                        "gunicorn|a",
		"#!/bin/sh\nsource venv/bin/activate\nexec gunicorn a":                         "",
		"#!/bin/sh\nexport PATH=/x:$PATH\nexec gunicorn a":                             "",
		"#!/bin/bash\nD=$(dirname ${BASH_SOURCE[0]})\nexec gunicorn a":                 "",
		"#!/bin/sh\nx=$1; shift\nexec \"$@\"":                                          "",
		"#!/bin/sh\nset -- -w 3 \"$@\"\nexec gunicorn \"$@\"":                          "",
		"#!/bin/sh\nif x; then set gunicorn \"$@\"; fi\nexec \"$@\"":                   "",
		"#!/bin/sh\nset -e x\nexec gunicorn \"$@\"":                                    "",
		"#!/bin/bash\nset -o pipefail\nset -eu -o noglob\nexec gunicorn a":             "gunicorn|a",
		"#!/bin/sh\nif x; then\n exec gunicorn a\nfi\n":                                "",
		"#!/usr/bin/python3\nexec gunicorn a":                                          "",
		"exec gunicorn a":                                                              "",
	} {
		script, _ := FileScript("./start.sh", text, []string{"one", "two 2"})
		got := lastOf(script)
		if command, before, after := strings.Cut(got, " after "); after {
			_, last, _ := strings.Cut(before, "exec")
			got = command + " after ...exec" + last
		}
		if got != want {
			t.Errorf("%s\n got  %s\n want %s", text, got, want)
		}
	}
}

// What is run before the command is the script up to it, by its own shell and under its own name.
func TestBeforeTheLast(t *testing.T) {
	script, _ := FileScript("./start.sh", "#!/bin/bash -e\n./migrate\nexec gunicorn a\n", nil)
	last, ok := script.Last(noFile)
	if want := []string{"/bin/bash", "-e", "-c", "#!/bin/bash -e\n./migrate\nexec \"$@\"", "./start.sh"}; !ok || !slices.Equal(last.Before, want) {
		t.Errorf("%q", last.Before)
	}
}

func TestPlainCommands(t *testing.T) {
	text := "#!/bin/sh\ncd /app && . venv/bin/activate\nif [ -n \"$DEV\" ]; then flask run; fi\n# gunicorn old\nW=$(nproc)\nexec gunicorn -w $W \\\n -b 0.0.0.0:${PORT:-80} app:app >> log 2>&1\n"
	var got []string
	for _, words := range PlainCommands(text) {
		got = append(got, strings.Join(words, " "))
	}
	for _, want := range []string{"flask run", "gunicorn -w $W -b 0.0.0.0:${PORT:-80} app:app"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s in %q", want, got)
		}
	}
}

func FuzzScript(f *testing.F) {
	f.Add("#!/bin/sh\nA=b\nexec gunicorn -w ${A:-$B} 'x' \"y\" && z\n")
	f.Fuzz(func(t *testing.T, text string) {
		script, _ := FileScript("x", text, []string{"y"})
		_, _ = script.Last(func(string) (string, bool) { return "", false })
		_ = PlainCommands(text)
		if before, line := lastLine(text); len(before)+len(line) > len(text) {
			t.Errorf("%q and %q of %q", before, line, text)
		}
	})
}

// Variables and arguments that double each other would fill any memory: such a script stays as it is.
func TestDoublingStaysAsItIs(t *testing.T) {
	for name, text := range map[string]string{
		"a variable":           "A=xxxxxxxx\n" + strings.Repeat("A=$A$A\n", 60) + "exec gunicorn $A",
		"in quotation marks":   "A=xxxxxxxx\n" + strings.Repeat("A=\"$A$A\"\n", 60) + "exec gunicorn $A",
		"a word":               "exec gunicorn \"" + strings.Repeat("$B", 16<<10) + "\"",
		"the arguments, again": "exec gunicorn " + strings.Repeat(`"$@" `, 12<<10),
	} {
		script := Script{Text: text, Args: slices.Repeat([]string{"x"}, 1000)}
		if got := lastOf(script, "B="+strings.Repeat("b", 1000)); got != "" {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
}
