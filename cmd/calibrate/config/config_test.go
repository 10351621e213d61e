package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
)

// testKeys are enough to show every kind.
var testKeys = []Key{
	{Section: "load", Name: "path", Many: true, Check: right}, {Section: "load", Name: "header", Many: true, Check: right}, {Section: "host", Name: "memory", Check: right},
	{Section: "measure", Name: "quick", Switch: true, Check: right}, {Name: "url", Check: right}, {Section: "load", Name: "allow-remote", Refused: "no", Check: right},
}

func right(string) *calibrate.Failure { return nil }

// A command in one line is taken apart where a shell would do nothing else; else a shell takes it.
func TestCommand(t *testing.T) {
	for yaml, want := range map[string][]string{
		`gunicorn --threads 4 app:app`:                 {"gunicorn", "--threads", "4", "app:app"},
		`[gunicorn, "my app:app"]`:                     {"gunicorn", "my app:app"},
		`[gunicorn, --threads, 4, app:app]`:            {"gunicorn", "--threads", "4", "app:app"},
		`serve 'two words' --bind {host}:{port}`:       {"serve", "two words", "--bind", "{host}:{port}"},
		`gunicorn $APP`:                                {"sh", "-c", "gunicorn $APP"},
		`cd app && gunicorn app:app`:                   {"sh", "-c", "cd app && gunicorn app:app"},
		`PORT=1 node server.js`:                        {"sh", "-c", "PORT=1 node server.js"},
		"|\n  cd app\n  exec gunicorn app:app\n":       {"sh", "-c", "cd app\nexec gunicorn app:app"},
		">\n  gunicorn\n  --threads 4\n  app:app\n":    {"gunicorn", "--threads", "4", "app:app"},
		"gunicorn\n  --threads 4\n  app:app # no word": {"gunicorn", "--threads", "4", "app:app"},
	} {
		f, wrong := Parse(Name, []byte("command: "+yaml), testKeys)
		if len(wrong) > 0 || !slices.Equal(f.Command, want) {
			t.Errorf("%s: %q, %v", yaml, f.Command, wrong)
		}
	}
}

// What starts nothing is no command, in quotes neither.
func TestEmptyCommand(t *testing.T) {
	for _, yaml := range []string{`""`, `" "`, `"''"`, `"'' app:app"`, `["", app:app]`} {
		if f, wrong := Parse(Name, []byte("command: "+yaml), testKeys); len(wrong) != 1 || wrong[0].What != "the command is empty" {
			t.Errorf("%s: %q, %v", yaml, f.Command, wrong)
		}
	}
}

// A list that is too long is one mistake, whatever is wrong with what is in it; of limits there may be a hundred.
func TestTooManyValues(t *testing.T) {
	listed := func(before, one, after string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, one+",", i+1)
		}
		return before + b.String() + after
	}
	for text, want := range map[string]string{
		listed("check: {limits: [", "after(%d) <= 1MB", "]}", 100):    "",
		listed("check: {limits: [", "after(%d) <= 1MB", "]}", 101):    "limits has more than 100 values",
		listed("check: {limits: [", "nothing(%d) <= 1MB", "]}", 3000): "limits has more than 100 values",
		listed("load: {path: [", "/%d", "]}", mostValues):             "",
		listed("load: {path: [", "{a: %d}", "]}", mostValues+1):       "path has more than 1 000 values",
		listed("command: [gunicorn, ", "{a: %d}", "]", mostValues+1):  "command has more than 1 000 values",
	} {
		var got []string
		file, wrong := Parse(Name, []byte(text), testKeys)
		for _, m := range wrong {
			got = append(got, m.What)
		}
		kept := len(file.Limits) + len(file.Options) + len(file.Command)
		if strings.Join(got, ", ") != want || (kept > 0) != (want == "") {
			t.Errorf("%.60s: %.200s, want %q; %d kept", text, strings.Join(got, ", "), want, kept)
		}
	}
}

