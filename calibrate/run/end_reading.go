package run

import (
	"errors"

	"workermem/calibrate"
)

// end reads the page tables of the whole tree. It costs the app milliseconds, so it is read once, after the last load.
func (w *watcher) end() (*calibrate.EndReading, error) { return w.endBeside(w.held) }

// endBeside is the same beside another reader of the app's control group.
func (w *watcher) endBeside(held *heldReader) (*calibrate.EndReading, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.probes) == 0 {
		return nil, calibrate.ErrGone
	}
	var e calibrate.EndReading
	t := tables{watch: w, held: held, read: map[int]bool{}}
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
	tree := w.app.Tree()
	below := w.belowNow() // later than the tree: who was born since is nobody's, or a child
	for _, p := range w.probes {
		for _, pid := range below[p.pid] {
			if err := t.addBeside(&t.books.Children, pid); err != nil {
				return nil, err
			}
		}
	}
	if w.guest {
		e.PrivateDirtySumBytes += t.books.Children.PrivateBytes
	}
	for _, pid := range tree {
		if err := t.addBeside(&t.books.Rest, pid); err != nil {
			return nil, err
		}
	}
	e.Processes, e.Requests = len(tree), w.rig.Answered()
	e.TreePSSBytes, e.TreeBytes, e.Books = t.sum()
	return &e, nil
}

// belowNow looks again: children for a request come and go faster than the looks.
func (w *watcher) belowNow() map[int][]int {
	if _, err := w.app.Workers(); err != nil {
		return nil
	}
	return w.app.Below()
}

// tables adds up what the page tables of a tree say.
type tables struct {
	watch *watcher
	held  *heldReader // nil where the app has no control group of its own
	read  map[int]bool
	books calibrate.Books

	pss    int64   // of all
	mapped []files // of each process
	locked int64   // of PSS, in mappings that are locked in memory
}

// files are the file pages of a process: all, its share, and what of that share is in mappings that are locked in memory,
// whichever kind of page these have.
type files struct{ all, share, locked int64 }

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
	to.AwayBytes += d.Swap + d.Huge
	t.pss += d.PSS
	f := files{d.RSS - d.Anon, d.PSS - d.PSSAnon - d.PSSShmem, d.Locked}
	if kinds, err := probe.Kinds(); err == nil { // else it has just ended
		f.all -= kinds.Shmem
	}
	t.mapped, t.locked = append(t.mapped, f), t.locked+d.Locked
}

// filesOnce is the file pages of the tree, each once, as if nobody else mapped its libraries: PSS leaves every other process of the
// machine that maps them a share, and those are there today and gone tomorrow (5 of 36 MB were seen to come and go with other
// people's Pythons). The process that maps most files stands for all, which run the same program.
// Pages that are locked in memory are left out: the kernel counts them with what it can't drop.
func (t *tables) filesOnce(held *calibrate.Held) (once int64) {
	var shares int64
	lockedFiles := 0.0 // of what is locked
	if held != nil && t.locked > 0 {
		lockedFiles = min(float64(held.LockedBytes)/float64(t.locked), 1)
	}
	for _, f := range t.mapped {
		locked := int64(lockedFiles * float64(f.locked))
		shares += max(f.share-locked, 0)
		once = max(once, f.all-locked)
	}
	return max(once, shares)
}

// sum is the whole reading: the sum of PSS, the same with file pages in full, and who has what beside what the kernel charges.
func (t *tables) sum() (pss, alone int64, books *calibrate.Books) {
	b := t.books
	if held, ok := t.held.read(); ok {
		b.Held = &held
	}
	files, all := t.filesOnce(b.Held), int64(0)
	if b.Told() {
		b.FileBytes = files
	}
	for _, f := range t.mapped {
		all += f.share
	}
	return t.pss, t.pss - all + files, &b
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
