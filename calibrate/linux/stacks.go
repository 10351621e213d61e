package linux

import (
	"bytes"
	"errors"
	"strconv"
)

// Spaces is what the mappings of a process are for, as far as they show it, in bytes.
type Spaces struct {
	Stacks   []Stack // of threads, the main thread's apart
	Reserved int64   // private mappings that nothing may touch, guards apart: address space that an allocator keeps to itself
}

// Stack is the mapping of a thread's stack: all of it, and what of it was touched.
type Stack struct{ Size, Resident int64 }

// guardMost is the largest mapping that is taken for a guard. The C libraries' guard is a page, and that of a Java thread
// a few more; the largest page is 64 KB. What an allocator keeps for itself is megabytes.
const guardMost = 64 << 10

// ParseSpaces reads /proc/PID/smaps (proc_pid_smaps(5)), or /proc/PID/maps, which doesn't tell what is resident.
//
// A thread's stack is one anonymous mapping that the C library makes without access, and then opens but for the guard at its
// lower end (glibc's nptl/allocatestack.c, musl's pthread_create.c). So it is the mapping that follows a small one without
// access. A C library that has the kernel guard the pages (glibc from 2.42, with Linux from 6.13) leaves no such mark, and no
// stack is found.
func ParseSpaces(text []byte) (Spaces, error) {
	var s Spaces
	var last mapping
	stack := false
	for line := range bytes.Lines(text) {
		m, ok := parseMapping(line)
		if !ok {
			name, value, _ := bytes.Cut(line, []byte(":"))
			if stack && string(name) == "Rss" {
				n, err := kilobytes(value)
				if err != nil {
					return Spaces{}, err
				}
				s.Stacks[len(s.Stacks)-1].Resident = n
			}
			continue
		}
		if m.end < m.start || m.size() > mostAddresses {
			return Spaces{}, errMapping
		}
		stack = m.usable && m.anonymous && last.guards(m)
		if stack {
			s.Stacks = append(s.Stacks, Stack{Size: int64(m.size() + last.size())})
		}
		if m.closed && m.anonymous && m.size() > guardMost {
			s.Reserved = min(s.Reserved+int64(m.size()), mostAddresses)
		}
		last = m
	}
	return s, nil
}

// mostAddresses is what no process has: processors have addresses of 57 bits.
const mostAddresses = 1 << 60

var errMapping = errors.New("a mapping that no process can have")

// mapping is the first line of one in maps and smaps.
type mapping struct {
	start, end     uint64
	closed, usable bool // nothing may touch it; it may be read and written
	anonymous      bool // no file stands behind it, and it is no heap or main stack, which have names
}

func (m mapping) size() uint64 { return m.end - m.start }

// guards says whether m is the guard of what follows.
func (m mapping) guards(next mapping) bool {
	return m.closed && m.anonymous && m.size() <= guardMost && m.end == next.start
}

// parseMapping reads "7fa2a8f47000-7fa2a8f48000 ---p 00000000 00:00 0", and perhaps a name. Names of anonymous memory are
// those that a program gave ("[anon:...]", Linux 5.17), and those that kernels from 3.4 to 4.4 gave stacks ("[stack:TID]").
func parseMapping(line []byte) (m mapping, ok bool) {
	fields := bytes.Fields(line)
	if len(fields) < 5 || len(fields[1]) != 4 {
		return m, false
	}
	from, to, found := bytes.Cut(fields[0], []byte("-"))
	var err, err2 error
	m.start, err = strconv.ParseUint(string(from), 16, 64)
	m.end, err2 = strconv.ParseUint(string(to), 16, 64)
	if !found || err != nil || err2 != nil {
		return m, false
	}
	access := string(fields[1])
	private := access[3] == 'p'
	m.closed, m.usable = private && access[:3] == "---", private && access[:2] == "rw"
	named := len(fields) > 5 && !bytes.HasPrefix(fields[5], []byte("[anon:")) && !bytes.HasPrefix(fields[5], []byte("[stack:"))
	m.anonymous = string(fields[4]) == "0" && !named
	return m, true
}
