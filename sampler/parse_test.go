package sampler

import (
	"math"
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
