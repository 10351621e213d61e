package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"workermem/report"
)

// openOutput opens a file to write to, made if it isn't there. A pipe isn't opened: it may wait for its reader for ever.
func openOutput(path string, flags int) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flags, 0o644)
}

// writeWhole writes a value as JSON, or leaves the former file. What is in the way of the temporary one is somebody else's.
func writeWhole(path string, v any, mode fs.FileMode) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is in the way: remove it", temporary)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary) // the disk is full, most likely
	}
	return err
}

// note prints a line beside the result, on stderr. What is in it may be somebody else's, and must not steer the terminal.
func note(env Env, format string, args ...any) {
	fmt.Fprintln(env.Stderr, report.Line(fmt.Sprintf(format, args...)))
}
