package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"workermem/calibrate/linux"
)

// LookPath finds a program as execvp does, by the PATH that the app will have.
func LookPath(name, path string) (string, error) {
	if strings.Contains(name, "/") {
		return name, CheckExecutable(name)
	}
	denied := false
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		file := filepath.Join(dir, name)
		switch err := CheckExecutable(file); {
		case err == nil:
			return filepath.Abs(file)
		case errors.Is(err, os.ErrPermission):
			denied = true
		}
	}
	if denied {
		return "", errors.New("found in PATH, but it can't be executed")
	}
	return "", errors.New("command not found")
}

// CheckExecutable says why a file can't be executed, nothing if it can.
func CheckExecutable(file string) error {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("no such file")
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("is a folder")
	case linux.MayExecute(file) != nil:
		return os.ErrPermission
	}
	return nil
}
