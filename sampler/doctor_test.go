package sampler

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/linux/linuxtest"
)

func doctorAt(name string) Doctor {
	dir := filepath.Join("..", "fixtures", "proc", name)
	return Doctor{Roots: Roots{FS: linux.FS{Proc: filepath.Join(dir, "proc"), Sys: filepath.Join(dir, "sys")}}, Root: filepath.Join(dir, "root"), Clients: 512, Backlog: 2048}
}

// kernelSays are the findings that rest on nothing but the kernel's files.
func (d Doctor) kernelSays() []calibrate.Finding {
	return []calibrate.Finding{d.hiding(), d.swap(), d.hugePages(), d.overcommit(), d.merging(), d.busy(calibrate.Host{CPUs: 1}),
		d.controller(), d.ports(), d.backlog(), d.container()}
}

// What is said of a machine is what its user acts on, so the whole sentences are held.
func TestKernelFindings(t *testing.T) {
	for _, tt := range []struct {
		tree string
		want []string
	}{
		{"doctor-quiet", []string{
			"ok: /proc shows the processes of every user",
			"ok: 2 048 MB of swap, unused",
			"ok: the kernel gives no huge page unasked (transparent_hugepage: madvise)",
			"ok: memory counts when it is used (vm.overcommit_memory=0)",
			"ok: equal pages aren't merged (KSM is off)",
			"ok: load average 0.31 on 4 cores: quiet enough",
			"ok: cgroups: v2, with the memory controller",
			"ok: 28 232 ports to connect from, 12 of them in TIME_WAIT",
			"ok: accept queues are as long as servers ask (net.core.somaxconn=4096)",
			"ok: no sign of a container",
		}},
		{"doctor-strained", []string{
			"limited: /proc is mounted with hidepid=2: it shows this user's processes only",
			"limited: 1 024 MB of 2 048 MB of swap are in use: RSS leaves out what is swapped",
			"ok: the kernel gives no huge page unasked (transparent_hugepage: never)",
			"limited: vm.overcommit_memory=2: 1 024 MB are left to be asked for, used or not; a fork may fail at that",
			"limited: KSM has merged 100 MB of equal pages: RSS counts them all",
			"limited: load average 2.75 on 4 cores: the machine is busy",
			"limited: no cgroup of this process counts memory here: limits and kills for memory may go unseen",
			"limited: 28 232 ports to connect from, 20 117 of them in TIME_WAIT: connecting gets slow",
			"limited: accept queues are cut to 128 (net.core.somaxconn); servers ask for up to 2 048",
			"ok: in a container, by its cgroup (kubepods): other containers may share its cores",
		}},
		{"kernel-4.18", []string{
			"ok: /proc shows the processes of every user",
			"ok: no swap: all that the app holds is in its RSS",
			"ok: the kernel gives no huge page unasked (transparent_hugepage: madvise)",
			"ok: memory counts when it is used (vm.overcommit_memory=0)",
			"ok: equal pages aren't merged (KSM is off)",
			"ok: load average 0.31 on 4 cores: quiet enough",
			"ok: cgroups: v1, with the memory controller",
			"ok: 28 232 ports to connect from, 12 of them in TIME_WAIT",
			"limited: accept queues are cut to 128 (net.core.somaxconn); servers ask for up to 2 048",
			"ok: no sign of a container",
		}},
		{"doctor-few-ports", []string{
			"limited: whether /proc hides processes isn't known: nothing in /proc/self/mountinfo",
			"ok: no swap: all that the app holds is in its RSS",
			"ok: this kernel has no transparent huge pages",
			"ok: memory counts when it is used (vm.overcommit_memory=1)",
			"ok: KSM is on, and has merged nothing",
			"ok: load average 1.5 on 3 cores: quiet enough", // exactly half of them
			"limited: no cgroup of this process counts memory here: limits and kills for memory may go unseen",
			"limited: 1 000 ports to connect from, 0 of them in TIME_WAIT: connecting gets slow",
			"ok: accept queues are as long as servers ask (net.core.somaxconn=2048)",
			"ok: in a container, by /run/.containerenv: other containers may share its cores",
		}},
		{"doctor-nothing-said", []string{
			"limited: whether /proc hides processes isn't known: nothing in /proc/self/mountinfo",
			"limited: whether there is swap, which RSS leaves out, isn't known: nothing in /proc/meminfo",
			"ok: this kernel has no transparent huge pages",
			"limited: whether memory is promised beyond what there is isn't known: nothing in /proc/sys/vm/overcommit_memory",
			"ok: equal pages aren't merged (KSM is off)",
			"limited: how busy the machine is isn't known: nothing in /proc/loadavg",
			"limited: no cgroup of this process counts memory here: limits and kills for memory may go unseen",
			"limited: from which ports connections start isn't known: nothing in /proc/sys/net/ipv4/ip_local_port_range",
			"limited: how long a server's accept queue may get isn't known: nothing in /proc/sys/net/core/somaxconn",
			"ok: in a container, by /.dockerenv: other containers may share its cores",
		}},
	} {
		t.Run(tt.tree, func(t *testing.T) {
			var got []string
			for _, f := range doctorAt(tt.tree).kernelSays() {
				got = append(got, string(f.State)+": "+f.Text)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			actionable(t, doctorAt(tt.tree).kernelSays())
		})
	}
}

// glibc is at one of several places, musl at one.
func TestLibc(t *testing.T) {
	for _, tt := range []struct {
		loaders string
		want    string
	}{
		{"lib64/ld-linux-x86-64.so.2", "programs here use glibc"},
		{"lib/ld-linux-aarch64.so.1", "programs here use glibc"},
		{"lib/ld-musl-x86_64.so.1", "programs here use musl: with glibc, as in most other images, an app takes other memory"},
		{"lib/ld-musl-aarch64.so.1 lib/ld-linux-aarch64.so.1", "programs here use glibc or musl; a run says which of them its app does"},
		{"lib/libfoo.so", "no C library here that is known: programs bring their own"},
	} {
		root := t.TempDir()
		for _, loader := range strings.Fields(tt.loaders) {
			linuxtest.Write(t, filepath.Join(root, loader), "")
		}
		if got := (Doctor{Root: root}).libc(); got.Text != tt.want || got.State != calibrate.StateOK {
			t.Errorf("%s: %s: %s", tt.loaders, got.State, got.Text)
		}
	}
}

// actionable: whatever isn't ok says what to try.
func actionable(t *testing.T, findings []calibrate.Finding) {
	t.Helper()
	for _, f := range findings {
		if f.Text == "" || (f.Try == "") != (f.State == calibrate.StateOK) {
			t.Errorf("%s is %s, text %q, try %q", f.Name, f.State, f.Text, f.Try)
		}
	}
}

// The version that counts memory, for each tree that the host is read from: 0 where none does.
func TestController(t *testing.T) {
	says := map[string]string{
		"v1-": "cgroups: v1, with the memory controller", "v2-": "cgroups: v2, with the memory controller",
		"hybrid-memory-v1": "cgroups: hybrid, memory is counted by v1", "hybrid-memory-v2": "cgroups: v2, with the memory controller",
		"mounted-twice": "cgroups: v1, with the memory controller", "no-meminfo": "cgroups: v2, with the memory controller",
	}
	unseen := []string{"v1-removed", "v2-no-memory-controller", "v2-not-handed-down", "namespace-outside", "namespace-old-mount",
		"mount-of-another", "not-mounted", "no-cgroups"}
	for _, tt := range trees {
		want, ok := says[tt.name]
		if !ok {
			want = says[tt.name[:3]]
		}
		got := Doctor{Roots: roots(tt.name)}.controller()
		switch {
		case slices.Contains(unseen, tt.name):
			if got.State != calibrate.StateLimited {
				t.Errorf("%s: %s: %s", tt.name, got.State, got.Text)
			}
		case got.State != calibrate.StateOK || got.Text != want:
			t.Errorf("%s: %s: %q, want %q", tt.name, got.State, got.Text, want)
		}
	}
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		all = append(all, path)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// This machine, whatever it is. What is said of it here is held to what can be seen in another way.
func TestExamineHere(t *testing.T) {
	child := start(t, nil)
	dir := t.TempDir()
	d := Doctor{Roots: Here(), Root: "/", Dir: dir, Child: child.pid, Clients: 512}
	host, all := d.Examine()
	actionable(t, all)
	state := map[string]calibrate.State{}
	for _, f := range all {
		if f.Name == "" || state[f.Name] != "" {
			t.Errorf("the name %q of %q is missing, or taken", f.Name, f.Text)
		}
		state[f.Name] = f.State
		if f.Area == "" || f.Stops {
			t.Errorf("%s is in area %q; stops %v: %s", f.Name, f.Area, f.Stops, f.Text)
		}
	}
	if major, minor, ok := linux.ParseRelease(host.Kernel); ok && (major > 6 || major == 6 && minor >= 16) && state["statm"] != calibrate.StateOK {
		t.Errorf("statm is %s on Linux %s", state["statm"], host.Kernel)
	}
	for name, want := range map[string]calibrate.State{
		"peak": calibrate.StateOK, "smaps_rollup": calibrate.StateOK, "loopback": calibrate.StateOK, "writable": calibrate.StateOK,
	} {
		if state[name] != want {
			t.Errorf("%s is %s, want %s", name, state[name], want)
		}
	}
	if left := entries(t, dir); len(left) != 1 {
		t.Errorf("made in the folder: %q", left)
	}
}

// Without a /proc nothing can be measured, and nothing of it is said to be well.
func TestNoProc(t *testing.T) {
	empty := t.TempDir()
	d := Doctor{Roots: Roots{FS: linux.FS{Proc: empty, Sys: empty}}, Root: empty}
	for i, f := range []calibrate.Finding{d.statm(""), d.peak(), d.rollup(), d.strangers(), d.hiding(), d.swap(), d.overcommit(),
		d.busy(calibrate.Host{}), d.controller(), d.ports(), d.backlog()} {
		if stops := i == 0; f.State == calibrate.StateOK || f.Stops != stops {
			t.Errorf("%s, stops %v: %s", f.State, f.Stops, f.Text)
		}
	}
}

// Another user's process: root reads a child of nobody's; nobody does not read root's.
func TestStrangers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start a process of another user")
	}
	stranger := start(t, &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: true})
	d := Doctor{Roots: Roots{FS: linux.Here}, Stranger: stranger.pid}
	_, err := os.ReadFile(d.path(strconv.Itoa(stranger.pid), "smaps_rollup"))
	want := calibrate.StateOK
	if errors.Is(err, fs.ErrPermission) { // a root without capabilities
		want = calibrate.StateLimited
	}
	if got := d.strangers(); got.State != want {
		t.Errorf("%s: %s; reading it: %v", got.State, got.Text, err)
	}
}

