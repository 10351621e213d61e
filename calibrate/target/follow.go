package target

import (
	"cmp"
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// follower looks at one tree again and again. It keeps files of each process open, because opening is the dear part: on
// Linux 6.18 a stat takes 6.2 us, 3.6 where it is kept, and a list of children 4.0 and 0.2. And a kept file is of that
// process, not of its number.
type follower struct {
	proc  procfs
	kept  map[int]*kept // by pid
	files int           // descriptors kept
	most  int           // how many that may be
	looks int
	tree  []stat // of this look
	plain bool   // nothing can be kept: the tree is read from scratch each time
	buf   []byte
}

// kept is what is kept of a process.
type kept struct {
	stat  int   // descriptor of /proc/PID/stat
	lists []int // descriptors of /proc/PID/task/TID/children: each thread has a list of its own
	start int64
	look  int // the last one that met it
}

// look returns what lives below root, parents before their children. The slice is the follower's, until the next look.
func (f *follower) look(root int) []stat {
	if !f.plain && f.follow(root) == nil {
		return f.tree
	}
	f.plain = true
	f.close()
	return f.proc.tree(root)
}

var (
	errTooMany = errors.New("too many files to keep")
	errMet     = errors.New("this look has met the process already")
)

// follow reads the tree. An error means that this one can't be followed.
func (f *follower) follow(root int) error {
	f.prepare()
	f.looks++
	f.tree = f.tree[:0]
	s, err := f.meet(root)
	if err != nil {
		return err
	}
	children, err := f.appendChildren(nil, s)
	if err != nil {
		return err
	}
	if err := f.walk(children); err != nil {
		return err
	}
	return f.walk(f.missed())
}

// prepare bounds what is kept: by a quarter of the files that this process may open, because the load needs the others.
func (f *follower) prepare() {
	if f.kept != nil {
		return
	}
	f.kept = map[int]*kept{}
	f.buf = make([]byte, os.Getpagesize()) // as the kernel's own: a list then comes in whole numbers (fs/seq_file.c)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil {
		f.most = int(min(limit.Cur, 1<<20)) / 4
	}
}

// walk adds those that live, and all that live below them.
func (f *follower) walk(queue []int) error {
	for i := 0; i < len(queue); i++ {
		s, err := f.meet(queue[i])
		if err == nil {
			queue, err = f.appendChildren(queue, s)
		}
		switch {
		case errors.Is(err, errTooMany), errors.Is(err, errNoChildren):
			return err
		case err == nil && s.alive(): // else it has ended; or it was adopted while we look, and so is listed twice
			f.tree = append(f.tree, s)
		}
	}
	return nil
}

// missed are the processes that an earlier look has met and this one has not, parents first. Most have ended. But the
// kernel's list of children may leave some out while others of them end (man 5 proc), and what was once below the
// guard stays there for life, as the guard adopts orphans.
func (f *follower) missed() []int {
	var pids []int
	for pid, k := range f.kept {
		if k.look < f.looks {
			pids = append(pids, pid)
		}
	}
	slices.SortFunc(pids, func(a, b int) int { return cmp.Or(cmp.Compare(f.kept[a].start, f.kept[b].start), a-b) })
	return pids
}

// meet reads a process: through the file that is kept, unless that is of one that has ended.
func (f *follower) meet(pid int) (stat, error) {
	if k := f.kept[pid]; k != nil {
		if k.look == f.looks {
			return stat{}, errMet
		}
		if s, err := f.stat(k.stat); err == nil {
			k.look = f.looks
			return s, nil
		}
		f.drop(pid)
	}
	fd, err := f.open(itoa(pid), "stat")
	if err != nil {
		return stat{}, err
	}
	s, err := f.stat(fd)
	if err != nil {
		f.closeFiles(fd)
		return stat{}, err
	}
	f.kept[pid] = &kept{stat: fd, start: s.Start, look: f.looks}
	return s, nil
}

func (f *follower) stat(fd int) (stat, error) {
	line, err := f.read(fd, 0)
	if err != nil {
		return stat{}, err
	}
	return parseStat(line)
}

// appendChildren adds the children of a process. As long as it has the same number of threads and each can be read,
// they are the same threads.
func (f *follower) appendChildren(to []int, s stat) ([]int, error) {
	k := f.kept[s.PID]
	if len(k.lists) != s.Threads {
		if err := f.openLists(k, s); err != nil {
			return to, err
		}
	}
	ended := false
	for _, fd := range k.lists {
		var err error
		if to, err = f.appendList(to, fd); err != nil {
			ended = true
		}
	}
	if ended { // the next look opens those that are there then
		f.closeFiles(k.lists...)
		k.lists = nil
	}
	return to, nil
}

func (f *follower) openLists(k *kept, s stat) error {
	f.closeFiles(k.lists...)
	k.lists = nil
	threads := []int{s.PID}
	if s.Threads > 1 {
		threads, _ = f.proc.numbers(itoa(s.PID), "task") // none where it has just ended
	}
	for _, thread := range threads {
		fd, err := f.open(itoa(s.PID), "task", itoa(thread), "children")
		if errors.Is(err, errTooMany) {
			return err
		}
		if err == nil { // else the thread has ended
			k.lists = append(k.lists, fd)
		}
	}
	if _, err := f.stat(k.stat); err == nil && len(k.lists) == 0 {
		return errNoChildren
	}
	return nil
}

func (f *follower) appendList(to []int, fd int) ([]int, error) {
	for at := int64(0); ; {
		list, err := f.read(fd, at)
		if err != nil || len(list) == 0 {
			return to, err
		}
		at += int64(len(list))
		to = appendNumbers(to, list)
	}
}

func (f *follower) read(fd int, at int64) ([]byte, error) {
	n, err := unix.Pread(fd, f.buf, at)
	for errors.Is(err, unix.EINTR) {
		n, err = unix.Pread(fd, f.buf, at)
	}
	if err != nil {
		return nil, err
	}
	return f.buf[:n], nil
}

func (f *follower) open(parts ...string) (int, error) {
	if f.files >= f.most {
		return -1, errTooMany
	}
	fd, err := f.proc.open(0, parts)
	switch {
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		return -1, errTooMany
	case err == nil:
		f.files++
	}
	return fd, err
}

func (f *follower) closeFiles(fds ...int) {
	for _, fd := range fds {
		unix.Close(fd)
		f.files--
	}
}

func (f *follower) drop(pid int) {
	k := f.kept[pid]
	f.closeFiles(k.stat)
	f.closeFiles(k.lists...)
	delete(f.kept, pid)
}

func (f *follower) close() {
	for pid := range f.kept {
		f.drop(pid)
	}
}
