package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// frames are the physical pages that some processes map, each counted once: what they take is no matter of shares then,
// nor of who else maps the same libraries. Linux, Documentation/admin-guide/mm/pagemap.rst.
type frames map[uint64]bool // frame number: does it hold a file's

const (
	pagePresent = 1 << 63
	pageOfFile  = 1 << 61 // or shared memory
	pageFrame   = 1<<55 - 1
)

// add takes the pages of a process, but for mappings that its maps have one of the words for. It needs CAP_SYS_ADMIN: all
// others see frame number 0.
func (f frames) add(pid int, without ...string) error {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return err
	}
	pagemap, err := os.Open(fmt.Sprintf("/proc/%d/pagemap", pid))
	if err != nil {
		return err
	}
	defer pagemap.Close()
	size := uint64(os.Getpagesize())
	for line := range bytes.Lines(maps) {
		var from, to uint64
		if _, err := fmt.Sscanf(string(line), "%x-%x", &from, &to); err != nil {
			return err
		}
		has := func(word string) bool { return strings.Contains(string(line), word) }
		if has("[vsyscall]") || slices.ContainsFunc(without, has) { // the kernel's own
			continue
		}
		entries := make([]byte, (to-from)/size*8)
		n, err := pagemap.ReadAt(entries, int64(from/size*8))
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := f.addEntries(entries[:n]); err != nil {
			return err
		}
	}
	return nil
}

func (f frames) addEntries(entries []byte) error {
	for ; len(entries) >= 8; entries = entries[8:] {
		entry := binary.NativeEndian.Uint64(entries)
		if entry&pagePresent == 0 {
			continue
		}
		if entry&pageFrame == 0 {
			return os.ErrPermission
		}
		f[entry&pageFrame] = entry&pageOfFile != 0
	}
	return nil
}

func (f frames) bytes() (all, files int64) {
	size := int64(os.Getpagesize())
	for _, file := range f {
		all += size
		if file {
			files += size
		}
	}
	return all, files
}

// charged is what a group is charged for memory that can't be dropped: anonymous pages and the kernel's own.
func charged(group string) int64 {
	if group == "" {
		return 0
	}
	kernel, _ := os.ReadFile(filepath.Join(group, "memory.kmem.usage_in_bytes"))
	stat, _ := os.ReadFile(filepath.Join(group, "memory.stat"))
	var anon int64
	for line := range strings.Lines(string(stat)) {
		if value, ok := strings.CutPrefix(line, "rss "); ok {
			anon = wholeNumber(value)
		}
	}
	return anon + wholeNumber(string(kernel))
}

func wholeNumber(text string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return n
}