// A child of the same user is no stranger, whatever the caller takes it for.
func TestOwnChildIsNoStranger(t *testing.T) {
	child := start(t, nil)
	d := Doctor{Roots: Roots{FS: linux.Here}, Stranger: child.pid}
	if pid, _ := d.foreign(); pid == child.pid {
		t.Error("our own child is taken for another user's process")
	}
}

func TestHidepid(t *testing.T) {
	line := func(options string) string { return "22 27 0:21 / /proc rw - proc none " + options + "\n" }
	for _, tt := range []struct{ mounts, want string }{
		{line("rw"), ""},
		{line("rw,hidepid=0"), ""},
		{line("rw,hidepid=off"), ""},
		{line("rw,gid=4,hidepid=invisible"), "invisible"},
		{line("rw,hidepid=2") + line("rw"), ""}, // the later mount is the one that is seen
		{strings.Replace(line("rw,hidepid=2"), "/proc rw", "/chroot/proc rw", 1), ""},
		{"", ""},
	} {
		if got := hidepid(linux.ParseMountinfo(tt.mounts)); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.mounts, got, tt.want)
		}
	}
}

func TestLag(t *testing.T) {
	for _, tt := range []struct {
		kernel string
		cores  int
		page   int64
		want   string
	}{
		{"6.12.0-amd64", 2, 4 << 10, "0.25 MB"}, // 32 pages x 2 cores
		{"6.2.0", 64, 4 << 10, "32 MB"},         // 128 x 64
		{"6.15", 16, 4 << 10, "2 MB"},           // 32 x 16
		{"6.12.0-arm64-16k", 2, 16 << 10, "1 MB"},
		{"6.12.0-arm64-64k", 2, 64 << 10, "4 MB"},
		{"6.1.0-18-amd64", 64, 4 << 10, "252 KB a thread"},
		{"5.15.0", 2, 4 << 10, "252 KB a thread"},
		{"4.18.0-553.el8.aarch64", 2, 64 << 10, "3.94 MB a thread"},
		{"", 1, 4 << 10, "0.12 MB"},
	} {
		if got := lag(tt.kernel, tt.cores, tt.page); got != tt.want {
			t.Errorf("%q on %d cores with pages of %d: %s, want %s", tt.kernel, tt.cores, tt.page, got, tt.want)
		}
	}
}

