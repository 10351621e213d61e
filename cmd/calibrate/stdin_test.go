package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

// Targets that don't come, or not to their end, are waited for until the first Ctrl-C, and nothing is started then.
func TestTargetsFromStdinInterrupted(t *testing.T) {
	for name, args := range map[string][]string{
		"run":    {"run", "--targets", "-", "--", "sleep", "{port}"},
		"attach": {"attach", "--pid", "1", "--url", "http://127.0.0.1:1", "--targets", "-"},
	} {
		for _, come := range []string{"GET /\n", strings.Repeat("GET /\n\n", 20_000)} {
			in, out := io.Pipe()
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() {
				_, _ = io.WriteString(out, come)
				cancel(signalled{os.Interrupt})
			}()
			var trouble bytes.Buffer
			env := Env{Stdin: in, Stdout: io.Discard, Stderr: &trouble, Dir: t.TempDir(), Getenv: func(string) string { return "" }}
			code := Main(ctx, env, args)
			out.Close()
			if left, _ := os.ReadDir(env.Dir); code != exitInterrupted || !strings.Contains(trouble.String(), "Ctrl-C") || len(left) > 0 {
				t.Errorf("%s: exit code %d, stderr %q, left %v", name, code, trouble.String(), left)
			}
		}
	}
}
