package target

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

// oomKills reads the counter of this process's memory cgroup, in which the app will be too: oom_kill in
// memory.events (v2) or memory.oom_control (v1, from Linux 4.13); else the machine's, in vmstat.
func (p procfs) oomKills() oomCount {
	groups, _ := os.ReadFile(filepath.Join(string(p), "self/cgroup"))
	mounts, _ := os.ReadFile(filepath.Join(string(p), "self/mountinfo"))
	files := append(oomFiles(string(groups), string(mounts)), filepath.Join(string(p), "vmstat"))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if kills, ok := oomKillLine(string(data)); ok {
			return oomCount{kills: kills, file: file}
		}
	}
	return oomCount{}
}

// since is how many kills the same counter has seen meanwhile.
func (c oomCount) since() int64 {
	if c.file == "" {
		return 0
	}
	data, err := os.ReadFile(c.file)
	if err != nil {
		return 0
	}
	kills, _ := oomKillLine(string(data))
	return max(kills-c.kills, 0)
}

func oomKillLine(text string) (int64, bool) {
	for line := range strings.Lines(text) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == "oom_kill" {
			n, err := strconv.ParseInt(value, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// oomFiles are the files that may hold the counter, from /proc/self/cgroup (man 7 cgroups: "4:memory:/a/b") and
// /proc/self/mountinfo (man 5 proc: field 4 is the root of the mount within the file system, field 5 where it is).
func oomFiles(groups, mounts string) []string {
	var files []string
	for line := range strings.Lines(groups) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		switch {
		case parts[0] == "0" && parts[1] == "":
			files = append(files, cgroupFile(mounts, "cgroup2", "", parts[2], "memory.events"))
		case hasWord(parts[1], "memory"):
			files = append(files, cgroupFile(mounts, "cgroup", "memory", parts[2], "memory.oom_control"))
		}
	}
	return files
}

// cgroupFile is a file of a cgroup, through the mount of its hierarchy. "" where that isn't mounted.
func cgroupFile(mounts, kind, controller, group, file string) string {
	for line := range strings.Lines(mounts) {
		before, after, ok := strings.Cut(strings.TrimSpace(line), " - ")
		fields, super := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(super) < 3 || super[0] != kind {
			continue
		}
		if controller != "" && !hasWord(super[2], controller) {
			continue
		}
		below, err := filepath.Rel(fields[3], group)
		if err != nil || strings.HasPrefix(below, "..") {
			below = "." // in another cgroup namespace the mount's own root is the nearest
		}
		return filepath.Join(fields[4], below, file)
	}
	return ""
}

func hasWord(list, word string) bool {
	for _, w := range strings.Split(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}
