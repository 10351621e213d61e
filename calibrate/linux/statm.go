package linux

import (
	"errors"
	"os"
)

// PageSize is the kernel's unit of memory, in bytes.
var PageSize = int64(os.Getpagesize())

var errStatm = errors.New("statm doesn't start with three numbers")

// ParseStatm takes the second and third field of /proc/PID/statm, which are pages, in bytes: what is resident, and what
// of it is backed by files or shared memory (fs/proc/task_mmu.c, task_statm). The difference is the kernel's RssAnon.
// A process that has ended and isn't reaped has a statm of zeros.
//
// It allocates nothing: it runs at every sample.
func ParseStatm(b []byte, page int64) (resident, shared int64, err error) {
	_, b, err = leadingNumber(b) // size: virtual memory, which says nothing of what is used
	if err != nil {
		return 0, 0, err
	}
	if resident, b, err = leadingNumber(b); err != nil {
		return 0, 0, err
	}
	shared, _, err = leadingNumber(b)
	return resident * page, shared * page, err
}

// leadingNumber cuts one number off b. Thirteen digits are the most it takes: no page count has more, and times any
// page size that still fits an int64.
func leadingNumber(b []byte) (n int64, rest []byte, err error) {
	i := 0
	for i < len(b) && b[i] == ' ' {
		i++
	}
	start := i
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		n = n*10 + int64(b[i]-'0')
		i++
		if i-start > 13 {
			return 0, nil, errStatm
		}
	}
	if i == start || i < len(b) && b[i] != ' ' && b[i] != '\n' {
		return 0, nil, errStatm
	}
	return n, b[i:], nil
}
