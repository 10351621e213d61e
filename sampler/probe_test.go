package sampler

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func read(t testing.TB, p calibrate.Probe) (rss, anon int64) {
	t.Helper()
	rss, anon, err := p.Read()
	if err != nil {
		t.Fatal(err)
	}
	return rss, anon
}

// near: within a share of what is true.
func near(t testing.TB, what string, got, want int64, share float64) {
	t.Helper()
	if off := float64(got-want) / float64(want); math.Abs(off) > share {
		t.Errorf("%s: %.2f MB, want %.2f (%+.2f %%)", what, float64(got)/mb, float64(want)/mb, 100*off)
	}
}

// What is locked of a file is told apart, and is one of its file pages.
func TestLockedFile(t *testing.T) {
	s := start(t, nil)
	p := open(t, s.pid)
	before := must(p.Kinds())(t)
	s.do("lock 4")
	after := must(p.Kinds())(t)
	near(t, "locked", after.Locked-before.Locked, 4*mb, 0.01)
	near(t, "file pages", after.File-before.File, 4*mb, 0.1)
}

// 60 MB held are 60 MB of RSS, of its anonymous part, of USS and of PSS; 40 MB of shared memory are RSS, but not
// anonymous; and all of it goes when it is freed.
func TestKnownAnswers(t *testing.T) {
	s := start(t, nil)
	p := open(t, s.pid)
	rss0, anon0 := read(t, p)
	d0 := must(p.Detail())(t)
	near(t, "RSS of smaps_rollup", d0.RSS, rss0, 0.05)

	s.do("hold 60")
	rss1, anon1 := read(t, p)
	d1 := must(p.Detail())(t)
	near(t, "RSS", rss1-rss0, 60*mb, 0.01)
	near(t, "anon", anon1-anon0, 60*mb, 0.01)
	near(t, "USS", d1.USS()-d0.USS(), 60*mb, 0.01)
	near(t, "PSS", d1.PSS-d0.PSS, 60*mb, 0.01)
	near(t, "Private_Dirty", d1.PrivateDirty-d0.PrivateDirty, 60*mb, 0.01)
	near(t, "RSS of smaps_rollup", d1.RSS, rss1, 0.01)

	s.do("share 40")
	rss2, anon2 := read(t, p)
	near(t, "RSS", rss2-rss1, 40*mb, 0.01)
	if grown := anon2 - anon1; grown > mb/2 {
		t.Errorf("40 MB of shared memory count as %d anonymous bytes", grown)
	}

	s.do("free")
	rss3, anon3 := read(t, p)
	if rss3 > rss0+mb || anon3 > anon0+mb {
		t.Errorf("after all was freed: RSS %+d, anon %+d", rss3-rss0, anon3-anon0)
	}
}

// RssAnon is what status says it is.
func TestAnonIsRssAnon(t *testing.T) {
	s := start(t, nil)
	s.do("hold 20")
	_, anon := read(t, open(t, s.pid))
	text := string(must(os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid)))(t))
	want, found := linux.ParseKilobytes(text, "RssAnon")
	if !found {
		t.Skip("this kernel's status has no RssAnon (before 4.5)")
	}
	near(t, "RssAnon", anon, want, 0.01)
}

// Issue 3: spikes of 5 ms and of 200 MB, the peak within 1 % of truth, and a reset before each.
func TestPeakOfSpikes(t *testing.T) {
	s := start(t, nil)
	p := open(t, s.pid)
	s.do("hold 50")
	for _, size := range []int64{200, 20, 120} {
		if err := p.ResetPeak(); err != nil {
			t.Fatal(err)
		}
		base, _ := read(t, p)
		near(t, "peak after the reset", must(p.Peak())(t), base, 0.01)
		s.do("spike %d 5", size)
		near(t, fmt.Sprintf("peak of a spike of %d MB", size), must(p.Peak())(t), base+size*mb, 0.01)
	}
}

// A peak is never below what was sampled, though the kernel's own mark may be; and a reset forgets the samples too.
func TestPeakIsNoLessThanSamples(t *testing.T) {
	s := start(t, nil)
	p := open(t, s.pid)
	most := int64(0)
	for i := range 20 {
		s.do("hold %d", 1+i%3)
		rss, _ := read(t, p)
		most = max(most, rss)
		if peak := must(p.Peak())(t); peak < most {
			t.Fatalf("peak %d is %d below a sample", peak, most-peak)
		}
	}
	s.do("free")
	if err := p.ResetPeak(); err != nil {
		t.Fatal(err)
	}
	if peak := must(p.Peak())(t); peak > most-30*mb {
		t.Errorf("40 MB were freed and the mark was reset, but the peak fell from %d to %d", most, peak)
	}
}

