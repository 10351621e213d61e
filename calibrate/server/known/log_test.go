package known

import (
	"strings"
	"testing"
)

func TestLogException(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"Traceback (most recent call last):\n  File \"x\"\n    import y\nModuleNotFoundError: No module named 'y'\n[INFO] Worker exiting": "ModuleNotFoundError: No module named 'y'",
		"Traceback (most recent call last):\n  x\nKeyError: 1\nTraceback (most recent call last):\n  x\nValueError: 2":                    "ValueError: 2",
		"Traceback (most recent call last):\n  cut": "",
		"Traceback (most recent call last):\n  x\nImportError: y\nException ignored in: <module 'threading'>\nTraceback (most recent call last):\n  x\nKeyboardInterrupt:": "ImportError: y",
		"Exception ignored in: <module 'threading'>\nTraceback (most recent call last):\n  x\nKeyboardInterrupt:":                                                          "KeyboardInterrupt:",
		"django.core.exceptions.ImproperlyConfigured: set SECRET_KEY":                                                                                                      "django.core.exceptions.ImproperlyConfigured: set SECRET_KEY",
		"[INFO] Error handling is on\nno Error here: none":                                                                                                                 "",
		"RuntimeError": "RuntimeError",
		"/app/server.js:27\n  throw new Error('no database')\n  ^\n\nError: no database\n    at Object.<anonymous> (/app/server.js:27:9)\n\nNode.js v20.20.2": "Error: no database",
	} {
		if got := LogOf([]byte(text)).Exception(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A window's title is no word of the log's, be it cut off.
func TestLogWithoutEscapes(t *testing.T) {
	log := LogOf([]byte("\x1b]0;a title\x07\x1b[1;31mready\x1b[0m\n\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n\x1b]0;cut off\nend\n"))
	if got := strings.Join(log, "|"); got != "ready|link|end" {
		t.Errorf("%q", got)
	}
}

func FuzzLogOf(f *testing.F) {
	f.Add([]byte("Traceback (most recent call last):\n\nx\x1b[1m"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := LogOf(data)
		for _, line := range lines {
			if line == "" || strings.ContainsAny(line, "\x00\x1b\n\r\x7f") {
				t.Errorf("%q", line)
			}
		}
		lines.Exception()
	})
}
