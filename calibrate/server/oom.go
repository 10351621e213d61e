package server

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// oomCount is how many processes the kernel's out-of-memory killer has killed, as one counter says.
type oomCount struct {
	kills int64
	file  string // "" where no counter can be read
}

// oomKills reads the counter of this process's memory cgroup, in which an app without its own will be too: oom_kill in
// memory.events (v2) or memory.oom_control (v1, from Linux 4.13); else the machine's, in vmstat.
func (p procfs) oomKills() oomCount { return p.oomKillsOf("self") }

// oomKillsOf reads the counter of another process's cgroup.
func (p procfs) oomKillsOf(process string) oomCount {
	groups, _ := os.ReadFile(filepath.Join(string(p), process, "cgroup"))
	mounts, _ := os.ReadFile(filepath.Join(string(p), "self/mountinfo"))
	files := append(oomFiles(string(groups), string(mounts)), filepath.Join(string(p), "vmstat"))
	for _, file := range files {
		if c := readOOM(file); c.file != "" {
			return c
		}
	}
	return oomCount{}
}

func readOOM(file string) oomCount {
	data, err := os.ReadFile(file)
	if err != nil {
		return oomCount{}
	}
	kills, ok := oomKillLine(string(data))
	if !ok {
		return oomCount{}
	}
	return oomCount{kills: kills, file: file}
}

// since is how many kills the same counter has seen meanwhile.
func (c oomCount) since() int64 { return max(readOOM(c.file).kills-c.kills, 0) }

func oomKillLine(text string) (int64, bool) {
	for line := range strings.Lines(text) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == "oom_kill" {
			n, err := strconv.ParseInt(value, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// oomFiles are the files that may hold the counter of this process's own group, from /proc/self/cgroup and
// /proc/self/mountinfo. In another cgroup namespace the mount's own root is the nearest.
func oomFiles(groups, mounts string) []string {
	var files []string
	for _, m := range memberships(groups) {
		if point, below := mounted(mounts, m); point != "" {
			c := cgroup{Folder: filepath.Join(point, below), Version: m.version}
			files = append(files, c.file("memory.oom_control", "memory.events"))
		}
	}
	return files
}
