package sampler

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"workermem/calibrate"
)

// isGone: procfs answers ESRCH for whatever belonged to a process that has ended.
func isGone(err error) bool { return errors.Is(err, syscall.ESRCH) }

// failed is the error of a file that was open already: what can go wrong there is mostly the process's end.
func (p *probe) failed(name string, err error) error {
	if isGone(err) {
		return calibrate.ErrGone
	}
	return fmt.Errorf("%s/%s can't be read: %w", p.path, name, err)
}

// explain turns what the kernel said of a file into an error a person can act on. A process that has ended may answer
// in several ways, so it is asked for a sign of life first.
//
// errors.Is finds fs.ErrPermission, and errors.ErrUnsupported where this kernel has no such file.
func (p *probe) explain(name string, err error) error {
	if isGone(err) || p.ended() {
		return calibrate.ErrGone
	}
	path := p.path + "/" + name
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w: %s", path, err, p.advice())
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EINVAL):
		return fmt.Errorf("%s: %w here (%w): it needs Linux 4.14 with CONFIG_PROC_PAGE_MONITOR", path, errors.ErrUnsupported, err)
	}
	return fmt.Errorf("%s can't be used: %w", path, err)
}

// ended asks statm, which anyone may read, whether the process lives.
func (p *probe) ended() bool {
	if p.statm < 0 { // Open failed on statm itself
		return false
	}
	_, _, err := p.read()
	return errors.Is(err, calibrate.ErrGone)
}

// advice is what to do about a refusal. A process may be read by its own user and by root; if root is refused as
// well, it is a root without the capability to trace, as in most containers.
func (p *probe) advice() string {
	user := p.dir.Owner()
	switch me := os.Geteuid(); {
	case user < 0:
		return "run calibrate as the user of the process, or as root"
	case me == 0:
		return "root lacks the right to trace processes here; start the container with --cap-add=SYS_PTRACE, " +
			"or run calibrate as the user of the process"
	case user == me:
		return "the process changed its user or rights after it started, so only root may see this; run calibrate as root"
	default:
		return fmt.Sprintf("the process belongs to user %d; run calibrate as that user, or as root", user)
	}
}
