package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workermem/calibrate"
)

// killedAtEveryWrite runs calibrate again and again, and kills it at one more of the things that it does to the run's folder: at a
// file that is made for a result, written, or put in its place; and at a line of a journal. Every folder must be read back, and be
// called what it is.
func killedAtEveryWrite(t *testing.T) string {
	const runs = 40
	states := make([]string, runs)
	t.Run("killed_at_write", func(t *testing.T) {
		for n := range states {
			t.Run(strconv.Itoa(n), func(t *testing.T) {
				t.Parallel()
				states[n] = killedAt(t, n)
			})
		}
	})
	slices.Sort(states)
	said := fmt.Sprintf("kill -9 at a write, of %d runs each at another: nothing left", runs)
	for len(states) > 0 {
		same := len(states)
		if i := slices.IndexFunc(states, func(s string) bool { return s != states[0] }); i > 0 {
			same = i
		}
		said += fmt.Sprintf("\n  %d: %s", same, states[0])
		states = states[same:]
	}
	return said
}

// killedAt kills a run at its nth write, and returns what `runs` calls it then.
func killedAt(t *testing.T, n int) string {
	dir := t.TempDir()
	folder := filepath.Join(dir, ".calibrate", "runs", "20260101-000000-0000")
	must(t, os.MkdirAll(folder, 0o700))
	app := typed(t, []string{"python", "$FIXTURES/raw.py", "{port}"})
	watched := watchWrites(t, folder)
	s := startIn(t, dir, nil, slices.Concat([]string{"run", "--out", folder}, strings.Fields(briefly), []string{"--path", "/", "--"}, app)...)
	watched.killAfter(t, n, s.Process.Pid)
	s.end(t, time.Minute)
	s.nothingLeft(t)

	list := startIn(t, dir, nil, "runs", "--json")
	code := list.end(t, 10*time.Second)
	var runs []struct{ State, Why string }
	if err := json.Unmarshal([]byte(list.stdout.String()), &runs); err != nil || code != 0 || len(runs) != 1 {
		t.Errorf("write %d: %v, exit code %d: %s%s", n, err, code, list.stdout.String(), list.stderr.String())
		return "lost"
	}
	read := startIn(t, dir, nil, "report")
	code = read.end(t, 10*time.Second)
	said := read.stdout.String() + read.stderr.String()
	state := runs[0].State
	if strings.Contains(said, "fault in calibrate") || (code == 0) != (state != "unreadable") || state == "partial" && !strings.Contains(said, "PARTIAL RUN") {
		t.Errorf("write %d: %s, exit code %d: %s", n, state, code, said)
	}
	if state == "unreadable" {
		state += ", " + runs[0].Why
	}
	return state
}

// writes are what is done to a folder, as the kernel tells it (man 7 inotify).
type writes struct{ fd int }

func watchWrites(t *testing.T, folder string) writes {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	must(t, err)
	_, err = unix.InotifyAddWatch(fd, folder, unix.IN_CREATE|unix.IN_MODIFY|unix.IN_MOVED_TO)
	must(t, err)
	return writes{fd}
}

// killAfter kills a process at the nth thing that is done for a result; at every fourth n at a line of a journal instead. A run that
// has ended by then stays as it is.
func (w writes) killAfter(t *testing.T, n, pid int) {
	defer unix.Close(w.fd)
	seen, ofJournal := 0, n%4 == 3
	buf := make([]byte, 64<<10)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		ready, err := unix.Poll([]unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}}, 200)
		if err != nil || ready == 0 {
			if s, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || bytes.Contains(s, []byte(") Z ")) {
				return
			}
			continue
		}
		size, err := unix.Read(w.fd, buf)
		must(t, err)
		for rest := buf[:size]; len(rest) >= unix.SizeofInotifyEvent; {
			length := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(rest[12:]))
			name := string(bytes.TrimRight(rest[unix.SizeofInotifyEvent:length], "\x00"))
			rest = rest[length:]
			if journal := name == calibrate.SamplesFile || name == calibrate.LoadFile; journal != ofJournal {
				continue
			}
			if seen++; seen > n {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				return
			}
		}
	}
}
