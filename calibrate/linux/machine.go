package linux

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseLoadAverage is that of the last minute, from /proc/loadavg (proc_loadavg(5)).
func ParseLoadAverage(text string) (float64, bool) {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	average, err := strconv.ParseFloat(first, 64)
	return average, err == nil && average >= 0 && average < 1e9
}

// ParseTimeWait takes the figure after "tw" in the line "TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 168" of
// /proc/net/sockstat: the closed connections that still hold a port (net/ipv4/proc.c, sockstat_seq_show).
func ParseTimeWait(text string) (n int, ok bool) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "TCP:" {
			continue
		}
		for i := 1; i+1 < len(fields); i += 2 {
			if n, err := strconv.ParseUint(fields[i+1], 10, 31); err == nil && fields[i] == "tw" {
				return int(n), true
			}
		}
	}
	return 0, false
}

// ParsePortRange reads net.ipv4.ip_local_port_range, "32768\t60999" (ip(7)).
func ParsePortRange(text string) (low, high int, ok bool) {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return 0, 0, false
	}
	low, err := strconv.Atoi(fields[0])
	high, err2 := strconv.Atoi(fields[1])
	return low, high, err == nil && err2 == nil && 0 < low && low <= high && high < 1<<16
}

// ParseCoreList counts the cores of a list such as "0-3,8" (cpuset(7), List format), 0 for what isn't one.
func ParseCoreList(text string) int {
	n := 0
	for part := range strings.SplitSeq(strings.TrimSpace(text), ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		a, err := strconv.ParseUint(low, 10, 16)
		b, err2 := strconv.ParseUint(high, 10, 16)
		if err != nil || err2 != nil || b < a {
			return 0
		}
		n += int(b-a) + 1
	}
	return n
}

// ParseChosen is the word in brackets, as in /sys/kernel/mm/transparent_hugepage/enabled: "always [madvise] never".
func ParseChosen(text string) string {
	_, after, _ := strings.Cut(text, "[")
	word, _, found := strings.Cut(after, "]")
	if !found {
		return ""
	}
	return word
}

// ParseRelease takes the first two numbers of a kernel's release: "6.1.0-18-amd64".
func ParseRelease(kernel string) (major, minor int, ok bool) {
	_, err := fmt.Sscanf(kernel, "%d.%d", &major, &minor)
	return major, minor, err == nil
}
