package linux

import (
	"strconv"
	"strings"
)

// Identity tells a process from a later one with its pid.
type Identity struct {
	PID   int
	Start int64 // ticks since the machine's boot
}

// Lives says whether a process is still the one that it was.
func (fs FS) Lives(who Identity) bool {
	s, err := fs.Stat(who.PID)
	return err == nil && s.Start == who.Start && s.Alive()
}

// Owner is the user of a process, -1 where that isn't known. Of one whose memory its user may not read it is root (man 5 proc).
func (fs FS) Owner(pid int) int { return OwnerOf(fs.ProcPath(strconv.Itoa(pid))) }

// Process is one process of a tree, with what a rule may go by.
type Process struct {
	PID    int
	Parent int
	Start  int64    // ticks since the machine's boot
	Args   []string // its command line, or the title it gave itself
	CPU    int64    // ticks used since a moment that the watch chooses, such as when the app was ready
}

// Title is the command line as one text.
func (p Process) Title() string { return strings.Join(p.Args, " ") }

// Identity is what tells it from a later process with its number.
func (p Process) Identity() Identity { return Identity{p.PID, p.Start} }
