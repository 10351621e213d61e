package linux

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMapped(t *testing.T) {
	proc := t.TempDir()
	if err := os.Mkdir(filepath.Join(proc, "7"), 0o700); err != nil {
		t.Fatal(err)
	}
	const maps = `55d0c8a00000-55d0c8a01000 r--p 00000000 fe:00 1234   /usr/bin/python3.11
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
7f1000000000-7f1000001000 r-xp 00000000 fe:00 99     /usr/lib/x86_64-linux-gnu/libc-2.31.so
7f1800000000-7f1800001000 r-xp 00000000 fe:00 97     /lib/libc.musl-x86_64.so.1
7f2000000000-7f2000001000 r-xp 00000000 fe:00 98     /opt/my libs/libjemalloc.so.2 (deleted)
7ffd00000000-7ffd00001000 rw-p 00000000 00:00 0      [stack]
`
	if err := os.WriteFile(filepath.Join(proc, "7", "maps"), []byte(maps), 0o600); err != nil {
		t.Fatal(err)
	}
	fs := FS{Proc: proc}
	for pattern, want := range map[string]bool{
		`libc[.\-][s2]*`: true, "libjemalloc.so.2": true, "libc.so.6": false, "libc.musl*": true, `libc.[s2]*`: false, "libs": false, "*stack*": false,
	} {
		if got, err := fs.Mapped(7, pattern); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", pattern, got, err, want)
		}
	}
	if _, err := fs.Mapped(8, "libc.so.6"); err == nil || !strings.Contains(err.Error(), "can't be read") {
		t.Errorf("of no process: %v", err)
	}
	if own, err := Here.Mapped(os.Getpid(), filepath.Base(os.Args[0])); err != nil || !own {
		t.Errorf("this test doesn't have its own program in its memory: %v", err)
	}
}

func FuzzMapsFiles(f *testing.F) {
	f.Add("7f2000000000-7f2000001000 r-xp 00000000 fe:00 98     /opt/my libs/libjemalloc.so.2 (deleted)\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, file := range MapsFiles(text) {
			if !strings.HasPrefix(file, "/") || !strings.Contains(text, file) {
				t.Errorf("%q in %q", file, text)
			}
		}
	})
}
