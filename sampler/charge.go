package sampler

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

var _ calibrate.Group = (*controlGroup)(nil)

// OpenGroup reads the memory control group of a folder, v1 or v2 by the files that it has.
func (m Memory) OpenGroup(folder string) (calibrate.Group, error) {
	g := &controlGroup{Group: linux.Group{Path: folder, Folder: folder}, files: linux.MemoryV1, kept: map[string]*os.File{}}
	if g.Has(linux.MemoryV2.Charge) {
		g.files = linux.MemoryV2
	}
	g.source = fmt.Sprintf("cgroup v%d %s", g.files.Version, g.files.Charge)
	g.peak, g.noPeak = os.OpenFile(g.File(g.files.Peak), os.O_RDWR, 0)
	if g.noPeak != nil { // v2 before Linux 6.12 can't reset it, before 5.19 has none
		g.peak, g.noPeak = os.Open(g.File(g.files.Peak))
	}
	if _, err := g.Number(g.files.Charge); err != nil {
		g.Close()
		return nil, fmt.Errorf("%s is no memory control group that can be read: %w", folder, err)
	}
	return g, nil
}

// controlGroup reads one memory control group, ten times a second: its files are kept open.
type controlGroup struct {
	linux.Group
	files  linux.MemoryFiles
	source string
	peak   *os.File // kept, because in v2 a reset holds for the descriptor that asked for it, and no other
	noPeak error    // why there is none
	kept   map[string]*os.File
	text   [8192]byte // memory.stat has some 3 KB
}

// Charge reads the group. A file that isn't there is named in Missing; the error is for a group that can't be read.
func (g *controlGroup) Charge() (calibrate.Charge, error) {
	c := calibrate.Charge{Source: g.source}
	var err error
	if c.ChargeBytes, err = g.number(g.files.Charge); err != nil {
		return calibrate.Charge{}, err
	}
	var missing []string
	if c.PeakBytes, err = g.readPeak(); err != nil {
		missing = append(missing, "the peak ("+err.Error()+")")
	}
	if stat, err := g.again(g.files.Stat); err != nil {
		missing = append(missing, "the parts ("+err.Error()+")")
	} else {
		g.parts(&c, g.files.ParseStat(stat))
	}
	if g.files.KernelFile != "" {
		if c.KernelBytes, err = g.number(g.files.KernelFile); err != nil {
			missing = append(missing, "kernel memory ("+err.Error()+")")
		}
	}
	if oom, err := g.again(g.files.OOM); err == nil {
		c.OOMKills, _ = linux.ParseFlat(string(oom), linux.OOMKill)
	}
	c.Missing = strings.Join(missing, "; ")
	return c, nil
}

func (g *controlGroup) parts(c *calibrate.Charge, s linux.MemoryStat) {
	c.AnonBytes, c.FileBytes, c.ShmemBytes, c.KernelBytes = s.Anon, s.File, s.Shmem, s.Kernel
	c.LockedBytes = s.LockedFile()
	c.WorkingSetBytes = max(c.ChargeBytes-s.Inactive, 0)
	c.UnreclaimableBytes = max(c.ChargeBytes-s.Inactive-s.Active, 0)
}

// again reads a file through the descriptor that is kept of it. The bytes are the group's, until the next reading.
func (g *controlGroup) again(name string) ([]byte, error) {
	f := g.kept[name]
	if f == nil {
		var err error
		if f, err = os.Open(g.File(name)); err != nil {
			return nil, err
		}
		g.kept[name] = f
	}
	n, err := f.ReadAt(g.text[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return g.text[:n], nil
}

func (g *controlGroup) number(name string) (int64, error) {
	text, err := g.again(name)
	if err != nil {
		return 0, err
	}
	n, err := linux.ParseNumber(string(text))
	if err != nil {
		return 0, fmt.Errorf("%s of cgroup %s: %w", name, g.Path, err)
	}
	return n, nil
}

func (g *controlGroup) readPeak() (int64, error) {
	if g.noPeak != nil {
		return 0, g.noPeak
	}
	var text [32]byte
	n, err := g.peak.ReadAt(text[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return linux.ParseNumber(string(text[:n]))
}

// ResetPeak writes to the group. In v1 that is seen by every reader, so it is done in a group of calibrate's alone.
func (g *controlGroup) ResetPeak() error {
	if g.noPeak != nil {
		return g.noPeak
	}
	if !strings.HasPrefix(filepath.Base(g.Folder), calibrate.GroupPrefix) {
		return fmt.Errorf("%s is not a control group of calibrate's", g.Folder)
	}
	_, err := g.peak.WriteAt([]byte("0"), 0)
	return err
}

func (g *controlGroup) Close() error {
	var all []error
	for _, f := range g.kept {
		all = append(all, f.Close())
	}
	if g.peak != nil {
		all = append(all, g.peak.Close())
	}
	return errors.Join(all...)
}