// calls are the four ways to ask a probe.
var calls = []struct {
	name string
	call func(calibrate.Probe) error
}{
	{"Read", func(p calibrate.Probe) error { _, _, err := p.Read(); return err }},
	{"Peak", func(p calibrate.Probe) error { _, err := p.Peak(); return err }},
	{"ResetPeak", calibrate.Probe.ResetPeak},
	{"Detail", func(p calibrate.Probe) error { _, err := p.Detail(); return err }},
	{"Status", func(p calibrate.Probe) error { _, err := p.Status(); return err }},
	{"Virtual", func(p calibrate.Probe) error { _, err := p.Virtual(); return err }},
}

func wantGone(t *testing.T, p calibrate.Probe, state string) {
	t.Helper()
	for _, c := range calls {
		if err := c.call(p); !errors.Is(err, calibrate.ErrGone) {
			t.Errorf("%s of %s: %v, want ErrGone", c.name, state, err)
		}
	}
}

func TestGone(t *testing.T) {
	s := start(t, nil)
	p := open(t, s.pid)
	s.end()
	wantGone(t, p, "a zombie")
	wantGone(t, open(t, s.pid), "a process opened as a zombie")
	s.bury()
	wantGone(t, p, "a dead process")
	if _, err := New().Open(s.pid); !errors.Is(err, calibrate.ErrGone) {
		t.Errorf("Open of a dead process: %v, want ErrGone", err)
	}
}

// A new process with a dead one's number is another process. In a PID namespace of its own, where the next number can
// be chosen and nobody else is disturbed, and so by this test in a process of its own.
func TestReusedPID(t *testing.T) {
	if os.Getpid() == 1 {
		reusePID(t)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, for a PID namespace")
	}
	cmd := again("-test.run=^TestReusedPID$", "-test.count=1", "-test.v")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, unix.EPERM) {
		t.Skip("this root may not make a PID namespace")
	}
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

func reusePID(t *testing.T) {
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	check(unix.Mount("proc", "/proc", "proc", 0, ""))
	old := start(t, nil)
	p := open(t, old.pid)
	read(t, p)
	old.end()
	old.bury()
	for range 100 { // the runtime's own threads take numbers too
		check(os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(strconv.Itoa(old.pid-1)), 0))
		s := start(t, nil)
		if s.pid != old.pid {
			s.end()
			s.bury()
			continue
		}
		wantGone(t, p, "a process whose number was reused")
		read(t, open(t, s.pid))
		return
	}
	t.Fatal("the number never came again")
}

// Who may read what is settled by the kernel; that the refusal says what to do is ours.
func TestOtherUsersProcess(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to be other users")
	}
	own := start(t, &syscall.Credential{Uid: 64001, Gid: 64001})
	changed := start(t, nil)
	changed.do("setuid 64002")
	for _, tt := range []struct {
		name   string
		pid    int
		reader uint32
		advice string // "" if nothing is refused
	}{
		{"its own user", own.pid, 64001, ""},
		{"root", own.pid, 0, ""},
		{"a user, of root's process", os.Getpid(), 64002, "the process belongs to user 0; run calibrate as that user, or as root"},
		{"another user", own.pid, 64002, "the process belongs to user 64001; run calibrate as that user, or as root"},
		{"the user it changed to", changed.pid, 64002,
			"the process changed its user or rights after it started, so only root may see this; run calibrate as root"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := again(beReader, strconv.Itoa(tt.pid))
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: tt.reader, Gid: tt.reader}}
			out := string(must(cmd.Output())(t)) // stderr has what -cover complains of
			want := "read: <nil>\npeak: <nil>\ndetail: false <nil>\nreset: false <nil>\n"
			if tt.advice != "" {
				want = fmt.Sprintf("read: <nil>\npeak: <nil>\n"+
					"detail: true /proc/%[1]d/smaps_rollup: permission denied: %[2]s\n"+
					"reset: true /proc/%[1]d/clear_refs: permission denied: %[2]s\n", tt.pid, tt.advice)
			}
			if out != want {
				t.Errorf("got:\n%swant:\n%s", out, want)
			}
		})
	}
}

func TestClosed(t *testing.T) {
	p := open(t, os.Getpid())
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		if err := c.call(p); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s after Close: %v, want os.ErrClosed", c.name, err)
		}
	}
}

