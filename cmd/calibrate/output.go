package main

import (
	"errors"
	"fmt"
	"os"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// openOutput opens a file to write to, made if it isn't there. A pipe isn't opened: it may wait for its reader for ever.
func openOutput(path string, flags int) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flags, 0o644)
}

// canOpen tries what openOutput does, and leaves no trace. A link to nothing is refused, though openOutput would make what it points to:
// nobody knows before whether that can be made.
func canOpen(path string) error {
	if _, missing := os.Stat(path); missing != nil {
		return calibrate.CanWrite(path)
	}
	file, err := openOutput(path, os.O_APPEND)
	if err != nil {
		return err
	}
	return file.Close()
}

// writeNew writes a file that isn't there yet: it is left as it is if it is, and not left half written.
func writeNew(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(path)
	}
	return err
}

// unwritable is the failure of a file that can't be written: the user's where it can't be there, the tool's where the disk doesn't take it.
func unwritable(what, try string, err error) error {
	if help := calibrate.TryDisk(err); help != "" {
		return &calibrate.Failure{Kind: calibrate.KindTool, What: what + " can't be written", Why: err.Error(), Try: help, Err: err}
	}
	return calibrate.Usage(try, "%s can't be written: %s", what, err)
}

// note prints a line beside the result, on stderr. What is in it may be somebody else's, and must not steer the terminal.
func note(env Env, format string, args ...any) {
	fmt.Fprintln(env.Stderr, say.Line(fmt.Sprintf(format, args...)))
}
