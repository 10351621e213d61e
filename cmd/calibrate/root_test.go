package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/spf13/cobra"

	"workermem/calibrate"
)

// What an error is, its text doesn't say: only what cobra says of arguments is wrong usage.
func TestExitCodeIsNotByWords(t *testing.T) {
	for _, text := range []string{"unknown command on the wire", "2 arg(s) were lost"} {
		var stderr bytes.Buffer
		if code := exitCode(Env{Stderr: &stderr}, errors.New(text)); code != exitTool {
			t.Errorf("%s: exit code %d\n%s", text, code, stderr.String())
		}
		if n := bytes.Count(stderr.Bytes(), []byte(text)); n != 1 {
			t.Errorf("it is said %d times:\n%s", n, stderr.String())
		}
	}
	cmd := &cobra.Command{Use: "top", Args: func(*cobra.Command, []string) error { return errors.New("too many words\nsee below") }}
	argsAreUsage(cmd)
	var failure *calibrate.Failure
	if err := cmd.Args(cmd, nil); !errors.As(err, &failure) || failure.Kind != calibrate.KindUsage || failure.What != "too many words" {
		t.Errorf("%#v", err)
	}
}
