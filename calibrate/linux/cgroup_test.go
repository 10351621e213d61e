package linux

import (
	"math"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"workermem/calibrate/linux/linuxtest"
)

func TestParseMountinfo(t *testing.T) {
	//nolint:dupword // the kernel's own
	const text = `22 27 0:21 / /proc rw,relatime - proc proc rw
31 23 0:32 /docker/3f2a /sys/fs/cgroup/memory ro,nosuid master:14 propagate_from:2 - cgroup cgroup rw,memory,hugetlb
32 23 0:33 /a\040b /mnt/new\012line\134 rw - cgroup2 none rw
33 23 0:34 / /twice rw - tmpfs tmpfs rw
34 33 0:35 / /twice rw - cgroup2 none rw
a line that isn't one
35 23 0:35 relative /x rw - cgroup2 none rw
36 23 0:35 / /x rw shared:1 cgroup2 none rw
37 23 0:35 / /x rw -
`
	want := []Mount{
		{"/", "/proc", "proc", []string{"rw"}},
		{"/docker/3f2a", "/sys/fs/cgroup/memory", "cgroup", []string{"rw", "memory", "hugetlb"}},
		{"/a b", "/mnt/new\nline\\", "cgroup2", []string{"rw"}},
		{"/", "/twice", "cgroup2", []string{"rw"}}, // the later covers the earlier
	}
	if d := cmp.Diff(want, ParseMountinfo(text)); d != "" {
		t.Error(d)
	}
}

func TestParseCgroup(t *testing.T) {
	const text = `12:cpu,cpuacct:/web
4:memory:/a:b
1:name=systemd:/
0::/user.slice/x y
nonsense
5::/no/controllers
6:pids:relative
`
	want := []Membership{
		{[]string{"cpu", "cpuacct"}, "/web"},
		{[]string{"memory"}, "/a:b"},
		{[]string{"name=systemd"}, "/"},
		{nil, "/user.slice/x y"},
	}
	if d := cmp.Diff(want, ParseCgroup(text)); d != "" {
		t.Error(d)
	}
}

