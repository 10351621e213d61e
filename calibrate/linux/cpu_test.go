package linux

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const statText = `cpu  110 22 33 4000 50 6 7 8 90 10
cpu0 100 20 30 2000 25 5 4 3 90 10
cpu1 10 2 3 2000 25 1 3 5 0 0
intr 123 0 0
ctxt 456
`

func TestParseCores(t *testing.T) {
	all := func(int) bool { return true }
	for _, c := range []struct {
		name, text string
		counts     func(int) bool
		want       Cores
	}{
		{"all", statText, all, Cores{Count: 2, Busy: 100 + 20 + 30 + 5 + 4 + 10 + 2 + 3 + 1 + 3, Steal: 8}},
		{"one", statText, func(n int) bool { return n == 1 }, Cores{Count: 1, Busy: 10 + 2 + 3 + 1 + 3, Steal: 5}},
		{"none", statText, func(int) bool { return false }, Cores{}},
		{"before steal (Linux 2.6.11)", "cpu 1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7\n", all, Cores{}},
		{"no numbers", "cpu0 1 2 x 4 5 6 7 8\n", all, Cores{}},
		{"nothing", "", all, Cores{}},
	} {
		if got := ParseCores([]byte(c.text), c.counts); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestParseSchedstat(t *testing.T) {
	none := ThreadTime{-1, -1}
	for text, want := range map[string]ThreadTime{"88462 3794457 2\n": {88462, 3794457}, "0 0 0\n": {}, "1\n": none, "": none, "1 x 2": none, "1 -5 2": none, "y 5 2": none, "-1 5 2": none} {
		if got, ok := ParseSchedstat([]byte(text)); ok != (want != none) || ok && got != want {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
}

func TestThreadTimes(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"42/task/42/schedstat": "5 7 1\n", "42/task/43/schedstat": "5 11 1\n", "42/task/44/comm": "ended\n"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := (FS{Proc: root}).ThreadTimes(42); len(got) != 2 || got[42] != (ThreadTime{5, 7}) || got[43] != (ThreadTime{5, 11}) {
		t.Errorf("%v", got)
	}
	if got := (FS{Proc: root}).ThreadTimes(4711); len(got) != 0 {
		t.Errorf("%v of no process", got)
	}
}

// The clock of this process by its number is its own, and goes on only while it works.
func TestProcessCPU(t *testing.T) {
	before, err := ProcessCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 20*time.Millisecond; {
	}
	own, err := OwnCPU()
	if err != nil {
		t.Fatal(err)
	}
	after, err := ProcessCPU(os.Getpid())
	if err != nil || after-before < 1e6 || own < before || own > after {
		t.Errorf("%d, own %d, then %d ns: %v", before, own, after, err)
	}
	if _, err := ProcessCPU(1 << 22); err == nil { // above the highest number of a process (PID_MAX_LIMIT)
		t.Error("a process that can't be has a clock")
	}
}

func TestParsePressure(t *testing.T) {
	for text, want := range map[string]int64{
		"some avg10=1.53 avg60=0.87 avg300=0.20 total=2515355\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=12\n": 2515355,
		"full avg10=0.00 avg60=0.00 avg300=0.00 total=12\nsome avg10=0.00 avg60=0.00 avg300=0.00 total=0\n":       0,
		"full avg10=0.00 avg60=0.00 avg300=0.00 total=12\n":                                                       -1,
		"some avg10=0.00 total=-4\n": -1,
		"some\n":                     -1,
		"":                           -1,
	} {
		got, ok := ParsePressure([]byte(text))
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, ok, want)
		}
	}
}

func FuzzProcessor(f *testing.F) {
	for _, text := range []string{statText, "88462 3794457 2\n", "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\nfull total=9\n", "cpu0 1 2 3 4 5 6 7 -8\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if c := ParseCores(text, func(int) bool { return true }); c.Count < 0 || c.Count > bytes.Count(text, []byte("cpu")) || c.Busy < 0 || c.Steal < 0 {
			t.Errorf("%+v of %q", c, text)
		}
		if times, ok := ParseSchedstat(text); times.Ran < 0 || times.Waited < 0 || !ok && times != (ThreadTime{}) {
			t.Errorf("%+v, %v of %q", times, ok, text)
		}
		if n, ok := ParsePressure(text); ok && n < 0 || !ok && n != 0 {
			t.Errorf("%d, %v of %q", n, ok, text)
		}
	})
}
