package calibrate

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const logLine = "a line of a hundred bytes, as they are written by an app that has much to say of all that it has done\n"

// An app that prints without end takes a bounded part of the disk, and its log has both ends and says what is missing.
func TestAppLogOfAnAppThatPrintsWithoutEnd(t *testing.T) {
	folder := private(t)
	path := filepath.Join(folder.Path, LogFile)
	synctest.Test(t, func(t *testing.T) {
		log, err := folder.OpenLog(LogFile)
		if err != nil {
			t.Fatal(err)
		}
		const all, most = 64 << 20, 32 << 20 // 50 MB a second: 13 MB until the first look, and what a disk sets aside ahead
		printLog(t, path, "it starts\n")
		page := strings.Repeat(logLine, 10_000)
		highest := int64(0)
		for written := 0; written < all; written += len(page) {
			printLog(t, path, page)
			highest = max(highest, onDisk(t, path))
			time.Sleep(logHurry)
		}
		printLog(t, path, "it ends\n")
		time.Sleep(2 * logLook)
		if now := onDisk(t, path); highest > most || now > longestLog+1<<20 {
			t.Errorf("%d MB at most, %d MB at rest", highest>>20, now>>20)
		}
		killed, err := os.ReadFile(path) // as a killed run leaves it
		if err != nil || !bytes.Contains(killed, []byte(logCut)) {
			t.Errorf("the cut isn't named: %v", err)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		logHas(t, path, longestLog, "it ends\n")
	})
}

// Where no hole can be made in a file, its end is kept as well.
func TestAppLogWithoutHoles(t *testing.T) {
	folder := private(t)
	path := filepath.Join(folder.Path, LogFile)
	file, err := folder.Create(LogFile)
	if err != nil {
		t.Fatal(err)
	}
	log := unwatchedLog(file)
	log.punch = func(*os.File, int64, int64) error { return syscall.EOPNOTSUPP }
	printLog(t, path, "it starts\n")
	for _, last := range []string{"it ends\n", "it ends again\n"} {
		printLog(t, path, strings.Repeat(logLine, 2*longestLog/len(logLine))+last)
		if _, err := log.trim(); err != nil {
			t.Fatal(err)
		}
		if text := logHas(t, path, logHead+logTail+len(logCut), last); len(text) < logHead+logTail {
			t.Errorf("%d bytes are kept", len(text))
		}
	}
	printLog(t, path, "after that\n")
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	logHas(t, path, longestLog, "it ends again\nafter that\n")
}

func private(t *testing.T) *Private {
	t.Helper()
	folder, err := MakePrivate(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(folder.Close)
	return folder
}

func printLog(t *testing.T, path, text string) {
	t.Helper()
	app, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	if _, err := app.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// logHas holds a log to both of its ends, and to one cut that it names.
func logHas(t *testing.T, path string, most int, last string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || len(text) > most || !bytes.HasPrefix(text, []byte("it starts\n")) || !bytes.HasSuffix(text, []byte(last)) ||
		bytes.Count(text, []byte("[calibrate cut ")) != 1 || bytes.Contains(text, []byte{0}) {
		t.Errorf("%v, %d bytes: %.40q ... %q", err, len(text), text, text[max(len(text)-40, 0):])
	}
	return text
}

// One that fits stays as it is.
func TestAppLogThatFits(t *testing.T) {
	folder := private(t)
	path := filepath.Join(folder.Path, LogFile)
	synctest.Test(t, func(t *testing.T) {
		log, err := folder.OpenLog(LogFile)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(log, strings.Repeat("x", longestLog))
		time.Sleep(3 * logLook)
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != longestLog {
			t.Errorf("%v, %v", info, err)
		}
	})
}

func onDisk(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}

// A disk that is nearly full ends a run, which still saves what it has.
func TestFolderOnANearlyFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("none", disk, "tmpfs", 0, "size=48m"); err != nil {
		t.Skip("needs root, for a disk of its own: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	folder, err := CreateFolder(filepath.Join(disk, "run"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if err := folder.Sample(Sample{Phase: PhaseSoak}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(disk, "of the app"), make([]byte, 20<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	if err := folder.Bucket(Bucket{Phase: PhaseSoak}); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "32 MB are to be left") {
		t.Errorf("goes on: %v", err)
	}
	if err := folder.Save(Result{Schema: Schema}); err != nil {
		t.Errorf("what it has isn't saved: %v", err)
	}
}
