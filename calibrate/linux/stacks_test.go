package linux

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Stacks are what stands on a guard: two of 512 KB and one of a page. A library's memory, its gap without access, what follows
// that, the heap and the main stack are none.
func TestParseSpaces(t *testing.T) {
	text, err := os.ReadFile("../../fixtures/proc/virtual-threads/4711/smaps")
	if err != nil {
		t.Fatal(err)
	}
	want := Spaces{Reserved: 65404 << 10, Stacks: []Stack{{516 << 10, 12 << 10}, {516 << 10, 40 << 10}, {8 << 10, 4 << 10}}}
	got, err := ParseSpaces(text)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}

	var maps strings.Builder // the same without what is resident
	for line := range strings.Lines(string(text)) {
		if _, ok := parseMapping([]byte(line)); ok {
			maps.WriteString(line)
		}
	}
	got, err = ParseSpaces([]byte(maps.String()))
	if err != nil || len(got.Stacks) != 3 || got.Stacks[0] != (Stack{Size: 516 << 10}) || got.Reserved != want.Reserved {
		t.Errorf("of maps: %+v %v", got, err)
	}
}

func FuzzParseSpaces(f *testing.F) {
	f.Add("7f80635b3000-7f80635b4000 ---p 00000000 00:00 0\n7f80635b4000-7f8063634000 rw-p 00000000 00:00 0\nRss:  12 kB\n")
	f.Add("ffffffffff600000-1 ---p 0 0 0")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseSpaces([]byte(text))
		if err != nil {
			return
		}
		for _, s := range got.Stacks {
			if s.Size <= 0 || s.Resident < 0 {
				t.Errorf("%+v of %q", got, text)
			}
		}
		if got.Reserved < 0 {
			t.Errorf("%+v of %q", got, text)
		}
	})
}

func TestParseSoftLimit(t *testing.T) {
	text, err := os.ReadFile("../../fixtures/proc/virtual-threads/4711/limits")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int64{LimitStack: 8 << 20, LimitAddressSpace: 1000 << 20, "Max cpu time": 0, "Max": 0, "Max open files": 0} {
		if got, ok := ParseSoftLimit(string(text), name); got != want || ok != (want > 0) {
			t.Errorf("%s: %d %v, want %d", name, got, ok, want)
		}
	}
}

func TestParseBeancounter(t *testing.T) {
	text, err := os.ReadFile("../../fixtures/proc/virtual-openvz/user_beancounters")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]int64{PrivatePages: {60000, 65536}, "kmemsize": {2547968, 11055923}, "lockedpages": {0, 256}} {
		if held, barrier, ok := ParseBeancounter(string(text), name); held != want[0] || barrier != want[1] || !ok {
			t.Errorf("%s: %d of %d, %v", name, held, barrier, ok)
		}
	}
	for _, name := range []string{"physpages", "numproc", "resource"} { // without a barrier, not there, the heading
		if _, _, ok := ParseBeancounter(string(text), name); ok {
			t.Errorf("%s is limited", name)
		}
	}
	unlimited := strings.Replace(string(text), "65536", "9223372036854775807", 1)
	if _, _, ok := ParseBeancounter(unlimited, PrivatePages); ok {
		t.Error("the greatest long is a barrier")
	}
}

func TestParseNameAndThreads(t *testing.T) {
	const text = "Name:\tphp-fpm8.2\nTgid:\t7\nThreads:\t18\n"
	if name, n := ParseName(text), ParseThreads(text); name != "php-fpm8.2" || n != 18 {
		t.Errorf("%q %d", name, n)
	}
	if name, n := ParseName(""), ParseThreads("Threads:\t-3\n"); name != "" || n != 0 {
		t.Errorf("%q %d", name, n)
	}
}
