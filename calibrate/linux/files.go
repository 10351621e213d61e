package linux

import "strconv"

// OpenFiles is how many files a process has open, sockets included, and how many it may have (proc_pid_limits(5), the soft
// limit). The most is 0 where there is none.
func (fs FS) OpenFiles(pid int) (open, most int, err error) {
	all, err := fs.Descriptors(strconv.Itoa(pid))
	if err != nil {
		return 0, 0, err
	}
	text, err := fs.readAll(strconv.Itoa(pid), "limits")
	if err != nil {
		return 0, 0, err
	}
	limit, _ := ParseSoftLimit(string(text), LimitOpenFiles)
	return len(all), int(limit), nil
}
