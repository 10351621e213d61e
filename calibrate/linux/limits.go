package linux

import (
	"strconv"
	"strings"
)

// Names of limits in /proc/PID/limits (fs/proc/base.c, lnames).
const (
	LimitAddressSpace = "Max address space" // RLIMIT_AS, ulimit -v
	LimitStack        = "Max stack size"    // RLIMIT_STACK, ulimit -s
	LimitOpenFiles    = "Max open files"    // RLIMIT_NOFILE, ulimit -n
)

// ParseSoftLimit takes the soft limit of a name from /proc/PID/limits (proc_pid_limits(5)), in the limit's own unit. ok is
// false if it is "unlimited" or isn't there.
func ParseSoftLimit(text, name string) (n int64, ok bool) {
	for line := range strings.Lines(text) {
		rest, found := strings.CutPrefix(line, name+" ")
		if !found {
			continue
		}
		soft, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		n, err := strconv.ParseInt(soft, 10, 64)
		return n, err == nil && n > 0
	}
	return 0, false
}

// PrivatePages is the resource of /proc/user_beancounters that counts the private writable pages of a container's processes,
// whether or not there is memory behind them.
const PrivatePages = "privvmpages"

// ParseBeancounter takes a resource's pages held, and its barrier, above which no process gets more, from
// /proc/user_beancounters of a kernel with OpenVZ (ub_print_beancounter in kernel/bc/proc.c: resource, held, maxheld, barrier,
// limit, failcnt; the first line begins with the container's number). ok is false if it isn't there or has no barrier, which
// is the greatest long.
func ParseBeancounter(text, resource string) (held, barrier int64, ok bool) {
	const unlimited = 1 << 50
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		for i, field := range fields {
			if field != resource || i > 1 || len(fields) < i+4 {
				continue
			}
			held, err := strconv.ParseInt(fields[i+1], 10, 64)
			barrier, err2 := strconv.ParseInt(fields[i+3], 10, 64)
			return held, barrier, err == nil && err2 == nil && held >= 0 && 0 < barrier && barrier < unlimited
		}
	}
	return 0, 0, false
}
