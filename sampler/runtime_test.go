package sampler

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"workermem/calibrate"
)

// Each row is what a process has mapped, and what is told of it.
func TestRuntime(t *testing.T) {
	texts := map[string]string{
		"/usr/bin/python3.11":            "\x00spam\x003.11.2\x00\x003.11\x00",
		"/usr/lib/libpython3.14t.so.1.0": "\x003.14.0rc2+\x00",
		"/lib/libc.so.6":                 "GNU C Library (Debian GLIBC 2.36-9+deb12u4) stable release version 2.36.\n",
		"/lib/libc-2.31.so":              "GNU C Library (Debian GLIBC 2.31-13) stable release version 2.31.\n",
	}
	for _, tc := range []struct {
		files []string
		want  calibrate.Runtime
	}{
		{nil, calibrate.Runtime{}},
		{[]string{"/srv/app"}, calibrate.Runtime{}}, // compiled, and linked to nothing
		{[]string{"/usr/bin/python3.11", "/lib/libc.so.6"}, calibrate.Runtime{Interpreter: "Python 3.11.2", Libc: "glibc 2.36", Allocator: "libc"}},
		{[]string{"/usr/sbin/uwsgi", "/usr/lib/libpython3.14t.so.1.0", "/lib/libc-2.31.so"}, calibrate.Runtime{Interpreter: "Python 3.14.0rc2+", Libc: "glibc 2.31", Allocator: "libc"}},
		{[]string{"/usr/bin/python3.12", "/opt/lib/libjemalloc.so.2", "/lib/ld-musl-x86_64.so.1"}, calibrate.Runtime{Interpreter: "Python 3.12", Libc: "musl", Allocator: "libjemalloc.so.2"}},
		{[]string{"/usr/bin/node", "/lib/libc.so.6"}, calibrate.Runtime{Interpreter: "node", Libc: "glibc 2.36", Allocator: "libc"}},
		{[]string{"/usr/bin/ruby3.1", "/usr/lib/libruby-3.1.so.3.1.2", "/lib/libc.so.6"}, calibrate.Runtime{Interpreter: "ruby3.1", Libc: "glibc 2.36", Allocator: "libc"}},
		{[]string{"/usr/lib/python3.11/lib-dynload/_json.so", "/usr/lib/libcrypt.so.1"}, calibrate.Runtime{}},
	} {
		if diff := cmp.Diff(tc.want, runtimeOf(tc.files, func(file string) string { return texts[file] })); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.files, diff)
		}
	}
}
