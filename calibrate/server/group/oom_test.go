package group

import (
	"path/filepath"
	"strings"
	"testing"

	"workermem/calibrate/linux"
	"workermem/calibrate/linux/linuxtest"
)

func TestOOMFile(t *testing.T) {
	const v1 = "30 25 0:26 / /sys/fs/cgroup/cpu rw - cgroup v1 rw,cpu\n" +
		"31 25 0:27 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup v1 rw,memory\n"
	const v2 = "26 25 0:22 / /sys/fs/cgroup rw shared:4 - cgroup2 none rw,nsdelegate\n"
	const container = "600 500 0:22 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
	for name, c := range map[string]struct {
		Groups, mounts string
		want           string
	}{
		"v1":             {"4:memory:/user/x\n3:cpu:/\n", v1, "/sys/fs/cgroup/memory/user/x/memory.oom_control"},
		"v1, joint":      {"4:cpu,memory:/x\n", strings.Replace(v1, "rw,memory", "rw,cpu,memory", 1), "/sys/fs/cgroup/memory/x/memory.oom_control"},
		"v2":             {"0::/app.slice/a\n", v2, "/sys/fs/cgroup/app.slice/a/memory.events"},
		"v2, container":  {"0::/docker/abc/sub\n", container, "/sys/fs/cgroup/sub/memory.events"},
		"v2, namespaced": {"0::/\n", container, "/sys/fs/cgroup/memory.events"},
		"not mounted":    {"4:memory:/x\n", v2, ""},
		"hybrid":         {"4:memory:/x\n0::/\n", v1 + v2, "/sys/fs/cgroup/memory/x/memory.oom_control"},
		"rubbish":        {"x\n\n::", "y - z\n", ""},
	} {
		h := linux.FindHierarchy("memory", linux.ParseCgroup(c.Groups), linux.ParseMountinfo(c.mounts))
		if got := oomFile(h); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestOOMKills(t *testing.T) {
	p := linux.FS{Proc: t.TempDir()}
	if c := OOMKills(p, "self"); c.File != "" || c.Since() != 0 {
		t.Errorf("%+v", c)
	}
	linuxtest.Write(t, filepath.Join(p.Proc, "vmstat"), "nr_free_pages 5\noom_kill 2\n")
	group := t.TempDir()
	counts := OOMKills(p, "self")
	if counts.Kills != 2 || filepath.Base(counts.File) != "vmstat" {
		t.Errorf("%+v", counts)
	}
	linuxtest.Write(t, filepath.Join(p.Proc, "self/cgroup"), "4:memory:/x\n")
	linuxtest.Write(t, filepath.Join(p.Proc, "self/mountinfo"), "31 25 0:27 / "+group+" rw - cgroup v1 rw,memory\n")
	events := filepath.Join(group, "x", "memory.oom_control")
	linuxtest.Write(t, events, "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n")
	counts = OOMKills(p, "self")
	if counts.Kills != 7 || counts.File != events || counts.Since() != 0 {
		t.Errorf("%+v", counts)
	}
	linuxtest.Write(t, events, "oom_kill_disable 0\nunder_oom 0\noom_kill 9\n")
	if counts.Since() != 2 {
		t.Errorf("%d since", counts.Since())
	}
}
