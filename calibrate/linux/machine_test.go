package linux

import (
	"strings"
	"testing"
)

func TestMachineParsers(t *testing.T) {
	for text, want := range map[string]int{"0-1\n": 2, "0": 1, "0-3,8,10-11\n": 7, "": 0, "3-1": 0, "0-": 0, "a": 0, "0,,1": 0, "99999999": 0} {
		if got := ParseCoreList(text); got != want {
			t.Errorf("ParseCoreList(%q) = %d, want %d", text, got, want)
		}
	}
	for text, want := range map[string]int{"TCP: inuse 1 orphan 0 tw 7 alloc 1\n": 7, "UDP: tw 7\n": -1, "TCP: tw\n": -1, "TCP: tw -1": -1, "\n": -1} {
		if got, ok := ParseTimeWait(text); got != max(want, 0) || ok != (want >= 0) {
			t.Errorf("ParseTimeWait(%q) = %d, %v, want %d", text, got, ok, want)
		}
	}
	for text, want := range map[string]bool{"1 65535": true, "0 10": false, "10 9": false, "1 65536": false, "1": false, "1 2 3": false} {
		if _, _, ok := ParsePortRange(text); ok != want {
			t.Errorf("ParsePortRange(%q) is %v", text, ok)
		}
	}
	for text, want := range map[string]bool{"0.21 0.28 0.85 3/106 4766\n": true, "": false, "-1 0 0": false, "NaN": false, "Inf": false} {
		if _, ok := ParseLoadAverage(text); ok != want {
			t.Errorf("ParseLoadAverage(%q) is %v", text, ok)
		}
	}
	for text, want := range map[string]string{"always [madvise] never\n": "madvise", "[always": "", "always]": "", "": ""} {
		if got := ParseChosen(text); got != want {
			t.Errorf("ParseChosen(%q) = %q", text, got)
		}
	}
}

func FuzzMachineParsers(f *testing.F) {
	for _, text := range []string{"0-3,8\n", "TCP: inuse 1 orphan 0 tw 7\n", "32768\t60999\n", "0.21 0.28 0.85 3/106 4766\n", "a [b] c", "SwapTotal: 12 kB\n", "6.1.0-18-amd64"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n := ParseCoreList(text); n < 0 || n > 1<<16*(len(text)+1) {
			t.Errorf("%d cores", n)
		}
		if n, _ := ParseTimeWait(text); n < 0 {
			t.Errorf("%d in TIME_WAIT", n)
		}
		if low, high, ok := ParsePortRange(text); ok && (low < 1 || high < low || high > 65535) {
			t.Errorf("ports from %d to %d", low, high)
		}
		if a, ok := ParseLoadAverage(text); ok && !(a >= 0 && a < 1e9) {
			t.Errorf("a load average of %v", a)
		}
		if w := ParseChosen(text); !strings.Contains(text, "["+w+"]") && w != "" {
			t.Errorf("chosen %q", w)
		}
		if n, ok := ParseKilobytes(text, "SwapTotal"); n < 0 || !ok && n != 0 {
			t.Errorf("%d bytes of swap, %v", n, ok)
		}
		if major, minor, ok := ParseRelease(text); ok && (major < 0 && !strings.HasPrefix(text, "-") || minor < 0) {
			t.Errorf("release %d.%d", major, minor)
		}
	})
}