// It is looked for up to the repository's root or the home folder, and outside of both in the folder alone.
func TestFind(t *testing.T) {
	root := t.TempDir()
	for _, folder := range []string{"home/work/repo/.git", "home/work/repo/a/b", "home/loose/a", "other/a/b", "worktree/a"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{Name, "home/" + Name, "home/work/repo/a/" + Name, "other/a/b/" + Name, "worktree/" + Name, "worktree/.git"} {
		if err := os.WriteFile(filepath.Join(root, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for folder, want := range map[string]string{
		"home/work/repo/a/b": "home/work/repo/a", "home/work/repo/a": "home/work/repo/a", "home/work/repo": "", "home/loose/a": "home", "home": "home",
		"other/a/b": "other/a/b", "other/a": "", "worktree/a": "worktree",
	} {
		if want != "" {
			want = filepath.Join(root, want, Name)
		}
		if got := Find(filepath.Join(root, folder), filepath.Join(root, "home")); got != want {
			t.Errorf("%s: %q, want %q", folder, got, want)
		}
	}
}

// What is hostile is answered soon: a quarter of what fits into a file, in well over the time that it should take.
func TestParseIsQuick(t *testing.T) {
	for name, text := range map[string]string{
		"unknown keys":  strings.Repeat("?x\u00e9yz: 1\n", 1<<18/10),
		"keys":          "load:\n" + strings.Repeat("  "+strings.Repeat("k", 50)+": 1\n", 1<<18/60),
		"one line":      "{" + strings.Repeat("a: 1, ", 1<<18/8) + "}",
		"paths":         "load:\n  path: [" + strings.Repeat("x,", 1<<17) + "]",
		"limits":        "check: {limits: [" + strings.Repeat("worker,", 1<<15) + "]}",
		"different":     "check: {limits: [" + strings.Repeat("worker <= 1MB,", 1<<14) + "]}",
		"ignored":       "check: {ignore: [" + strings.Repeat("{metric: x},", 1<<14) + "]}",
		"depth":         strings.Repeat("a: {", 9000) + strings.Repeat("}", 9000),
		"tabs":          "host:\n" + strings.Repeat("\tmemory: 1G\n", 1<<18/14),
		"variables":     "env:\n" + strings.Repeat("  x: [y]\n", 1<<18/12),
		"profiles":      "profiles:\n" + strings.Repeat("  x: {y: 1}\n", 1<<18/16),
		"broken at end": strings.Repeat("env: {a: b}\n", 1<<18/14) + "\"",
	} {
		start := time.Now()
		_, wrong := Parse(Name, []byte(text), testKeys)
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %s", name, took)
		} else {
			t.Logf("%s: %s, %d bytes, %d mistakes", name, took, len(text), len(wrong))
		}
		if len(wrong) == 0 {
			t.Errorf("%s: nothing is wrong", name)
		}
	}
}

// Whatever a file is, its mistakes are at places in it, and no value of env or of a header is said.
func FuzzParse(f *testing.F) {
	broken, _ := filepath.Glob(filepath.Join("..", "testdata", "config", "*.yaml"))
	for _, path := range broken {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), "hunter2")
	}
	f.Add("profiles: {ci: {check: {limits: [worker <= 150MB], ignore: [{metric: boot, reason: x, until: 2027-01-31}]}}}", "x: y")
	f.Add("command: |\n  a\n  b\n", "'\"\n\t- &x *x")
	f.Add("command: [a, 'b c']\nurl: http://127.0.0.1:1\n", "{port}")
	f.Fuzz(func(t *testing.T, text, tail string) {
		const secret = "hunter2hunter2"
		whole := text + "\nenv:\n  TOKEN: " + secret + tail + "\n"
		if strings.Contains(text, "hunter2hunter") || strings.Contains(tail, "hunter2hunter") {
			t.Skip("shows the secret elsewhere")
		}
		file, wrong := Parse(Name, []byte(whole), testKeys)
		lines := len(linesOf(whole))
		for _, m := range wrong {
			if m.Line < 1 || m.Line > lines || m.Column < 1 {
				t.Errorf("a mistake at %d:%d of %d lines: %s", m.Line, m.Column, lines, m.What)
			}
			if strings.Contains(m.What+m.Try+m.Source, secret) {
				t.Errorf("a secret is said: %+v", m)
			}
		}
		if len(wrong) == 0 && len(file.Env) == 0 {
			t.Errorf("env is lost: %q", whole)
		}
	})
}
