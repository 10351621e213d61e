package linux

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		for _, page := range []int64{4 << 10, 16 << 10, 64 << 10} {
			resident, shared, err := ParseStatm([]byte(tt.in), page)
			if (err == nil) != tt.ok || tt.ok && (resident != tt.resident*page || shared != tt.shared*page) {
				t.Errorf("%q in pages of %d: %d, %d, %v", tt.in, page, resident, shared, err)
			}
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
		s, err := ParseStatus([]byte(tt.in))
		if s.HighWater != tt.hwm || s.HasMemory != tt.ok || (err != nil) != tt.err {
			t.Errorf("%q: %+v, %v", tt.in, s, err)
		}
	}
}

func TestProcessOfAThread(t *testing.T) {
	for text, want := range map[string]int{"Name:\tx\nTgid:\t42\nPid:\t43\n": 42, "Name:\tTgid: 7\n": 0, "Tgid:\tx\n": 0} {
		if s, err := ParseStatus([]byte(text)); s.Process != want || err != nil {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}

func TestParseRollup(t *testing.T) {
	whole := string(recorded(t, "sampler-python", "smaps_rollup"))
	for name, in := range map[string]string{
		"empty":             "",
		"cut short":         whole[:strings.Index(whole, "Private_Dirty")],
		"not a number":      strings.Replace(whole, "27511", "27x11", 1),
		"more than fits":    strings.Replace(whole, "   27511", " 9007199254740991", 1),
		"a sum beyond that": strings.Repeat("Rss: 2251799813685247 kB\n", 2) + whole,
	} {
		if d, err := ParseRollup([]byte(in)); err == nil {
			t.Errorf("%s: %+v without an error", name, d)
		}
	}
}

func recorded(t testing.TB, name, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "fixtures", "proc", name, "4711", file))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func FuzzStatm(f *testing.F) {
	f.Add([]byte("22035 10301 4550 1 0 9000 0\n"))
	f.Add([]byte("0 0 0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		const page = 64 << 10
		resident, shared, err := ParseStatm(b, page)
		if err == nil && (resident < 0 || shared < 0 || resident%page != 0 || shared%page != 0) {
			t.Errorf("%d, %d: not bytes of whole pages", resident, shared)
		}
	})
}

func FuzzStatus(f *testing.F) {
	f.Add([]byte("VmPeak:\t 1 kB\nVmHWM:\t   45312 kB\n"))
	f.Add([]byte("State:\tZ (zombie)\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseStatus(b)
		if s.HighWater < 0 || s.HighWater%1024 != 0 || s.HasMemory && err != nil || !s.HasMemory && s.HighWater != 0 {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

func FuzzSmapsRollup(f *testing.F) {
	f.Add(recorded(f, "sampler-python", "smaps_rollup"))
	f.Add(recorded(f, "sampler-no-rollup", "smaps"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseRollup(b)
		if err != nil {
			return
		}
		if min(d.RSS, d.PSS, d.PrivateClean, d.PrivateDirty, d.Swap, d.Anon, d.PSSAnon) < 0 {
			t.Errorf("negative: %+v", d)
		}
		twice, err := ParseRollup(append(append(append([]byte{}, b...), '\n'), b...))
		if err == nil && twice.RSS != 2*d.RSS {
			t.Errorf("two mappings of %d are %d", d.RSS, twice.RSS)
		}
	})
}
