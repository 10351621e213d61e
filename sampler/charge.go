package sampler

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"workermem/calibrate"
)

var _ calibrate.Group = (*controlGroup)(nil)

// OpenGroup reads the memory control group of a folder, v1 or v2 by the files that it has.
func (m Memory) OpenGroup(folder string) (calibrate.Group, error) {
	g := &controlGroup{folder: folder, files: groupV1}
	if exists(filepath.Join(folder, groupV2.charge)) {
		g.files = groupV2
	}
	g.peak, g.noPeak = os.OpenFile(g.path(g.files.peak), os.O_RDWR, 0)
	if g.noPeak != nil { // v2 before Linux 6.12 can't reset it, before 5.19 has none
		g.peak, g.noPeak = os.Open(g.path(g.files.peak))
	}
	if _, err := g.number(g.files.charge); err != nil {
		g.Close()
		return nil, fmt.Errorf("%s is no memory control group that can be read: %w", folder, err)
	}
	return g, nil
}

// controlGroup reads one memory control group.
type controlGroup struct {
	folder string
	files  groupFiles
	peak   *os.File // kept, because in v2 a reset holds for the descriptor that asked for it, and no other
	noPeak error    // why there is none
}

// groupFiles are the files of one version of the memory controller, and the keys of its memory.stat
// (Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst).
type groupFiles struct {
	version           int
	charge, peak, oom string
	anon, file        string
	inactive, active  string   // file pages only: what the kernel can drop
	kernelFile        string   // v1
	kernel            []string // v2: the sum, or before Linux 5.18 its parts
}

// v1's keys without total_ leave out the groups below.
var groupV1 = groupFiles{
	version: 1,
	charge:  "memory.usage_in_bytes", peak: "memory.max_usage_in_bytes", oom: "memory.oom_control",
	anon: "total_rss", file: "total_cache",
	inactive: "total_inactive_file", active: "total_active_file",
	kernelFile: "memory.kmem.usage_in_bytes",
}

var groupV2 = groupFiles{
	version: 2,
	charge:  "memory.current", peak: "memory.peak", oom: "memory.events",
	anon: "anon", file: "file",
	inactive: "inactive_file", active: "active_file",
	kernel: []string{"kernel_stack", "pagetables", "percpu", "sock", "slab"},
}

// Charge reads the group. A file that isn't there is named in Missing; the error is for a group that can't be read.
func (g *controlGroup) Charge() (calibrate.Charge, error) {
	c := calibrate.Charge{Source: fmt.Sprintf("cgroup v%d %s", g.files.version, g.files.charge)}
	var err error
	if c.ChargeBytes, err = g.number(g.files.charge); err != nil {
		return calibrate.Charge{}, err
	}
	var missing []string
	if c.PeakBytes, err = g.readPeak(); err != nil {
		missing = append(missing, "the peak ("+err.Error()+")")
	}
	if stat, err := g.read("memory.stat"); err != nil {
		missing = append(missing, "the parts ("+err.Error()+")")
	} else {
		g.parts(&c, stat)
	}
	if g.files.version == 1 {
		if c.KernelBytes, err = g.number(g.files.kernelFile); err != nil {
			missing = append(missing, "kernel memory ("+err.Error()+")")
		}
	}
	if oom, err := g.read(g.files.oom); err == nil {
		c.OOMKills = parseStat(oom, "oom_kill")
	}
	c.Missing = strings.Join(missing, "; ")
	return c, nil
}

// parts takes the charge apart.
func (g *controlGroup) parts(c *calibrate.Charge, stat string) {
	c.AnonBytes, c.FileBytes = parseStat(stat, g.files.anon), parseStat(stat, g.files.file)
	inactive, active := parseStat(stat, g.files.inactive), parseStat(stat, g.files.active)
	c.WorkingSetBytes = max(c.ChargeBytes-inactive, 0)
	c.UnreclaimableBytes = max(c.ChargeBytes-inactive-active, 0)
	if g.files.version == 2 {
		c.KernelBytes = parseStat(stat, "kernel")
	}
	if c.KernelBytes == 0 {
		for _, part := range g.files.kernel {
			c.KernelBytes += parseStat(stat, part)
		}
	}
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
	return parseNumber(string(text[:n]))
}

// ResetPeak writes to the group. In v1 that is seen by every reader, so it is done in a group of calibrate's alone.
func (g *controlGroup) ResetPeak() error {
	if g.noPeak != nil {
		return g.noPeak
	}
	if !strings.HasPrefix(filepath.Base(g.folder), calibrate.GroupPrefix) {
		return fmt.Errorf("%s is not a control group of calibrate's", g.folder)
	}
	_, err := g.peak.WriteAt([]byte("0"), 0)
	return err
}

func (g *controlGroup) Close() error {
	if g.peak == nil {
		return nil
	}
	return g.peak.Close()
}

func (g *controlGroup) path(file string) string { return filepath.Join(g.folder, file) }

func (g *controlGroup) read(file string) (string, error) {
	text, err := os.ReadFile(g.path(file))
	return string(text), err
}

func (g *controlGroup) number(file string) (int64, error) {
	text, err := g.read(file)
	if err != nil {
		return 0, err
	}
	return parseNumber(text)
}

func parseNumber(text string) (int64, error) {
	n, ok := parseLimit(text)
	if !ok {
		return 0, fmt.Errorf("%q isn't a number", text)
	}
	return n, nil
}
