package run

import (
	"errors"

	"workermem/calibrate"
)

// end reads the page tables of the whole tree. It costs the app milliseconds, so it is read once, after the last load.
func (w *watcher) end() (*calibrate.EndReading, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.probes) == 0 {
		return nil, calibrate.ErrGone
	}
	var e calibrate.EndReading
	t := tables{watch: w, read: map[int]bool{}}
	for _, p := range w.probes {
		d, err := w.once(p.pid, p.Detail)
		if err != nil {
			return nil, err
		}
		t.add(&t.books.Workers, p.pid, p.Probe, d)
		e.Workers++
		if d.RSS > e.RSSBytes {
			e.RSSBytes, e.PSSBytes, e.USSBytes, e.PrivateDirtyBytes = d.RSS, d.PSS, d.USS(), d.PrivateDirty
		}
		if w.guest {
			mark, err := p.Peak()
			if err != nil {
				return nil, err
			}
			e.PrivateDirtySumBytes += d.PrivateDirty
			e.RaisedSumBytes += max(mark-d.RSS, 0)
		}
	}
	for _, p := range w.probes {
		for pid := range p.below {
			if err := t.addBeside(&t.books.Children, pid); err != nil {
				return nil, err
			}
		}
	}
	tree := w.app.Tree()
	for _, pid := range tree {
		if err := t.addBeside(&t.books.Rest, pid); err != nil {
			return nil, err
		}
	}
	e.Processes, e.Requests = len(tree), w.rig.Answered()
	e.TreePSSBytes, e.TreeBytes = t.pss, t.alone()
	e.Books = t.whole()
	return &e, nil
}

// tables adds up what the page tables of a tree say.
type tables struct {
	watch *watcher
	read  map[int]bool
	books calibrate.Books

	pss, files, most int64 // of all: PSS, its part of file pages, and the file pages of the process that maps most
}

// addBeside reads a process that is no worker. One that ended since the list was made costs nothing any more.
func (t *tables) addBeside(to *calibrate.Owned, pid int) error {
	if t.read[pid] {
		return nil
	}
	probe, err := t.watch.rig.Memory.Open(pid)
	if errors.Is(err, calibrate.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer probe.Close()
	d, err := t.watch.once(pid, probe.Detail)
	if err == nil {
		t.add(to, pid, probe, d)
	} else if !errors.Is(err, calibrate.ErrGone) {
		return err
	}
	return nil
}

func (t *tables) add(to *calibrate.Owned, pid int, probe calibrate.Probe, d calibrate.Detail) {
	t.read[pid] = true
	to.Processes++
	to.AnonBytes, to.ShmemBytes = to.AnonBytes+d.PSSAnon, to.ShmemBytes+d.PSSShmem
	to.PrivateBytes, to.RSSBytes = to.PrivateBytes+d.PrivateDirty, to.RSSBytes+d.RSS
	t.pss += d.PSS
	t.files += d.PSS - d.PSSAnon - d.PSSShmem
	mapped := d.RSS - d.Anon
	if kinds, err := probe.Kinds(); err == nil { // else it has just ended
		mapped -= kinds.Shmem
	}
	t.most = max(t.most, mapped)
}

// alone is the sum of PSS as if nobody else mapped the tree's libraries: PSS leaves every other process of the machine that
// maps them a share, and those are there today and gone tomorrow (5 of 36 MB were seen to come and go with other people's
// Pythons). The process that maps most files stands for all, which run the same program.
func (t *tables) alone() int64 { return t.pss + max(t.most-t.files, 0) }

// whole has what the kernel charges beside it.
func (t *tables) whole() *calibrate.Books {
	b := t.books
	b.FileBytes = max(t.most, t.files)
	if held, ok := t.watch.held.read(); ok {
		b.Held = &held
	}
	return &b
}

// once spares a guest's process a second reading, where the first attempt met a worker that has just ended.
func (w *watcher) once(pid int, read func() (calibrate.Detail, error)) (calibrate.Detail, error) {
	if d, known := w.details[pid]; known {
		return d, nil
	}
	d, err := read()
	if err == nil && w.guest {
		if w.details == nil {
			w.details = map[int]calibrate.Detail{}
		}
		w.details[pid] = d
	}
	return d, err
}
