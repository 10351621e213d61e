package sampler

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStatm(t *testing.T) {
	for _, tt := range []struct {
		in               string
		resident, shared int64
		ok               bool
	}{
		{"22035 10301 4550 1 0 9000 0\n", 10301, 4550, true},
		{"0 0 0 0 0 0 0\n", 0, 0, true}, // a zombie: no error here, the probe knows what it means
		{"1 2 3", 2, 3, true},
		{"9999999999999 9999999999999 9999999999999\n", 9999999999999, 9999999999999, true},
		{"99999999999999 1 1\n", 0, 0, false}, // no machine has so many pages
		{"", 0, 0, false},
		{"1 2", 0, 0, false},
		{"1 -2 3", 0, 0, false},
		{"1 2x 3", 0, 0, false},
	} {
		resident, shared, err := parseStatm([]byte(tt.in))
		if (err == nil) != tt.ok || tt.ok && (resident != tt.resident || shared != tt.shared) {
			t.Errorf("%q: %d, %d, %v", tt.in, resident, shared, err)
		}
	}
}

func TestParseStatus(t *testing.T) {
	for _, tt := range []struct {
		in  string
		hwm int64
		ok  bool
		err bool
	}{
		{"Name:\tx\nVmPeak:\t  900 kB\nVmHWM:\t   45312 kB\nVmRSS:\t 1 kB\n", 45312 << 10, true, false},
		{"Name:\tVmHWM: 1 kB\nVmHWM:\t2 kB\n", 2 << 10, true, false}, // a process may call itself anything
		{"Name:\tx\nState:\tZ (zombie)\n", 0, false, false},
		{"VmHWM:\t\n", 0, false, true},
		{"VmHWM:\t12 MB\n", 0, false, true},
		{"VmHWM:\t-12 kB\n", 0, false, true},
		{"VmHWM:\t9999999999999999999 kB\n", 0, false, true},
		{"VmHWM:\t9007199254740992 kB\n", 0, false, true}, // fits an int64 in kB but not in bytes
	} {
		hwm, ok, err := parseStatus([]byte(tt.in))
		if hwm != tt.hwm || ok != tt.ok || (err != nil) != tt.err {
			t.Errorf("%q: %d, %v, %v", tt.in, hwm, ok, err)
		}
	}
}

func TestParseRollup(t *testing.T) {
	whole := string(must(os.ReadFile(recorded("sampler-python", "smaps_rollup")))(t))
	for name, in := range map[string]string{
		"empty":             "",
		"cut short":         whole[:strings.Index(whole, "Private_Dirty")],
		"not a number":      strings.Replace(whole, "27511", "27x11", 1),
		"more than fits":    strings.Replace(whole, "   27511", " 9007199254740991", 1),
		"a sum beyond that": strings.Repeat("Rss: 2251799813685247 kB\n", 2) + whole,
	} {
		if d, err := parseRollup([]byte(in)); err == nil {
			t.Errorf("%s: %+v without an error", name, d)
		}
	}
}

func recorded(name, file string) string {
	return filepath.Join("..", "fixtures", "proc", name, "4711", file)
}

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
	want := []mount{
		{"/", "/proc", "proc", []string{"rw"}},
		{"/docker/3f2a", "/sys/fs/cgroup/memory", "cgroup", []string{"rw", "memory", "hugetlb"}},
		{"/a b", "/mnt/new\nline\\", "cgroup2", []string{"rw"}},
		{"/", "/twice", "cgroup2", []string{"rw"}}, // the later covers the earlier
	}
	if d := cmp.Diff(want, parseMountinfo(text)); d != "" {
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
	want := []membership{
		{[]string{"cpu", "cpuacct"}, "/web"},
		{[]string{"memory"}, "/a:b"},
		{[]string{"name=systemd"}, "/"},
		{nil, "/user.slice/x y"},
	}
	if d := cmp.Diff(want, parseCgroup(text)); d != "" {
		t.Error(d)
	}
}

func FuzzStatm(f *testing.F) {
	f.Add([]byte("22035 10301 4550 1 0 9000 0\n"))
	f.Add([]byte("0 0 0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		resident, shared, err := parseStatm(b)
		const pages = math.MaxInt64 / (64 << 10) // of the largest size in use
		if err == nil && (resident < 0 || shared < 0 || resident > pages || shared > pages) {
			t.Errorf("%d, %d: not numbers of pages", resident, shared)
		}
	})
}

func FuzzStatus(f *testing.F) {
	f.Add([]byte("VmPeak:\t 1 kB\nVmHWM:\t   45312 kB\n"))
	f.Add([]byte("State:\tZ (zombie)\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		hwm, ok, err := parseStatus(b)
		if hwm < 0 || hwm%1024 != 0 || ok && err != nil || !ok && hwm != 0 {
			t.Errorf("%d, %v, %v", hwm, ok, err)
		}
	})
}

func FuzzSmapsRollup(f *testing.F) {
	for _, file := range []string{recorded("sampler-python", "smaps_rollup"), recorded("sampler-no-rollup", "smaps")} {
		f.Add(must(os.ReadFile(file))(f))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseRollup(b)
		if err != nil {
			return
		}
		if min(d.RSS, d.PSS, d.PrivateClean, d.PrivateDirty, d.Swap, d.USS()) < 0 {
			t.Errorf("negative: %+v", d)
		}
		twice, err := parseRollup(append(append(append([]byte{}, b...), '\n'), b...))
		if err == nil && twice.RSS != 2*d.RSS {
			t.Errorf("two mappings of %d are %d", d.RSS, twice.RSS)
		}
	})
}

func FuzzMountinfo(f *testing.F) {
	f.Add("31 23 0:32 /docker/3f2a /sys/fs/cgroup/memory ro master:14 - cgroup none rw,memory\n")
	f.Add("32 23 0:33 /a\\040b /mnt\\134 rw - cgroup2 none rw\n")
	f.Fuzz(func(t *testing.T, text string) {
		mounts := parseMountinfo(text)
		points := map[string]bool{}
		for _, m := range mounts {
			if !strings.HasPrefix(m.Root, "/") || !strings.HasPrefix(m.Point, "/") || points[m.Point] {
				t.Errorf("not a mount that can be seen: %+v", m)
			}
			points[m.Point] = true
		}
		for _, path := range []string{"/", "/docker/3f2a", "/docker/3f2a/x"} {
			checkGroups(t, findHierarchy("memory", []membership{{[]string{"memory"}, path}}, mounts), mounts)
		}
	})
}

func FuzzCgroup(f *testing.F) {
	f.Add("12:cpu,cpuacct:/web\n4:memory:/a:b\n0::/user.slice/x y\n", "/")
	f.Add("0::/../../x\n", "/..")
	f.Fuzz(func(t *testing.T, text, root string) {
		mounts := []mount{
			{root, "/sys/fs/cgroup/memory", "cgroup", []string{"rw", "memory"}},
			{root, "/sys/fs/cgroup", "cgroup2", []string{"rw"}},
		}
		memberships := parseCgroup(text)
		for _, m := range memberships {
			if !strings.HasPrefix(m.Path, "/") {
				t.Errorf("not a path: %+v", m)
			}
		}
		checkGroups(t, findHierarchy("memory", memberships, mounts), mounts)
	})
}

// checkGroups holds what is true of every hierarchy: nothing is read outside of where cgroups are mounted, and where
// nothing can be read there is a doubt.
func checkGroups(t *testing.T, h hierarchy, mounts []mount) {
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
	if h.Version == 0 && !reflect.DeepEqual(h, hierarchy{}) {
		t.Errorf("no hierarchy, yet %+v", h)
	}
}
