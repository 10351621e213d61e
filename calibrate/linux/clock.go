package linux

import "golang.org/x/sys/unix"

// ClockTicks is the unit of the times in /proc/PID/stat: USER_HZ, which is 100 on every architecture that Go runs
// on under Linux (include/asm-generic/param.h).
const ClockTicks = 100

// SinceBoot is the clock that the start times in /proc/PID/stat are told by, in seconds.
func SinceBoot() float64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return float64(now.Sec) + float64(now.Nsec)/1e9
}
