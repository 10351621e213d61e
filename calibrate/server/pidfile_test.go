package server

import (
	"path/filepath"
	"syscall"
	"testing"

	"workermem/calibrate/server/servertest"
)

func TestPIDFile(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		servertest.Write(t, filepath.Join(dir, name), text)
		return filepath.Join(dir, name)
	}
	if pid, err := PIDFile(file("good", " 4711\n")); pid != 4711 || err != nil {
		t.Errorf("%d, %v", pid, err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		file("empty", "\n"):                  "is empty",
		file("garbage", "gunicorn"):          "no process number",
		file("two", "12 13"):                 "no process number",
		file("none", "-1"):                   "no process number",
		file("huge", "99999999999999999999"): "no process number",
		dir:                                  "not a regular file",
		fifo:                                 "not a regular file",
		filepath.Join(dir, "missing"):        "there is no pid file",
	} {
		_, err := PIDFile(path)
		servertest.Usage(t, err, says)
	}
}
