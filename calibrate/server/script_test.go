package server

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestScript(t *testing.T) {
	for text, want := range map[string]string{`echo "$1"`: "", "exit 3": "exit code 3", "kill -9 $$": "killed"} {
		var said strings.Builder
		s, err := StartScript(&said, text, "a; b")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := s.Wait(t.Context()); err != nil {
			got = err.Error()
		}
		if got != want || want == "" && said.String() != "a; b\n" {
			t.Errorf("%s: %q, want %q; it said %q", text, got, want, said.String())
		}
	}
}

// What a script left in a session of its own ends with it, when it ends by itself and when it is ended.
func TestScriptLeavesNothing(t *testing.T) {
	for _, last := range []string{"", "sleep 600"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		var said strings.Builder
		s, err := StartScript(&said, "setsid sleep 600 & echo $!; "+last)
		if err != nil {
			t.Fatal(err)
		}
		why := errors.New("enough")
		if last != "" {
			time.AfterFunc(500*time.Millisecond, func() { cancel(why) })
		}
		if err := s.Wait(ctx); last != "" && !errors.Is(err, why) {
			t.Errorf("%v, want %v", err, why)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(said.String()))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, 0); !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d lives: %v", pid, err)
		}
		cancel(nil)
	}
}
