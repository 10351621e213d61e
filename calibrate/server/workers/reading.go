package workers

import (
	"slices"

	"workermem/calibrate/linux"
)

// reading is who held which sockets when the descriptors of some processes were read.
type reading struct {
	of      map[linux.Identity]bool // those whose descriptors could be read
	holders map[uint64][]linux.Process
}

func readingOf(proc linux.FS, some []linux.Process) reading {
	r := reading{make(map[linux.Identity]bool, len(some)), map[uint64][]linux.Process{}}
	for _, p := range some {
		inodes, known := proc.SocketsOf(p.PID, mostDescriptors)
		if known {
			r.of[p.Identity()] = true
		}
		for _, inode := range inodes {
			addHolder(r.holders, inode, p)
		}
	}
	return r
}

func addHolder(to map[uint64][]linux.Process, inode uint64, p linux.Process) {
	if !isOneOf(p, to[inode]) {
		to[inode] = append(to[inode], p)
	}
}

// holdersAt are those that held each socket at any of some readings.
func holdersAt(readings []reading) map[uint64][]linux.Process {
	if len(readings) == 1 {
		return readings[0].holders
	}
	all := map[uint64][]linux.Process{}
	for _, r := range readings {
		for inode, who := range r.holders {
			for _, p := range who {
				addHolder(all, inode, p)
			}
		}
	}
	return all
}

// handing is a connection that a process was handed by another, above it.
type handing struct{ from, to linux.Identity }

// handedDown is how a connection came to those that hold it, by readings in their order. A process that was there at the reading
// before and didn't hold it then hasn't inherited it by a fork: if another holds it, too, or held it then, one has sent it to the
// other (SCM_RIGHTS, unix(7)).
func handedDown(readings []reading, inode uint64, above map[int]int) (down []handing) {
	for i, now := range readings[1:] {
		before := readings[i]
		for _, q := range now.holders[inode] {
			if !before.of[q.Identity()] || isOneOf(q, before.holders[inode]) {
				continue
			}
			for _, p := range slices.Concat(before.holders[inode], now.holders[inode]) {
				if h := (handing{p.Identity(), q.Identity()}); isBelow(q.PID, p.PID, above) && !slices.Contains(down, h) {
					down = append(down, h)
				}
			}
		}
	}
	return down
}
