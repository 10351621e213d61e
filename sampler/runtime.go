package sampler

import (
	"os"
	"path"
	"regexp"
	"strconv"

	"workermem/calibrate"
)

// Runtime is what a process runs on, by the files that it has mapped. Nothing is run to find out: a version is looked for in the
// file itself. What can't be told is "".
func (m Memory) Runtime(pid int) calibrate.Runtime {
	files, _ := m.MappedFiles(pid) // of another user's process they can't be read
	read := func(file string) string {
		text, _ := os.ReadFile(m.ProcPath(strconv.Itoa(pid), "root") + file) // as the process itself sees it
		return string(text)
	}
	return runtimeOf(files, read)
}

func runtimeOf(files []string, read func(file string) string) calibrate.Runtime {
	r := calibrate.Runtime{Interpreter: interpreterOf(files, read), Libc: libcOf(files, read)}
	if r.Libc != "" {
		r.Allocator = "libc"
		if file := find(files, allocators); file != "" {
			r.Allocator = path.Base(file)
		}
	}
	return r
}

var (
	allocators   = regexp.MustCompile(`^lib(jemalloc|tcmalloc|mimalloc)[\w.\-]*$`)
	python       = regexp.MustCompile(`^(?:lib)?python(\d+\.\d+)t?[\w.]*$`) // of free threading "t"
	interpreters = regexp.MustCompile(`^(?:ruby|node|nodejs|php)[\w.\-]*$|^libruby[\w.\-]*$`)
	glibc        = regexp.MustCompile(`^libc(?:-2\.\d+)?\.so(?:\.6)?$`)
	musl         = regexp.MustCompile(`^(?:ld-musl|libc\.musl)-[\w.\-]+$`)
	glibcSays    = regexp.MustCompile(`GNU C Library [^\n]{0,80}version (\d+\.\d+)`)
)

// find is the first file whose name matches, "" if there is none.
func find(files []string, pattern *regexp.Regexp) string {
	for _, file := range files {
		if pattern.MatchString(path.Base(file)) {
			return file
		}
	}
	return ""
}

// interpreterOf is "Python 3.11.2", or the name of another program that runs the app's; "" of one that is compiled.
func interpreterOf(files []string, read func(file string) string) string {
	if file := find(files, python); file != "" {
		minor := python.FindStringSubmatch(path.Base(file))[1]
		whole := regexp.MustCompile(`\x00(` + regexp.QuoteMeta(minor) + `\.\d+(?:(?:a|b|rc)\d+)?\+?)\x00`)
		if says := whole.FindStringSubmatch(read(file)); says != nil { // PY_VERSION
			return "Python " + says[1]
		}
		return "Python " + minor
	}
	if file := find(files, interpreters); file != "" {
		return path.Base(file)
	}
	return ""
}

// libcOf is "glibc 2.36", or "musl"; "" of a program without one.
func libcOf(files []string, read func(file string) string) string {
	if file := find(files, glibc); file != "" {
		if says := glibcSays.FindStringSubmatch(read(file)); says != nil {
			return "glibc " + says[1]
		}
		return "glibc"
	}
	if find(files, musl) != "" {
		return "musl"
	}
	return ""
}