func TestMemberOf(t *testing.T) {
	for text, want := range map[string]string{
		"0::/system.slice/web.service\n":                    "/system.slice/web.service",
		"4:memory:/a/b\n3:cpu,cpuacct:/c\n0::/user.slice\n": "/a/b",
		"3:cpu,cpuacct:/c\n0::/user.slice\n":                "/user.slice",
		"":                                                  "",
	} {
		if _, got := MemberOf("memory", ParseCgroup(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzMountinfo(f *testing.F) {
	f.Add("31 23 0:32 /docker/3f2a /sys/fs/cgroup/memory ro master:14 - cgroup none rw,memory\n")
	f.Add("32 23 0:33 /a\\040b /mnt\\134 rw - cgroup2 none rw\n")
	f.Fuzz(func(t *testing.T, text string) {
		mounts := ParseMountinfo(text)
		points := map[string]bool{}
		for _, m := range mounts {
			if !strings.HasPrefix(m.Root, "/") || !strings.HasPrefix(m.Point, "/") || points[m.Point] {
				t.Errorf("not a mount that can be seen: %+v", m)
			}
			points[m.Point] = true
		}
		for _, path := range []string{"/", "/docker/3f2a", "/docker/3f2a/x"} {
			checkGroups(t, FindHierarchy("memory", []Membership{{[]string{"memory"}, path}}, mounts), mounts)
		}
	})
}

func FuzzCgroup(f *testing.F) {
	f.Add("12:cpu,cpuacct:/web\n4:memory:/a:b\n0::/user.slice/x y\n", "/")
	f.Add("0::/../../x\n", "/..")
	f.Fuzz(func(t *testing.T, text, root string) {
		mounts := []Mount{
			{root, "/sys/fs/cgroup/memory", "cgroup", []string{"rw", "memory"}},
			{root, "/sys/fs/cgroup", "cgroup2", []string{"rw"}},
		}
		memberships := ParseCgroup(text)
		for _, m := range memberships {
			if !strings.HasPrefix(m.Path, "/") {
				t.Errorf("not a path: %+v", m)
			}
		}
		checkGroups(t, FindHierarchy("memory", memberships, mounts), mounts)
	})
}

// checkGroups holds what is true of every hierarchy: nothing is read outside of where cgroups are mounted, and if
// nothing can be read there is a doubt.
func checkGroups(t *testing.T, h Hierarchy, mounts []Mount) {
	t.Helper()
	for _, g := range h.Groups {
		inside := false
		for _, m := range mounts {
			inside = inside || strings.HasPrefix(m.Type, "cgroup") && (within(g.Folder, m.Point) || within(g.Folder, filepath.Clean(m.Point)))
		}
		if !inside {
			t.Errorf("%+v is in none of %+v", g, mounts)
		}
	}
	if h.Version != 0 && len(h.Groups) == 0 && h.Doubt == "" {
		t.Errorf("neither groups nor a doubt: %+v", h)
	}
	if h.Version == 0 && !reflect.DeepEqual(h, Hierarchy{}) {
		t.Errorf("no hierarchy, yet %+v", h)
	}
}

func TestParseFlat(t *testing.T) {
	const text = "anon 4096\noom_kill_disable 0\noom_kill 7\nmemory_limit max\nbroken x\nbroken 5\nlast 1"
	for key, want := range map[string]int64{"anon": 4096, "oom_kill": 7, "memory_limit": math.MaxInt64, "broken": 5, "last": 1, "absent": -1, "": -1} {
		if got, ok := ParseFlat(text, key); ok != (want >= 0) || ok && got != want {
			t.Errorf("%s: %d, %v, want %d", key, got, ok, want)
		}
	}
}

func FuzzParseFlat(f *testing.F) {
	f.Add("anon 4096\noom_kill 7\n", "oom_kill")
	f.Add("limit max", "limit")
	f.Fuzz(func(t *testing.T, text, key string) {
		if n, ok := ParseFlat(text, key); ok && !strings.Contains(text, key) || !ok && n != 0 {
			t.Errorf("%q of %q: %d, %v", key, text, n, ok)
		}
	})
}

// The parts of v2's kernel memory stand for the sum if an older kernel doesn't say it.
func TestMemoryStat(t *testing.T) {
	for text, want := range map[string]MemoryStat{
		"anon 1\nfile 2\nkernel 3\nsock 7\nshmem 6\nslab 9\ninactive_file 4\nactive_file 5\n": {Anon: 1, File: 2, Shmem: 6, Kernel: 10, Inactive: 4, Active: 5},
		"kernel_stack 1\nslab 2\npagetables 3\npercpu 4\nsock 5\n":                            {Kernel: 15},
		"": {},
	} {
		if got := MemoryV2.ParseStat([]byte(text)); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

// No two mounts need be below /sys.
func TestPaths(t *testing.T) {
	fs := FS{Proc: "/p", Sys: "/s"}
	for got, want := range map[string]string{
		fs.ProcPath("self", "cgroup"):    "/p/self/cgroup",
		fs.SysPath("/sys/fs/cgroup"):     "/s/fs/cgroup",
		fs.SysPath("/mnt/cgroup"):        "/mnt/cgroup",
		FS{}.ProcPath("meminfo"):         "/proc/meminfo",
		FS{}.SysPath("/sys/fs/cgroup/x"): "/sys/fs/cgroup/x",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// A limit is above zero, or there is none.
func FuzzLimits(f *testing.F) {
	f.Add("Max open files            1024                 524288               files     \n")
	f.Add("       101: privvmpages  27300 30000 65536 69632 0\n")
	for _, text := range []string{"50000 100000\n", "max 100000\n", "-1\n", "9223372036854771712\n", "Tcp: a PassiveOpens\nTcp: 1 7\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, ok := ParseSoftLimit(text, LimitOpenFiles); ok && n <= 0 {
			t.Errorf("%d files of %q", n, text)
		}
		if held, barrier, ok := ParseBeancounter(text, PrivatePages); ok && (held < 0 || barrier <= 0) {
			t.Errorf("%d of %d pages of %q", held, barrier, text)
		}
		g := Group{Path: "/", Folder: t.TempDir()}
		for _, name := range []string{quotaV1, periodV1, quotaV2} {
			linuxtest.Write(t, g.File(name), text)
		}
		for version := 1; version <= 2; version++ {
			if cores, file, err := g.CPULimit(version); !(cores >= 0 && cores <= math.MaxInt64) || file == "" || err != nil && cores != 0 {
				t.Errorf("%g cores by %s of %q: %v", cores, file, text, err)
			}
		}
		proc := FS{Proc: t.TempDir()}
		linuxtest.Write(t, proc.ProcPath("7", "net", "snmp"), text)
		if n, known := proc.Accepted(7); known && !strings.Contains(text, strconv.FormatInt(n, 10)) && n != 0 {
			t.Errorf("%d connections of %q", n, text)
		}
	})
}
