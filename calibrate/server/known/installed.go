package known

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// PackageVersion is the version of a Python package that a running server was started from, as its installer wrote it
// down: the folder NAME-VERSION.dist-info or .egg-info among its packages. Nothing is run for it, for that may be another
// user's program. It is "" if that can't be seen, if there is more than one, and if the package was installed
// after the server's start: what runs then is an older one.
func (r *Running) PackageVersion(name string, p cli.Program) string {
	var versions []string
	for _, pattern := range append(besideProgram(p), r.besideMapped()...) {
		found, _ := filepath.Glob(r.ProcFile("root", pattern, name+"-*-info")) // the pattern is well-formed
		for _, folder := range found {
			m := packageInfo.FindStringSubmatch(filepath.Base(folder))
			info, err := os.Stat(folder)
			if m == nil || err != nil || info.ModTime().After(r.started()) {
				return ""
			}
			versions = append(versions, m[1])
		}
	}
	slices.Sort(versions)
	if versions = slices.Compact(versions); len(versions) != 1 { // lib64 is often a link to lib
		return ""
	}
	return versions[0]
}

// besideProgram is where the packages of the program's prefix are: those of /venv/bin/gunicorn in /venv/lib.
func besideProgram(p cli.Program) []string {
	if len(p.Argv) == 0 {
		return nil
	}
	file := p.Argv[p.Index]
	if p.Module {
		file = p.Argv[0] // the interpreter of a virtual environment is in its bin too
	}
	if !filepath.IsAbs(file) || strings.ContainsAny(file, globs) {
		return nil
	}
	return []string{filepath.Join(filepath.Dir(filepath.Dir(file)), "lib*", "python*", "*-packages")}
}

// besideMapped is where the packages are whose native parts a server has loaded: all there is if it has written a
// title over its command line.
func (r *Running) besideMapped() []string {
	text, err := os.ReadFile(r.ProcFile("maps"))
	if err != nil {
		return nil
	}
	var folders []string
	for _, m := range mappedPackages.FindAllStringSubmatch(string(text), -1) {
		if !slices.Contains(folders, m[1]) && !strings.ContainsAny(m[1], globs) {
			folders = append(folders, m[1])
		}
	}
	return folders
}

const globs = `*?[\`

var mappedPackages = regexp.MustCompile(`(?m) (/\S*/(?:site|dist)-packages)/\S+\.so$`)

var packageInfo = regexp.MustCompile(`^[A-Za-z0-9_.]+-([0-9][^-]*)(?:-py[0-9.]+)?\.(?:dist|egg)-info$`)

// started is the time of the server's start, by the clock on the wall.
func (r *Running) started() time.Time {
	ago := linux.SinceBoot() - float64(r.root.Start)/linux.ClockTicks
	return time.Now().Add(-time.Duration(ago * float64(time.Second)))
}

// InstalledVersion is the version of a Python distribution that was installed with the program, "" if that can't be
// seen. It is for programs that would import the whole app to say their own.
func (l *Launch) InstalledVersion(p cli.Program, dist string) string {
	word := p.Argv[p.Index]
	if p.Module {
		word = p.Argv[max(slices.IndexFunc(p.Argv[:p.Index], func(w string) bool { return cli.IsPython(filepath.Base(w)) }), 0)]
	}
	file, err := cli.LookPath(word, cli.Getenv(l.Env, "PATH"))
	if err != nil {
		return ""
	}
	version := distIn(filepath.Dir(file), dist) // an interpreter in a virtual environment is a link out of it
	if version == "" && !p.Module {
		version = DistVersion(file, dist)
	}
	number, _ := PlainVersion(version)
	return number
}

// metadata is the name of a folder of a distribution's metadata, after the distribution's own name.
var metadata = regexp.MustCompile(`^-(\d[^-]*?)(?:-py[0-9.]+)?\.(?:dist|egg)-info$`)

// DistVersion is the version of a Python distribution beside a script: in the name of its metadata's folder, such as
// ../lib/python3.11/site-packages/waitress-3.0.2.dist-info. "" if there is none.
func DistVersion(script, dist string) string {
	resolved, err := filepath.EvalSymlinks(script)
	if err != nil {
		return ""
	}
	return distIn(filepath.Dir(resolved), dist)
}

// distIn is the version of a Python distribution by the folder that its scripts are in.
func distIn(bin, dist string) string {
	for _, python := range FilesLike(filepath.Join(bin, "..", "lib"), "python3*") {
		for _, packages := range FilesLike(python, "*-packages") {
			for _, folder := range FilesLike(packages, dist+"-*-info") {
				if m := metadata.FindStringSubmatch(strings.TrimPrefix(filepath.Base(folder), dist)); m != nil {
					return m[1]
				}
			}
		}
	}
	return ""
}
