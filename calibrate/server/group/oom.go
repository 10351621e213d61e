package group

import (
	"os"

	"workermem/calibrate/linux"
)

// OOMCount is how many processes the kernel's out-of-memory killer has killed, as one counter says.
type OOMCount struct {
	Kills int64
	File  string // "" if no counter can be read
}

// OOMKills reads the counter of a process's memory cgroup, in which an app without its own will be too: oom_kill in
// memory.events (v2) or memory.oom_control (v1, from Linux 4.13); else the machine's, in vmstat. The process is a pid
// or "self".
func OOMKills(fs linux.FS, process string) OOMCount {
	cgroups, _ := fs.Cgroups(process) // without them the machine's counter is left
	if c := readOOM(oomFile(cgroups.Hierarchy("memory"))); c.File != "" {
		return c
	}
	return readOOM(fs.ProcPath("vmstat"))
}

func readOOM(file string) OOMCount {
	data, err := os.ReadFile(file)
	if err != nil {
		return OOMCount{}
	}
	kills, ok := linux.ParseFlat(string(data), linux.OOMKill)
	if !ok {
		return OOMCount{}
	}
	return OOMCount{Kills: kills, File: file}
}

// Since is how many kills the same counter has seen meanwhile.
func (c OOMCount) Since() int64 { return max(readOOM(c.File).Kills-c.Kills, 0) }

// oomFile is the file with the counter of a process's own group, "" if no group of it can be seen. In another cgroup
// namespace the mount's own root is the nearest.
func oomFile(h linux.Hierarchy) string {
	if len(h.Groups) == 0 {
		return ""
	}
	return h.Groups[0].File(linux.MemoryOf(h.Version).OOM)
}
