package target

import "path/filepath"

// Jemalloc is the jemalloc library of this machine, as the distributions install it; "" where there is none.
func Jemalloc() string {
	for _, pattern := range []string{"/usr/lib/*/libjemalloc.so.2", "/usr/lib64/libjemalloc.so.2", "/usr/lib/libjemalloc.so.2", "/usr/local/lib/libjemalloc.so.2"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 { // the patterns are well-formed
			return found[0]
		}
	}
	return ""
}
