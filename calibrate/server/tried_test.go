package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/guard"
	"workermem/calibrate/server/known"
)

func TestTriedWords(t *testing.T) {
	asked := func(err error) error {
		return &url.Error{Op: "Get", URL: "http://127.0.0.1:1/?token=hunter2", Err: err}
	}
	for want, err := range map[string]error{
		"the connection was closed without an answer":  asked(io.EOF),
		"the answer broke off before its end":          io.ErrUnexpectedEOF,
		"the connection was reset":                     asked(&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}),
		"no answer came in time":                       asked(context.DeadlineExceeded),
		"there was an error: the host is not in order": asked(errors.New("the host is not in order")),
	} {
		if got := triedWords(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// What calibrate itself ran out of is not the app's fault, nor the command's.
func TestNotStarted(t *testing.T) {
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	l := &Launch{Launch: &known.Launch{Argv: []string{"gunicorn"}, Spec: known.Spec{Log: log}}}
	for _, c := range []struct {
		err       error
		said      string // in the log, by the guard
		kind      calibrate.Kind
		what, why string
	}{
		{syscall.ENOEXEC, "", calibrate.KindUsage, "gunicorn can't be executed", "exec format error"},
		{syscall.EMFILE, "", calibrate.KindTool, "the app could not be started", "no more files (ulimit -n)"},
		{fmt.Errorf("clone: %w", syscall.EAGAIN), "", calibrate.KindTool, "the app could not be started", "no other process (ulimit -u, pids.max)"},
		{syscall.ENOMEM, "", calibrate.KindTool, "the app could not be started", "no more memory"},
		{guard.ErrEnded, "", calibrate.KindTool, "the app could not be started", "the guard ended"},
		{guard.ErrEnded, "runtime/cgo: pthread_create failed: Resource temporarily unavailable\nSIGABRT\n", calibrate.KindTool, "the app could not be started", "no other process"},
	} {
		if _, err := log.WriteString(c.said); err != nil {
			t.Fatal(err)
		}
		var f *calibrate.Failure
		if !errors.As(notStarted(l, c.err), &f) || f.Kind != c.kind || f.What != c.what || !strings.Contains(f.Why, c.why) || f.Try == "" {
			t.Errorf("%v: %+v", c.err, f)
		}
	}
}