// A probe whose counters lag as those of Linux 6.2 to 6.15: a core's pages are added once there are 32 of them.
type lagging struct {
	calibrate.Probe
	known int64
}

func (l *lagging) Read() (rss, anon int64, err error) {
	rss, anon, err = l.Probe.Read()
	if rss-l.known >= 32*linux.PageSize || l.known-rss >= 32*linux.PageSize {
		l.known = rss
	}
	return l.known, anon, err
}

func TestLaggingCountersAreSeen(t *testing.T) {
	p := open(t, os.Getpid())
	if exact, err := seesEveryPage(&lagging{Probe: p}); exact || err != nil {
		t.Errorf("exact %v, %v", exact, err)
	}
}

func TestSayHugePages(t *testing.T) {
	for _, tt := range []struct {
		setting string
		touch   int64
		page    int64
		state   calibrate.State
		text    string
	}{
		{"always", 2 * mb, 4 << 10, calibrate.StateLimited, "huge pages come unasked: one touched byte took 2 048 kB of RSS"},
		{"always", 4 << 10, 4 << 10, calibrate.StateOK, "the kernel gives no huge page unasked, though the setting is always"},
		{"always", 64 << 10, 64 << 10, calibrate.StateOK, "the kernel gives no huge page unasked, though the setting is always"},
		{"always", 32 * mb, 16 << 10, calibrate.StateLimited, "huge pages come unasked: one touched byte took 32 768 kB of RSS"},
		{"madvise", 0, 4 << 10, calibrate.StateOK, "the kernel gives no huge page unasked (transparent_hugepage: madvise)"},
	} {
		if got := sayHugePages(tt.setting, tt.touch, tt.page); got.State != tt.state || got.Text != tt.text {
			t.Errorf("%s, %d: %s: %s", tt.setting, tt.touch, got.State, got.Text)
		}
	}
}

