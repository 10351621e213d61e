package linux

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Mount is one line of /proc/PID/mountinfo, as far as cgroups need it (proc_pid_mountinfo(5)).
type Mount struct {
	Root    string   // what part of the file system is mounted: for cgroups, the cgroup that is seen at Point
	Point   string   // where
	Type    string   // "cgroup", "cgroup2"...
	Options []string // of the file system, not of the mount: for a v1 hierarchy its controllers
}

// Mounts are those that this process sees.
func (fs FS) Mounts() ([]Mount, error) {
	text, err := os.ReadFile(fs.ProcPath("self", "mountinfo"))
	if err != nil {
		return nil, err
	}
	return ParseMountinfo(string(text)), nil
}

// ParseMountinfo reads the lines it understands and passes over the others: a strange mount elsewhere must not hide
// the limits. Of mounts at one point only the last is seen, so only that is kept. Nothing more can be said from the
// order: a root that was pivoted to stands after what was mounted before.
func ParseMountinfo(text string) []Mount {
	var mounts []Mount
	for line := range strings.Lines(text) {
		m, ok := parseMount(strings.Fields(line))
		if !ok {
			continue
		}
		mounts = slices.DeleteFunc(mounts, func(old Mount) bool { return old.Point == m.Point })
		mounts = append(mounts, m)
	}
	return mounts
}

// parseMount takes the fields of a line: ID, parent, device, root, point, options, any number of tags, "-", type,
// source, options of the file system.
func parseMount(fields []string) (Mount, bool) {
	const tags = 6
	if len(fields) < tags {
		return Mount{}, false
	}
	i := slices.Index(fields[tags:], "-")
	if i < 0 || len(fields) < tags+i+4 {
		return Mount{}, false
	}
	after := fields[tags+i+1:]
	m := Mount{Root: unescape(fields[3]), Point: unescape(fields[4]), Type: after[0], Options: strings.Split(after[2], ",")}
	return m, strings.HasPrefix(m.Root, "/") && strings.HasPrefix(m.Point, "/")
}

// unescape undoes \040 and its like, by which the kernel keeps blanks out of a field (fs/seq_file.c, mangle_path).
func unescape(s string) string {
	return octal.ReplaceAllStringFunc(s, func(found string) string {
		c, _ := strconv.ParseUint(found[1:], 8, 8) // what matches is one byte
		return string([]byte{byte(c)})
	})
}

var octal = regexp.MustCompile(`\\[0-3][0-7]{2}`)

// within says whether a path is a folder or lies in it.
func within(path, folder string) bool {
	return path == folder || folder == "/" || strings.HasPrefix(path, folder+"/")
}
