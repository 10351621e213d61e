package linux

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strconv"
	"syscall"
)

// Follower looks at one tree again and again. It keeps files of each process open, because opening is the dear part: on
// Linux 6.18 a stat takes 6.2 us, 3.6 if it is kept, and a list of children 4.0 and 0.2. And a kept file is of that
// process, not of its number.
type Follower struct {
	proc  FS
	kept  map[int]*kept // by pid
	files int           // descriptors kept
	most  int           // how many that may be
	looks int
	tree  []Stat // of this look
	Plain bool   // nothing is kept, or can be: the tree is read from scratch each time
	buf   []byte
}

// kept is what is kept of a process.
type kept struct {
	stat  File   // /proc/PID/stat
	lists []list // one a thread
	start int64
	look  int // the last one that met it
}

// list is /proc/PID/task/TID/children: each thread has its own. That of a thread that has ended is empty.
type list struct {
	thread int
	file   File
}

// NewFollower keeps nothing yet.
func NewFollower(proc FS) *Follower { return &Follower{proc: proc} }

// Look returns what lives below root, parents before their children. The slice is the follower's, until the next look.
func (f *Follower) Look(root int) []Stat {
	if !f.Plain && f.follow(root) == nil {
		return f.tree
	}
	f.Plain = true
	f.Close()
	return f.proc.Tree(root)
}

var (
	errTooMany = errors.New("too many files to keep")
	errMet     = errors.New("this look has met the process already")
)

// follow reads the tree. An error means that this one can't be followed.
func (f *Follower) follow(root int) error {
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
	return f.walkMissed()
}

// prepare bounds what is kept: by a quarter of the files that this process may open, because the load needs the others.
func (f *Follower) prepare() {
	if f.kept != nil {
		return
	}
	f.kept = map[int]*kept{}
	f.buf = make([]byte, os.Getpagesize()) // as the kernel's own: a list then comes in whole numbers (fs/seq_file.c)
	f.most = int(min(OwnLimit(OpenFiles), 1<<20)) / 4
}

// walk adds those that live, and all that live below them.
func (f *Follower) walk(queue []int) error {
	for i := 0; i < len(queue); i++ {
		s, err := f.meet(queue[i])
		if err == nil {
			queue, err = f.add(queue, s)
		}
		if errors.Is(err, errTooMany) || errors.Is(err, ErrNoChildren) {
			return err // else it has ended; or it was adopted while we look, and so is listed twice
		}
	}
	return nil
}

// walkMissed does the same for those that are in no list. They are read through what is kept of them alone: the number
// of one that has ended may be a stranger's by now.
func (f *Follower) walkMissed() error {
	for _, pid := range f.missed() {
		s, err := f.again(pid)
		if err != nil {
			continue
		}
		children, err := f.add(nil, s)
		if errors.Is(err, errTooMany) || errors.Is(err, ErrNoChildren) {
			return err
		}
		if err := f.walk(children); err != nil {
			return err
		}
	}
	return nil
}

// add adds a process to the tree if it lives, and its children to the queue.
func (f *Follower) add(queue []int, s Stat) ([]int, error) {
	queue, err := f.appendChildren(queue, s)
	if err == nil && s.Alive() {
		f.tree = append(f.tree, s)
	}
	return queue, err
}

// missed are the processes that an earlier look has met and this one has not, parents first. Most have ended. But the
// kernel's list of children may leave some out while others of them end (man 5 proc), and what was once below the
// guard stays there for life, as the guard adopts orphans.
func (f *Follower) missed() []int {
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
func (f *Follower) meet(pid int) (Stat, error) {
	if s, err := f.again(pid); err == nil || errors.Is(err, errMet) {
		return s, err
	}
	file, err := f.open(strconv.Itoa(pid), "stat")
	if err != nil {
		return Stat{}, err
	}
	s, err := f.stat(file)
	if err != nil {
		f.closeFile(file)
		return Stat{}, err
	}
	f.kept[pid] = &kept{stat: file, start: s.Start, look: f.looks}
	return s, nil
}

// again reads a process through the file that is kept of it, and drops one that has ended.
func (f *Follower) again(pid int) (Stat, error) {
	k := f.kept[pid]
	if k == nil {
		return Stat{}, syscall.ESRCH
	}
	if k.look == f.looks {
		return Stat{}, errMet
	}
	s, err := f.stat(k.stat)
	if err != nil {
		f.drop(pid)
		return Stat{}, err
	}
	k.look = f.looks
	return s, nil
}

func (f *Follower) stat(file File) (Stat, error) {
	line, err := f.read(file, 0)
	if err != nil {
		return Stat{}, err
	}
	return ParseStat(line)
}

func (f *Follower) appendChildren(to []int, s Stat) ([]int, error) {
	k := f.kept[s.PID]
	if s.Threads > 1 || len(k.lists) != 1 {
		if err := f.openLists(k, s); err != nil {
			return to, err
		}
	}
	for _, l := range k.lists {
		to = f.appendList(to, l.file)
	}
	return to, nil
}

// openLists has the list of every thread open that there is now, and no other.
func (f *Follower) openLists(k *kept, s Stat) error {
	threads, _ := f.proc.Threads(s.PID) // none if it has just ended
	k.lists = slices.DeleteFunc(k.lists, func(l list) bool {
		ended := !slices.Contains(threads, l.thread)
		if ended {
			f.closeFile(l.file)
		}
		return ended
	})
	for _, thread := range threads {
		if slices.ContainsFunc(k.lists, func(l list) bool { return l.thread == thread }) {
			continue
		}
		file, err := f.open(strconv.Itoa(s.PID), "task", strconv.Itoa(thread), "children")
		switch {
		case errors.Is(err, errTooMany):
			return err
		case err == nil: // else the thread has ended
			k.lists = append(k.lists, list{thread, file})
		}
	}
	if _, err := f.stat(k.stat); err != nil {
		return err // it has just ended, and the lists may be those of another with its number
	}
	if len(k.lists) == 0 {
		return ErrNoChildren
	}
	return nil
}

func (f *Follower) appendList(to []int, file File) []int {
	for at := int64(0); ; {
		text, err := f.read(file, at)
		if err != nil || len(text) == 0 {
			return to
		}
		at += int64(len(text))
		to = appendNumbers(to, text)
	}
}

func (f *Follower) read(file File, at int64) ([]byte, error) {
	n, err := file.ReadAt(f.buf, at)
	if err != nil {
		return nil, err
	}
	return f.buf[:n], nil
}

func (f *Follower) open(parts ...string) (File, error) {
	if f.files >= f.most {
		return -1, errTooMany
	}
	file, err := f.proc.open(parts...)
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return -1, errTooMany
	case err == nil:
		f.files++
	}
	return file, err
}

func (f *Follower) closeFile(file File) {
	file.Close()
	f.files--
}

func (f *Follower) drop(pid int) {
	k := f.kept[pid]
	f.closeFile(k.stat)
	for _, l := range k.lists {
		f.closeFile(l.file)
	}
	delete(f.kept, pid)
}

// Close gives back what is kept open. The follower may look again.
func (f *Follower) Close() {
	for pid := range f.kept {
		f.drop(pid)
	}
}
