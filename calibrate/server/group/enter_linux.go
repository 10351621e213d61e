package group

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// ForkExec starts a program in the group, from its first instruction, and leaves no trace of the caller there: what the
// guard has in memory is not the app's. The calling goroutine must be locked to its thread, and not to the first one
// of the process. The error is a NotEntered if the group is the reason.
//
// In v2 the kernel makes the child there (clone3 with CLONE_INTO_CGROUP, Linux 5.7): the guard never enters. v1 has no
// such call, so there the guard's thread goes in, forks, and comes back. A thread that moves itself alone ("0" in the
// file tasks) takes 0.03 ms and is charged only for what the kernel makes for the child; a whole process (cgroup.procs)
// waits 6 to 14 ms for all others to stop forking, and was charged 20 kB of its own (Linux 6.18). Memory is charged to
// where a process's first thread is.
func (g Group) ForkExec(path string, args []string, attr *syscall.ProcAttr) (pid int, err error) {
	switch g.Version {
	case 1:
		return g.forkInside(path, args, attr)
	case 2:
		return g.forkInto(path, args, attr)
	}
	return syscall.ForkExec(path, args, attr)
}

func (g Group) forkInside(path string, args []string, attr *syscall.ProcAttr) (int, error) {
	back, err := os.OpenFile(filepath.Join(filepath.Dir(g.Folder), "tasks"), os.O_WRONLY, 0) // it was made below our own
	if err != nil {
		return 0, NotEntered{err.Error()}
	}
	defer back.Close()
	if err := writeFile(filepath.Join(g.Folder, "tasks"), "0"); err != nil {
		return 0, NotEntered{err.Error()}
	}
	pid, err := syscall.ForkExec(path, args, attr)
	_, _ = back.WriteString("0") // as it could be opened it can be written; if not, the tool removes the group after us
	return pid, err
}

func (g Group) forkInto(path string, args []string, attr *syscall.ProcAttr) (int, error) {
	folder, err := os.Open(g.Folder)
	if err != nil {
		return 0, NotEntered{err.Error()}
	}
	defer folder.Close()
	sys := *attr.Sys
	sys.UseCgroupFD, sys.CgroupFD = true, int(folder.Fd())
	inGroup := *attr
	inGroup.Sys = &sys
	pid, err := syscall.ForkExec(path, args, &inGroup)
	if err != nil && !isExecError(err) {
		err = NotEntered{os.NewSyscallError("clone3", err).Error()}
	}
	return pid, err
}

// isExecError tells the errors of execve(2) that clone3(2) doesn't have. The program was looked up before, so it is
// none of the errors that both have, such as EACCES.
func isExecError(err error) bool {
	for _, errno := range []syscall.Errno{syscall.ENOENT, syscall.ENOEXEC, syscall.ENOTDIR, syscall.ELOOP, syscall.ETXTBSY, syscall.ELIBBAD} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