// The second half's first byte lies in a huge page that fits into the mapping, wherever that begins.
func TestGrowthSeesAHugePage(t *testing.T) {
	const size = 2 << 20
	p := open(t, os.Getpid())
	most := int64(0)
	for range 8 {
		grown, err := growth(p, 2*size, func(b []byte) {
			_ = unix.Madvise(b, unix.MADV_HUGEPAGE)
			b[size] = 1
		})
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, grown)
	}
	if most < linux.PageSize {
		t.Errorf("a touched page grew RSS by %d bytes", most)
	}
	if most < size {
		t.Skipf("no huge page to be had: RSS grew by %d bytes", most)
	}
}

// The lesser of both limits is what counts.
func TestSayDescriptors(t *testing.T) {
	for _, tt := range []struct {
		own, app uint64
		want     string
	}{
		{20000, 1024, "ok: open files: calibrate 20 000, the app 1 024; a load of 512 clients, the most of an open loop, needs 544"},
		{544, unix.RLIM_INFINITY, "ok: open files: calibrate 544, the app any number; a load of 512 clients, the most of an open loop, needs 544"},
		{543, 0, "limited: open files: calibrate 543: enough for 511 clients at once; a load of 512, the most of an open loop, needs 544"},
		{20000, 100, "limited: open files: calibrate 20 000, the app 100: enough for 68 clients at once; a load of 512, the most of an open loop, needs 544"},
		{20, 20, "limited: open files: calibrate 20, the app 20: enough for 0 clients at once; a load of 512, the most of an open loop, needs 544"},
	} {
		f := sayDescriptors(tt.own, tt.app, 512)
		if got := string(f.State) + ": " + f.Text; got != tt.want {
			t.Errorf("%s\nwant %s", got, tt.want)
		}
	}
}