// A phase's end asks for the peak, and closes probes, while samples are taken. Run with -race.
func TestConcurrentUse(t *testing.T) {
	p := open(t, os.Getpid())
	var group sync.WaitGroup
	for _, c := range calls {
		group.Go(func() {
			for range 50 {
				if err := c.call(p); err != nil && !errors.Is(err, os.ErrClosed) {
					t.Errorf("%s: %v", c.name, err)
				}
			}
		})
	}
	group.Wait()
	group.Go(func() { p.Close() })
	group.Go(func() { p.Read() })
	group.Wait()
}

// A leak of descriptors would end a long run.
func TestDescriptorsAreGivenBack(t *testing.T) {
	count := func() int { return len(must(os.ReadDir("/proc/self/fd"))(t)) }
	before := count()
	for range 20 {
		p := must(New().Open(os.Getpid()))(t)
		for _, c := range calls {
			if err := c.call(p); err != nil {
				t.Fatal(err)
			}
		}
		p.Close()
		New().Open(math.MaxInt32)
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector's own calls make the buffer escape")
	}
	p := open(t, os.Getpid())
	if n := testing.AllocsPerRun(100, func() { p.Read() }); n != 0 {
		t.Errorf("Read allocates %v times", n)
	}
}

func TestOpenNonsense(t *testing.T) {
	for _, pid := range []int{0, -1} {
		if _, err := New().Open(pid); err == nil || errors.Is(err, calibrate.ErrGone) {
			t.Errorf("Open(%d): %v, want an error that says so", pid, err)
		}
	}
	if _, err := (Memory{linux.FS{Proc: t.TempDir()}}).Open(1); !errors.Is(err, calibrate.ErrGone) {
		t.Errorf("Open where there is no such process: %v, want ErrGone", err)
	}
}

// The root path is a field: a recorded process reads like a living one.
func TestRecordedProcess(t *testing.T) {
	type answers struct {
		peak   int64
		detail calibrate.Detail
	}
	python := calibrate.Detail{RSS: 41204 << 10, PSS: 27511 << 10, PrivateClean: 1200 << 10, PrivateDirty: 22400 << 10, Swap: 64 << 10, Anon: 22400 << 10, PSSAnon: 22400 << 10}
	for _, tt := range []struct {
		name string
		want answers
	}{
		{"sampler-python", answers{45312 << 10, python}},
		// Before 4.14 smaps alone: its mappings add up to the same.
		{"sampler-no-rollup", answers{45312 << 10, python}},
		// A user in very many groups pushes VmHWM out of the first page.
		{"sampler-many-groups", answers{45312 << 10, python}},
		// The kernel's mark is 244 kB below what statm says: the peak is what was read.
		{"sampler-mark-behind", answers{40960 << 10, python}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := Memory{linux.FS{Proc: filepath.Join("..", "fixtures", "proc", tt.name)}}
			p := must(m.Open(4711))(t)
			defer p.Close()
			rss, anon := read(t, p)
			if rss != 10301*linux.PageSize || anon != (10301-4550)*linux.PageSize {
				t.Errorf("RSS %d, anon %d", rss, anon)
			}
			peak := must(p.Peak())(t)
			if peak != max(tt.want.peak, rss) {
				t.Errorf("peak %d, want %d", peak, tt.want.peak)
			}
			if d := must(p.Detail())(t); d != tt.want.detail {
				t.Errorf("detail %+v, want %+v", d, tt.want.detail)
			}
		})
	}
}

func TestRecordedTrouble(t *testing.T) {
	m := Memory{linux.FS{Proc: filepath.Join("..", "fixtures", "proc", "sampler-zombie")}}
	p := must(m.Open(4711))(t)
	defer p.Close()
	for _, c := range calls {
		if c.name == "ResetPeak" {
			continue // it would write to the fixture
		}
		if err := c.call(p); !errors.Is(err, calibrate.ErrGone) {
			t.Errorf("%s of a zombie: %v, want ErrGone", c.name, err)
		}
	}

	// A sandbox's kernel (gVisor) has neither file.
	m.Proc = filepath.Join("..", "fixtures", "proc", "sampler-bare-kernel")
	bare := must(m.Open(4711))(t)
	defer bare.Close()
	for _, c := range calls {
		unsupported := errors.Is(c.call(bare), errors.ErrUnsupported)
		if want := c.name == "Detail" || c.name == "ResetPeak"; unsupported != want {
			t.Errorf("%s is unsupported: %v, want %v", c.name, unsupported, want)
		}
	}
}
