//go:build !linux

package group

import (
	"errors"
	"syscall"
)

// ForkExec starts nothing where there are no control groups.
func (Group) ForkExec(string, []string, *syscall.ProcAttr) (pid int, err error) {
	return 0, errors.ErrUnsupported
}
