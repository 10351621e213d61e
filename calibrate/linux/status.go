package linux

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Status is the part of /proc/PID/status that is used here (proc_pid_status(5)).
type Status struct {
	Process int // Tgid: the process of a thread; 0 if it isn't there
	// HighWater is VmHWM: the most resident bytes since the process started or since its mark was reset
	// (fs/proc/task_mmu.c, task_mem).
	HighWater int64
	Locked    int64 // VmLck: what is locked in memory (mlock(2)), of whichever kind
	// Anon, File and Shmem are RssAnon, RssFile and RssShmem, in bytes, since Linux 4.5: the kinds of page that are resident.
	Anon, File, Shmem int64
	// HasMemory is false for what has no memory of its own and so no Vm lines: a zombie or a thread of the kernel.
	HasMemory bool
}

// ParseStatus reads no further than RssShmem.
func ParseStatus(b []byte) (Status, error) {
	var s Status
	for line := range bytes.Lines(b) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if string(name) == "Tgid" {
			s.Process, _ = strconv.Atoi(string(bytes.TrimSpace(value)))
			continue
		}
		figure := s.figure(string(name))
		if figure == nil {
			continue
		}
		var err error
		if *figure, err = kilobytes(value); err != nil {
			return Status{}, err
		}
		s.HasMemory = s.HasMemory || figure == &s.HighWater
		if figure == &s.Shmem {
			return s, nil
		}
	}
	return s, nil
}

func (s *Status) figure(name string) *int64 {
	switch name {
	case "VmLck":
		return &s.Locked
	case "VmHWM":
		return &s.HighWater
	case "RssAnon":
		return &s.Anon
	case "RssFile":
		return &s.File
	case "RssShmem":
		return &s.Shmem
	}
	return nil
}

// kilobytes turns " 1234 kB" into bytes. The kernel's kB is 1024 bytes.
func kilobytes(b []byte) (int64, error) {
	number, found := bytes.CutSuffix(bytes.TrimSpace(b), []byte("kB"))
	if !found {
		return 0, fmt.Errorf("%q isn't a number of kB", b)
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(number)), 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/1024 {
		return 0, fmt.Errorf("%q isn't a number of kB", b)
	}
	return n * 1024, nil
}

// ParseKilobytes takes one figure of a file of "KEY: 1234 kB" lines, which are /proc/meminfo (proc_meminfo(5)) and
// /proc/PID/status, in bytes. ok is false if it isn't there.
func ParseKilobytes(text, key string) (n int64, ok bool) {
	return figure(text, key, ":", func(value string) (int64, error) { return kilobytes([]byte(value)) })
}

// ParseName is the name of a process or thread in /proc/PID/status, of 15 bytes at most. A program that gives itself a title
// mostly sets it, too.
func ParseName(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	name, _ := strings.CutPrefix(line, "Name:")
	return strings.TrimSpace(name)
}

// ParseThreads is the number of threads in /proc/PID/status, 0 if it isn't there.
func ParseThreads(text string) int {
	n, _ := figure(text, "Threads", ":", func(value string) (int64, error) { return strconv.ParseInt(strings.TrimSpace(value), 10, 32) })
	return int(max(n, 0))
}