func TestWritable(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(dir string) error
		want calibrate.State
	}{
		{"an empty folder", func(string) error { return nil }, calibrate.StateOK},
		{"runs are there", func(dir string) error { return os.MkdirAll(filepath.Join(dir, ".calibrate", "runs"), 0o755) }, calibrate.StateOK},
		{"a file in its place", func(dir string) error { return os.WriteFile(filepath.Join(dir, ".calibrate"), nil, 0o600) }, calibrate.StateLimited},
		{"a link to nothing", func(dir string) error { return os.Symlink("nowhere", filepath.Join(dir, ".calibrate")) }, calibrate.StateLimited},
		{"no folder at all", os.RemoveAll, calibrate.StateLimited},
	} {
		dir := filepath.Join(t.TempDir(), "here")
		if err := errors.Join(os.Mkdir(dir, 0o755), tt.make(dir)); err != nil {
			t.Fatal(err)
		}
		got := Doctor{Dir: dir}.writable()
		err := os.MkdirAll(filepath.Join(dir, ".calibrate", "runs", "one"), 0o755)
		if tt.name == "no folder at all" {
			err = fs.ErrNotExist // MkdirAll makes that too; a shell whose folder was removed is where this is met
		}
		if got.State != tt.want || (err == nil) != (tt.want == calibrate.StateOK) {
			t.Errorf("%s: %s: %s; making it: %v", tt.name, got.State, got.Text, err)
		}
	}
}

// A shell whose folder was removed is still in it, and can list it: nothing can be made there.
func TestFolderThatIsGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{".", dir} {
		d := Doctor{Dir: where}
		for _, f := range []calibrate.Finding{d.writable(), d.space()} {
			if f.State != calibrate.StateLimited || !strings.HasSuffix(f.Text, ": this folder is gone") || f.Try != "cd to one that exists" {
				t.Errorf("%s in %q: %s: %s; try %s", f.Name, where, f.State, f.Text, f.Try)
			}
		}
	}
}

func TestSaySpace(t *testing.T) {
	if f := saySpace(50 << 20); f.State != calibrate.StateLimited || f.Text != "50 MB free on disk; a run takes 2.86 MB an hour beside the app's log" {
		t.Errorf("%s: %s", f.State, f.Text)
	}
	if f := saySpace(100 << 20); f.State != calibrate.StateOK {
		t.Errorf("%s: %s", f.State, f.Text)
	}
}

func TestCI(t *testing.T) {
	if f := (Doctor{}).ci(); f.State != calibrate.StateOK {
		t.Error(f.Text)
	}
	f := Doctor{CI: []string{"CI", "GITHUB_ACTIONS"}}.ci()
	if f.State != calibrate.StateLimited || !strings.Contains(f.Try, "env -u CI -u GITHUB_ACTIONS calibrate run") {
		t.Errorf("%s: %s; try %s", f.State, f.Text, f.Try)
	}
}

func TestHostFindings(t *testing.T) {
	for _, tt := range []struct{ want, got string }{
		{"8 192 MB of memory, 6 144 MB of them free, and no cgroup limit", hostMemory(calibrate.Host{MemoryBytes: 8 * gb, AvailableBytes: 6 * gb}).Text},
		{"1 024 MB of memory, 512 MB of them free, by cgroup v2 memory.max of /web", hostMemory(calibrate.Host{MemoryBytes: 8 * gb,
			AvailableBytes: gb / 2, MemoryLimitBytes: gb, MemoryLimitSource: "cgroup v2 memory.max of /web"}).Text},
		{"this machine's memory isn't known", hostMemory(calibrate.Host{}).Text},
		{"1 core by affinity, and no quota below that", hostCPUs(calibrate.Host{CPUs: 1}).Text},
		{"1.5 of 4 cores, by cgroup v2 cpu.max of /web", hostCPUs(calibrate.Host{CPUs: 4, CPULimit: 1.5, CPULimitSource: "cgroup v2 cpu.max of /web"}).Text},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
