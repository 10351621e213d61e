package server

import (
	"context"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server/guard"
)

// Script is a shell's script under a guard of its own: what it started ends with it, however calibrate ends.
type Script struct {
	guardian *guard.Guardian
	said     chan struct{} // closed when all that it said is written
}

// StartScript starts a script with the arguments $1, $2 and so on. What it says goes to a writer.
func StartScript(said io.Writer, text string, args ...string) (*Script, error) {
	return startScript(said, 0, text, args)
}

// StartKeeper starts a script that says nothing, and takes something away when it gets its SIGTERM. It has as long for that where
// calibrate was killed as where it is asked to.
func StartKeeper(grace time.Duration, text string, args ...string) (*Script, error) {
	return startScript(io.Discard, grace, text, args)
}

func startScript(said io.Writer, grace time.Duration, text string, args []string) (*Script, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	g, err := guard.Start(guard.Order{
		Path:  "/bin/sh",
		Args:  append([]string{"sh", "-c", text, "sh"}, args...),
		Env:   os.Environ(), //nolint:forbidigo // it is not read here, but handed on
		Grace: grace,
	}, write, nil)
	write.Close()
	if err != nil {
		read.Close()
		return nil, err
	}
	s := &Script{guardian: g, said: make(chan struct{})}
	go func() {
		defer calibrate.Caught()
		_, _ = io.Copy(said, read) // a reader that is gone is no reason to end the script
		read.Close()
		close(s.said)
	}()
	return s, nil
}

// patience is how long a script that is to end has for it.
const patience = 5 * time.Second

// Wait returns when the script and all that it started are gone. A ctx that ends, ends it.
func (s *Script) Wait(ctx context.Context) error {
	select {
	case <-s.guardian.Exited():
	case <-ctx.Done():
	}
	s.guardian.Stop(context.Background(), syscall.SIGTERM, patience)
	<-s.said
	switch end := s.guardian.Ending(); {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case end == nil:
		return guard.ErrEnded
	case end.Signal != 0:
		return fmt.Errorf("%s", end.Signal)
	case end.Code != 0:
		return fmt.Errorf("exit code %s", say.Count(end.Code))
	}
	return nil
}

// Stop ends the script with SIGTERM, and gives it so long.
func (s *Script) Stop(grace time.Duration) {
	s.guardian.Stop(context.Background(), syscall.SIGTERM, grace)
	<-s.said
}
