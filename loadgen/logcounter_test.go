package loadgen

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"workermem/calibrate"
)

// accessLog is a log with some lines from before it was followed.
func accessLog(t *testing.T) (path string, log *AccessLog) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "access.log")
	add(t, path, "GET /before\nGET /before\n")
	log, err := FollowAccessLog(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return path, log
}

func add(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, log *AccessLog, what string, want int64) {
	t.Helper()
	if got := log.Answered(); got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}

func TestAccessLogCountsWhatComes(t *testing.T) {
	path, log := accessLog(t)
	wants(t, log, "what was there before", 0)
	add(t, path, "GET /a\nGET /b\nGET /c")
	wants(t, log, "two lines and a half", 2)
	add(t, path, " 200\n"+strings.Repeat("GET /a-line-of-some-length\n", 10_000))
	wants(t, log, "a burst beyond one reading", 10_003)
	wants(t, log, "nothing more", 10_003)
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	wants(t, log, "closed", 10_003)
}

func TestAccessLogRotatedByRename(t *testing.T) {
	path, log := accessLog(t)
	for i, old := range []string{path + ".1", path + ".2", path + ".3"} {
		was := log.Answered()
		add(t, path, "last of the file\n")
		if err := os.Rename(path, old); err != nil {
			t.Fatal(err)
		}
		add(t, old, "while there is no new one\n")
		wants(t, log, "renamed", was+2)
		add(t, path, "first of the new one\n")
		wants(t, log, "there again", was+3)
		add(t, old, "late, from a server that has not looked yet\n")
		add(t, path, "second\n")
		wants(t, log, "both are written to", was+5)
		if len(log.files) > mostFollowed {
			t.Errorf("%d files are open after %d rotations", len(log.files), i+1)
		}
	}
}

func TestAccessLogTruncated(t *testing.T) {
	path, log := accessLog(t)
	add(t, path, "one\n")
	wants(t, log, "before", 1)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	add(t, path, "two\n")
	wants(t, log, "after", 2)
}

func TestAccessLogRefused(t *testing.T) {
	dir := t.TempDir()
	fifo, link := filepath.Join(dir, "fifo"), filepath.Join(dir, "link")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(fifo, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", dir, fifo, link, "/dev/null", filepath.Join(dir, "missing")} {
		_, err := FollowAccessLog(path)
		var failure *calibrate.Failure
		if !errors.As(err, &failure) || failure.Kind != calibrate.KindUsage || failure.Try == "" {
			t.Errorf("%q: %v", path, err)
		}
	}
}
