package target

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// packageVersion is the version of a Python package that a running server was started from, as its installer wrote it
// down beside it: NAME-VERSION.dist-info or .egg-info among the packages of the program's prefix. Nothing is run for it,
// for that may be another user's program. It is "" where that can't be seen, where there is more than one, and where it
// was installed after the server's start: what runs then is an older one.
func (r *Running) packageVersion(name string, p program) string {
	file := p.argv[min(p.index, len(p.argv)-1)]
	if p.module {
		file = p.argv[0] // the interpreter of a virtual environment is in its bin too
	}
	if !filepath.IsAbs(file) || strings.ContainsAny(file, `*?[\`) {
		return ""
	}
	packages := r.file("root", filepath.Dir(filepath.Dir(file)), "lib*", "python*", "*-packages", name+"-*-info")
	found, _ := filepath.Glob(packages) // the pattern is well-formed
	var versions []string
	for _, folder := range found {
		m := packageInfo.FindStringSubmatch(filepath.Base(folder))
		info, err := os.Stat(folder)
		if m == nil || err != nil || info.ModTime().After(r.started()) {
			return ""
		}
		versions = append(versions, m[1])
	}
	slices.Sort(versions)
	if versions = slices.Compact(versions); len(versions) != 1 { // lib64 is often a link to lib
		return ""
	}
	return versions[0]
}

var packageInfo = regexp.MustCompile(`^[A-Za-z0-9_.]+-([0-9][^-]*)(?:-py[0-9.]+)?\.(?:dist|egg)-info$`)

// started is the time of the server's start, by the clock on the wall.
func (r *Running) started() time.Time {
	ago := sinceBoot() - float64(r.root.start)/clockTicks
	return time.Now().Add(-time.Duration(ago * float64(time.Second)))
}
