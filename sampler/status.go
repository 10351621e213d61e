package sampler

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// parseStatus takes VmHWM from /proc/PID/status: the most resident bytes since the process started or since its mark
// was reset (fs/proc/task_mmu.c, task_mem). ok is false if there is none: a process without memory of its own has
// no Vm lines, that is a zombie or a kernel thread.
func parseStatus(b []byte) (hwm int64, ok bool, err error) {
	for line := range bytes.Lines(b) {
		value, found := bytes.CutPrefix(line, []byte("VmHWM:"))
		if !found {
			continue
		}
		hwm, err = kilobytes(value)
		return hwm, err == nil, err
	}
	return 0, false, nil
}

// kilobytes turns " 1234 kB" into bytes. The kernel's kB is 1024 bytes.
func kilobytes(b []byte) (int64, error) {
	number, found := bytes.CutSuffix(bytes.TrimSpace(b), []byte("kB"))
	if !found {
		return 0, fmt.Errorf("%q isn't a number of kB", b)
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(number)), 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/1024 {
		return 0, fmt.Errorf("%q isn't a number of kB", b)
	}
	return n * 1024, nil
}
