package server

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"workermem/calibrate"
)

// PIDFile reads the number that a server has written into its pid file. Every complaint is a *calibrate.Failure of
// KindUsage.
func PIDFile(path string) (int, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe without a writer would be waited for
	if errors.Is(err, fs.ErrNotExist) {
		return 0, calibrate.Usage("is the server running? gunicorn --pid, uwsgi --pidfile and their like name the file", "there is no pid file %s", path)
	}
	if err != nil {
		return 0, calibrate.Usage("name the pid file of the server", "the pid file can't be read: %s", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return 0, calibrate.Usage("name the pid file of the server", "%s is not a regular file", path)
	}
	text, err := io.ReadAll(io.LimitReader(file, 64))
	if err != nil {
		return 0, calibrate.Usage("name the pid file of the server", "the pid file can't be read: %s", err)
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return 0, calibrate.Usage("has the server started? It writes its number there when it has", "the pid file %s is empty", path)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil || pid < 1 {
		return 0, calibrate.Usage("name the pid file of the server, or its --pid", "%s holds no process number", path)
	}
	return pid, nil
}
