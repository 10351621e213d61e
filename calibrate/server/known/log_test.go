package known

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/servertest"
)

func TestTail(t *testing.T) {
	log := servertest.LogFile(t)
	fmt.Fprint(log, "of an earlier app\n")
	from := size(t, log)
	if lines := Tail(log, from); len(lines) != 0 {
		t.Errorf("%q", lines)
	}
	fmt.Fprint(log, "first\n\n  \nsecond \x1b[31mred\x1b[0m\r\nthird\x00\xff without end")
	if lines := Tail(log, from); !slices.Equal(lines, []string{"first", "second red", "third? without end"}) {
		t.Errorf("%q", lines)
	}
	for n := range 100_000 {
		fmt.Fprintf(log, "line %d\n", n)
	}
	lines := Tail(log, from)
	if len(lines) < 1000 || len(lines) > logTail/8 || lines[len(lines)-1] != "line 99999" || !strings.HasPrefix(lines[0], "line ") {
		t.Errorf("%d lines, %q to %q", len(lines), lines[0], lines[len(lines)-1])
	}
	short, endless := servertest.LogFile(t), servertest.LogFile(t)
	fmt.Fprint(short, strings.Repeat(strings.Repeat("x", 99)+"\n", 10))
	if lines := Tail(short, 0); len(lines) != 10 {
		t.Errorf("%d of 10 lines", len(lines))
	}
	fmt.Fprint(endless, strings.Repeat("x", 2*logTail))
	if lines := Tail(endless, 0); len(lines) != 1 || len(lines[0]) != longestLine {
		t.Errorf("an endless line gives %d lines", len(lines))
	}
	if Tail(nil, 0) != nil {
		t.Error("no file has no lines")
	}
	os.Remove(log.Name())
	if len(Tail(log, from)) == 0 {
		t.Error("a removed log can still be read")
	}
}

func TestLastException(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"Traceback (most recent call last):\n  File \"x\"\n    import y\nModuleNotFoundError: No module named 'y'\n[INFO] Worker exiting": "ModuleNotFoundError: No module named 'y'",
		"Traceback (most recent call last):\n  x\nKeyError: 1\nTraceback (most recent call last):\n  x\nValueError: 2":                    "ValueError: 2",
		"Traceback (most recent call last):\n  cut":                   "",
		"django.core.exceptions.ImproperlyConfigured: set SECRET_KEY": "django.core.exceptions.ImproperlyConfigured: set SECRET_KEY",
		"[INFO] Error handling is on\nno Error here: none":            "",
		"RuntimeError": "RuntimeError",
		"/app/server.js:27\n  throw new Error('no database')\n  ^\n\nError: no database\n    at Object.<anonymous> (/app/server.js:27:9)\n\nNode.js v20.20.2": "Error: no database",
	} {
		if got := LastException(SplitLog([]byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzSplitLog(f *testing.F) {
	f.Add([]byte("Traceback (most recent call last):\n\nx\x1b[1m"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := SplitLog(data)
		for _, line := range lines {
			if line == "" || strings.ContainsAny(line, "\x00\x1b\n\r\x7f") {
				t.Errorf("%q", line)
			}
		}
		LastException(lines)
	})
}

func size(t *testing.T, log *os.File) int64 {
	t.Helper()
	info, err := log.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
