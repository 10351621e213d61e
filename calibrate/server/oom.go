package server

import (
	"os"

	"workermem/calibrate/linux"
)

// oomCount is how many processes the kernel's out-of-memory killer has killed, as one counter says.
type oomCount struct {
	kills int64
	file  string // "" where no counter can be read
}

// oomKills reads the counter of this process's memory cgroup, in which an app without its own will be too: oom_kill in
// memory.events (v2) or memory.oom_control (v1, from Linux 4.13); else the machine's, in vmstat.
func oomKills(fs linux.FS) oomCount { return oomKillsOf(fs, "self") }

// oomKillsOf reads the counter of another process's cgroup.
func oomKillsOf(fs linux.FS, process string) oomCount {
	cgroups, _ := fs.Cgroups(process) // without them the machine's counter is left
	if c := readOOM(oomFile(cgroups.Hierarchy("memory"))); c.file != "" {
		return c
	}
	return readOOM(fs.ProcPath("vmstat"))
}

func readOOM(file string) oomCount {
	data, err := os.ReadFile(file)
	if err != nil {
		return oomCount{}
	}
	kills, ok := linux.ParseFlat(string(data), linux.OOMKill)
	if !ok {
		return oomCount{}
	}
	return oomCount{kills: kills, file: file}
}

// since is how many kills the same counter has seen meanwhile.
func (c oomCount) since() int64 { return max(readOOM(c.file).kills-c.kills, 0) }

// oomFile is the file with the counter of a process's own group, "" where no group of it can be seen. In another cgroup
// namespace the mount's own root is the nearest.
func oomFile(h linux.Hierarchy) string {
	if len(h.Groups) == 0 {
		return ""
	}
	return h.Groups[0].File(linux.MemoryOf(h.Version).OOM)
}
