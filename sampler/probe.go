package sampler

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

var (
	_ calibrate.Memory = Memory{}
	_ calibrate.Probe  = (*probe)(nil)
)

// Memory opens processes for reading.
type Memory struct{ linux.FS }

// New reads this machine's processes.
func New() Memory { return Memory{FS: linux.Here} }

// Open keeps the folder of a process and its statm open: both belong to that process and not to its number, so a
// process that is given the number later is never read in its stead.
//
// The error is calibrate.ErrGone if there is no such process. Under a /proc mounted with hidepid=2 that is also
// what another user's process looks like.
func (m Memory) Open(pid int) (calibrate.Probe, error) {
	if pid <= 0 {
		return nil, fmt.Errorf("%d can't be the number of a process", pid)
	}
	path := m.ProcPath(strconv.Itoa(pid))
	dir, err := linux.OpenFolder(path)
	switch {
	case isGone(err) || errors.Is(err, fs.ErrNotExist):
		return nil, calibrate.ErrGone
	case err != nil:
		return nil, fmt.Errorf("%s can't be opened: %w", path, err)
	}
	p := &probe{fs: m.FS, pid: pid, path: path, dir: dir, statm: -1}
	if p.statm, err = dir.Open("statm", os.O_RDONLY); err != nil {
		dir.Close()
		if isGone(err) || errors.Is(err, fs.ErrNotExist) {
			return nil, calibrate.ErrGone
		}
		return nil, p.explain("statm", err)
	}
	return p, nil
}

// probe reads one process. The methods may be called from several goroutines.
type probe struct {
	fs   linux.FS
	pid  int
	path string // for messages only: it names the number, the descriptors hold the process

	// mu keeps a reading from a descriptor that Close has given back, and a mark from being reset between
	// a reading and its being noted in seen.
	mu     sync.RWMutex
	closed bool
	dir    linux.File // /proc/PID: what is opened in it is of this process, and fails once that has ended, whoever has its number now
	statm  linux.File // /proc/PID/statm

	seen atomic.Int64 // the most that Read has returned since the last reset, bytes
}

// Read returns the resident bytes, and the part of them that no file and no shared memory stands behind (RssAnon).
// It costs a microsecond and allocates nothing.
//
// A zombie still has a statm, all zeros: resident 0 means gone, and is never a sample.
func (p *probe) Read() (rss, anon int64, err error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return 0, 0, os.ErrClosed
	}
	return p.read()
}

func (p *probe) read() (rss, anon int64, err error) {
	var buf [128]byte // seven numbers; the rest is room
	n, err := p.statm.ReadAt(buf[:], 0)
	if err != nil {
		return 0, 0, p.failed("statm", err)
	}
	rss, shared, err := linux.ParseStatm(buf[:n], linux.PageSize)
	if err != nil {
		return 0, 0, p.failed("statm", err)
	}
	if rss == 0 {
		return 0, 0, calibrate.ErrGone
	}
	p.note(rss)
	return rss, max(rss-shared, 0), nil
}

// note keeps the largest reading.
func (p *probe) note(rss int64) {
	for {
		seen := p.seen.Load()
		if rss <= seen || p.seen.CompareAndSwap(seen, rss) {
			return
		}
	}
}

// Kinds reads status. Before Linux 4.5 it doesn't say, and all is 0.
func (p *probe) Kinds() (calibrate.Resident, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s, err := p.status()
	return calibrate.Resident{Anon: s.Anon, File: s.File, Shmem: s.Shmem, Locked: s.Locked}, err
}

func (p *probe) status() (linux.Status, error) {
	b, err := p.file("status")
	if err != nil {
		return linux.Status{}, err
	}
	s, err := linux.ParseStatus(b)
	switch {
	case err != nil:
		return linux.Status{}, fmt.Errorf("%s/status: %w", p.path, err)
	case !s.HasMemory:
		return linux.Status{}, calibrate.ErrGone
	}
	return s, nil
}

// Peak is the most resident bytes since the last reset: VmHWM, or the largest reading since then if that is more.
// The kernel raises its mark from counters it keeps by core (mm/memory.c, and update_hiwater_rss in linux/mm.h), so
// the mark can lie a few hundred kB below what statm has said, which since 6.16 adds those counters up exactly.
func (p *probe) Peak() (int64, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s, err := p.status()
	if err != nil {
		return 0, err
	}
	return max(s.HighWater, p.seen.Load()), nil
}

// ResetPeak sets the high-water mark to the present RSS, by writing 5 to clear_refs (fs/proc/task_mmu.c,
// CLEAR_REFS_MM_HIWATER_RSS, since Linux 4.0). It needs root or the process's own user; a process that changed its
// user after it started is root's alone.
func (p *probe) ResetPeak() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return os.ErrClosed
	}
	file, err := p.dir.Open("clear_refs", os.O_WRONLY)
	if err != nil {
		return p.explain("clear_refs", err)
	}
	defer file.Close()
	if _, err = file.Write([]byte("5")); err != nil {
		return p.explain("clear_refs", err)
	}
	p.seen.Store(0)
	_, _, err = p.read() // the write succeeds on a zombie too
	return err
}

// Detail adds up the process's mappings, from smaps_rollup. It walks the page tables: about 10 us a resident MB, in
// which the process can't map or unmap memory, so it is for phase boundaries. It needs root or the process's own user.
// Before Linux 4.14 there is only smaps, which says the same at a higher price.
func (p *probe) Detail() (calibrate.Detail, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	name := "smaps_rollup"
	b, err := p.file(name)
	if errors.Is(err, errors.ErrUnsupported) {
		name = "smaps"
		b, err = p.file(name)
	}
	if err != nil {
		return calibrate.Detail{}, err
	}
	if len(b) == 0 { // a zombie's smaps
		return calibrate.Detail{}, calibrate.ErrGone
	}
	sums, err := linux.ParseRollup(b)
	if err != nil {
		return calibrate.Detail{}, fmt.Errorf("%s/%s: %w", p.path, name, err)
	}
	return calibrate.Detail(sums), nil
}

// Close gives the descriptors back. A second call does nothing.
func (p *probe) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	return errors.Join(p.statm.Close(), p.dir.Close())
}

// file reads a whole file of this process.
func (p *probe) file(name string) ([]byte, error) {
	if p.closed {
		return nil, os.ErrClosed
	}
	file, err := p.dir.Open(name, os.O_RDONLY)
	if err != nil {
		return nil, p.explain(name, err)
	}
	defer file.Close()
	b, err := file.ReadAll(os.Getpagesize())
	if err != nil {
		return nil, p.explain(name, err)
	}
	return b, nil
}
