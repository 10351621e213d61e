package linux

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/linux/linuxtest"
)

func TestParseStat(t *testing.T) {
	for _, comm := range []string{"gunicorn", "", ")", "a) S 1 (b", "two words", "tab\tnew\nline", strings.Repeat(")", 15), "(wsgi:pylons)"} {
		got, err := ParseStat([]byte(linuxtest.StatLine(42, comm, 'S', 7, 123456)))
		want := Stat{PID: 42, Comm: comm, State: 'S', Parent: 7, Group: 42, Session: 7, Threads: 1, CPU: 33, System: 22, Reaped: 7, ReapedSystem: 4, Start: 123456}
		if err != nil || got != want {
			t.Errorf("comm %q: %+v, %v", comm, got, err)
		}
	}
	for _, bad := range []string{"", "42", "42 (x", "42 x) S 1", "42 (x) S 1 2 3", "42 (x) SS " + strings.Repeat("1 ", 30), "x (x) S " + strings.Repeat("1 ", 30), ") ("} {
		if got, err := ParseStat([]byte(bad)); err == nil {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
}

func TestOwnStat(t *testing.T) {
	s, err := Here.Stat(os.Getpid())
	if err != nil || s.PID != os.Getpid() || s.Parent != os.Getppid() || !s.Alive() {
		t.Errorf("%+v %v", s, err)
	}
	if now := int64(SinceBoot() * ClockTicks); s.Start <= 0 || s.Start > now+1 || now-s.Start > 3600*ClockTicks {
		t.Errorf("started at %d ticks, it is %d now", s.Start, now)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte(linuxtest.StatLine(1, "a) S (b", 'Z', 2, 3)))
	f.Add([]byte("1 (x) S"))
	f.Fuzz(func(t *testing.T, line []byte) {
		s, err := ParseStat(line)
		if err == nil && !strings.Contains(string(line), "("+s.Comm+")") {
			t.Errorf("the name %q is not in %q", s.Comm, line)
		}
	})
}

func TestParseArgs(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                  nil,
		"\x00\x00":                          nil,
		"python\x00-m\x00x\x00":             {"python", "-m", "x"},
		"a\x00\x00b\x00":                    {"a", "", "b"},
		"gunicorn: worker [x]\x00\x00\x00":  {"gunicorn: worker [x]"},
		"puma: cluster worker 0: 1 [app]  ": {"puma: cluster worker 0: 1 [app]"},
	} {
		if got := ParseArgs([]byte(text)); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzParseArgs(f *testing.F) {
	f.Add([]byte("a\x00b\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, arg := range ParseArgs(data) {
			if strings.Contains(arg, "\x00") {
				t.Errorf("%q in %q", arg, data)
			}
		}
	})
}

func TestDescendants(t *testing.T) {
	for name, c := range map[string]struct {
		family linuxtest.Family
		want   []int
	}{
		"none":       {linuxtest.Family{1: {2}, 3: {4}}, nil},
		"chain":      {linuxtest.Family{5: {6}, 6: {7}, 7: {8}}, []int{6, 7, 8}},
		"two levels": {linuxtest.Family{1: {5, 9}, 5: {6, 7}, 6: {8}}, []int{6, 7, 8}},
	} {
		for _, files := range []bool{true, false} {
			p := FS{Proc: c.family.Write(t, files)}
			root := 5
			if name == "none" {
				root = 2
			}
			if got := p.Descendants(root); !slices.Equal(got, c.want) {
				t.Errorf("%s, children files %v: %v, want %v", name, files, got, c.want)
			}
			if got := PIDs(p.Tree(root)); !slices.Equal(got, c.want) {
				t.Errorf("%s, children files %v: tree %v, want %v", name, files, got, c.want)
			}
		}
	}
}

func TestZombiesDoNotLive(t *testing.T) {
	p := FS{Proc: linuxtest.Family{1: {2, 3}}.Write(t, true)}
	linuxtest.Write(t, filepath.Join(p.Proc, "3", "stat"), linuxtest.StatLine(3, "x", 'Z', 1, 3))
	if got := PIDs(p.Tree(1)); !slices.Equal(got, []int{2}) {
		t.Errorf("%v", got)
	}
}

// Processes read one after the other may look like each other's parents.
func TestRing(t *testing.T) {
	all := []Stat{{PID: 2, Parent: 1}, {PID: 3, Parent: 4}, {PID: 4, Parent: 3}, {PID: 5, Parent: 2}, {PID: 1, Parent: 5}}
	if got := PIDs(below(1, all)); !slices.Equal(got, []int{2, 5}) {
		t.Errorf("%v", got)
	}
}

func TestChildrenOfAProcessThatIsGone(t *testing.T) {
	p := FS{Proc: linuxtest.Family{1: {2}}.Write(t, true)}
	if got, err := p.Children(99); err == nil {
		t.Errorf("%v", got)
	}
	if got := p.Descendants(99); got != nil {
		t.Errorf("%v", got)
	}
}

// A file longer than one read.
func TestReadAll(t *testing.T) {
	p := FS{Proc: t.TempDir()}
	var want []int
	for n := range 3000 {
		want = append(want, n+1)
	}
	linuxtest.Write(t, p.Proc+"/7/task/7/children", strings.Trim(fmt.Sprint(want), "[]"))
	if got, err := p.Children(7); err != nil || !slices.Equal(got, want) {
		t.Errorf("%d of %d, %v", len(got), len(want), err)
	}
}
