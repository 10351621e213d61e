package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

var _ calibrate.LogWitness = (*Attached)(nil)

// logWriters are who has the access log open to write to it, as of a moment ago.
type logWriters struct {
	own, others int
	known       bool
	at          time.Time
}

// writersAge: all descriptors of a machine are looked at for it, which takes milliseconds.
const writersAge = 20 * time.Second

// Writers says who writes to the access log.
func (r *Attached) Writers() (own, others int, known bool) {
	if r.spec.AccessLog == "" {
		return 0, 0, false
	}
	if w := &r.writers; time.Since(w.at) > writersAge {
		*w = r.lookForWriters()
		w.at = time.Now()
	}
	return r.writers.own, r.writers.others, r.writers.known
}

// Accepted is how many connections were accepted in the server's network. One that has no port of TCP takes none.
func (r *Attached) Accepted() (connections int64, known bool) {
	if r.watch.Port == 0 {
		return 0, false
	}
	return r.proc.Accepted(r.root.PID)
}

func (r *Attached) lookForWriters() (w logWriters) {
	w.known = true
	all, err := r.proc.Processes()
	if err != nil {
		return logWriters{}
	}
	tree := r.watch.Tree(r.root.PID)
	var others []linux.Stat
	for _, pid := range all {
		writes, known := writesTo(r.proc, pid, r.spec.AccessLog)
		w.known = w.known && known
		switch {
		case !writes, r.proc.IsAbove(pid, r.root.PID): // whoever started it may have opened its log for it
		case slices.Contains(tree, pid):
			w.own++
		default:
			if s, err := r.proc.Stat(pid); err == nil {
				others = append(others, s)
			}
		}
	}
	for _, s := range others { // a child has its parent's files, and is the same server
		if !slices.ContainsFunc(others, func(o linux.Stat) bool { return o.PID == s.Parent }) {
			w.others++
		}
	}
	return w
}

// writesTo says whether a process has a file open to write to it.
func writesTo(proc linux.FS, pid int, path string) (writes, known bool) {
	process := strconv.Itoa(pid)
	file, err := os.Stat(path)
	if err != nil {
		return false, false
	}
	descriptors, err := proc.Descriptors(process)
	if err != nil {
		return false, !errors.Is(err, fs.ErrPermission)
	}
	for _, fd := range descriptors {
		link := proc.ProcPath(process, "fd", strconv.Itoa(fd))
		if target, err := os.Readlink(link); err != nil || filepath.Base(target) != filepath.Base(path) {
			continue
		}
		if info, err := os.Stat(link); err == nil && os.SameFile(info, file) && openToWrite(proc.ProcPath(process, "fdinfo", strconv.Itoa(fd))) {
			return true, true
		}
	}
	return false, true
}

// openToWrite reads the flags of open(2), in octal (Documentation/filesystems/proc.rst, fdinfo).
func openToWrite(fdinfo string) bool {
	text, _ := os.ReadFile(fdinfo)
	for line := range strings.Lines(string(text)) {
		if flags, ok := strings.CutPrefix(line, "flags:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(flags), 8, 64)
			return err == nil && n&int64(os.O_WRONLY|os.O_RDWR) != 0
		}
	}
	return false
}
