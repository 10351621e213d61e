package say_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate/say"
	"workermem/calibrate/say/saytest"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b[1;31mred\x1b[0m":              "red",
		"\x1b]0;title\x07text":              "text",
		"\x1b]8;;http://x\x1b\\link":        "link",
		"\x1b]0;never ended":                "",
		"a\tb\r\nc":                         "a b  c",
		"\u009b31m\u202e":                   "?31m?",
		"\xff":                              "?",
		"caf\u00e9 \u4e16":                  "caf\u00e9 \u4e16",
		"\x1b":                              "",
		"\x1b(Bx":                           "x",
		"bell\x07 back\x08 del\x7f nul\x00": "bell? back? del? nul?",
	} {
		if got := say.Line(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestShell(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"gunicorn", "--bind=127.0.0.1:80", "shop.wsgi:app"}, "gunicorn --bind=127.0.0.1:80 shop.wsgi:app"},
		{[]string{"app", "{port}"}, "app {port}"},
		{[]string{"app", "{a,b}", "=app"}, "app '{a,b}' '=app'"},
		{[]string{"sh", "-c", "it's $HOME"}, `sh -c 'it'\''s $HOME'`},
		{[]string{""}, "''"},
		{[]string{"a\n\x1b[31m'"}, `$'a\n\x1b[31m\047'`},
	} {
		if got := say.Shell(c.words...); got != c.want {
			t.Errorf("%q: %s, want %s", c.words, got, c.want)
		}
	}
}

// A real shell reads the words back. One that doesn't know $'...' reads as many, and runs none of them.
func TestShellsReadTheWords(t *testing.T) {
	for name, escapes := range map[string]bool{"sh": false, "dash": false, "ksh": false, "bash": true, "zsh": true} {
		shell, err := exec.LookPath(name)
		if err != nil && name != "sh" {
			continue
		}
		dir := t.TempDir()
		rapid.Check(t, func(t *rapid.T) {
			words := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom(saytest.All())), 1, 40).Draw(t, "words")
			for i, word := range words {
				words[i] = strings.ReplaceAll(word, "\x00", "") // which no word of a command can hold
			}
			cmd := exec.Command(shell, "-c", "set -- "+say.Shell(words...)+"\n"+`printf '%s\0' "$@"`)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C.UTF-8")
			out, err := cmd.Output()
			read := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
			if err != nil || len(read) != len(words) {
				t.Fatalf("%s: %v: %d words are %d", name, err, len(words), len(read))
			}
			for i, word := range words {
				if (escapes || say.Line(word) == word) && read[i] != word {
					t.Fatalf("%s takes %s for %q", name, say.Shell(word), read[i])
				}
			}
			if made, err := os.ReadDir(dir); err != nil || len(made) > 0 {
				t.Fatalf("%s ran something: %q", name, words)
			}
		})
	}
}
