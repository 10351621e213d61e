package server

import (
	"path/filepath"
	"runtime"
)

// Jemalloc is the jemalloc library of this machine, as the distributions install it; "" if there is none.
func Jemalloc() string {
	for _, folder := range []string{"/usr/lib/" + triple[runtime.GOARCH], "/usr/lib64", "/usr/lib", "/usr/local/lib"} {
		if found, _ := filepath.Glob(filepath.Join(folder, "libjemalloc.so.2")); len(found) > 0 { // the pattern is well-formed
			return found[0]
		}
	}
	return ""
}

// triple is Debian's folder for the libraries of an architecture (multiarch).
var triple = map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
