package sampler

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// strangers opens the page tables of another user's process. The kernel decides when the file is opened (fs/proc:
// smaps_rollup_open, proc_mem_open), so nothing need be read of a process that isn't ours. It asks for
// PTRACE_MODE_READ, and Yama's ptrace_scope binds PTRACE_MODE_ATTACH alone (security/yama/yama_lsm.c,
// yama_ptrace_access_check): it makes no difference here.
func (d Doctor) strangers() calibrate.Finding {
	if _, err := os.Stat(d.path("self")); err != nil {
		return unread("whether other users' processes can be read", "/proc")
	}
	pid, err := d.foreign()
	switch {
	case pid == 0:
		return fine("no other user's process is in sight; run needs none")
	case err == nil:
		return fine("other users' processes can be read too, as attach may need")
	case os.Geteuid() == 0:
		return limited("docker run --cap-add=SYS_PTRACE; or, for attach, be the app's own user",
			"root may not read other users' processes: %s", brief(err))
	}
	return limited("run needs no more; for attach, be the app's own user or root", "other users' processes can't be read: %s", brief(err))
}

// foreign finds a process of another user, our own child first, and says what came of opening its page tables.
// A kernel thread has none. pid is 0 if no other user has a process.
func (d Doctor) foreign() (pid int, err error) {
	names := []string{strconv.Itoa(d.Stranger)}
	entries, _ := os.ReadDir(d.Roots.Proc)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for _, name := range names {
		n, err := strconv.Atoi(name)
		info, gone := os.Stat(d.path(name))
		if err != nil || gone != nil || calibrate.Owner(info) == os.Geteuid() || !d.hasMemory(n) {
			continue
		}
		if err := d.openMaps(n); !errors.Is(err, fs.ErrNotExist) && !isGone(err) {
			return n, err
		}
	}
	return 0, nil
}

func (d Doctor) hasMemory(pid int) bool {
	resident, _, err := linux.ParseStatm([]byte(readText(d.path(strconv.Itoa(pid), "statm"))), linux.PageSize)
	return err == nil && resident > 0
}

func (d Doctor) openMaps(pid int) error {
	f, err := os.Open(d.path(strconv.Itoa(pid), "smaps_rollup"))
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.Open(d.path(strconv.Itoa(pid), "smaps"))
	}
	if err == nil {
		f.Close()
	}
	return err
}

// hiding looks whether /proc is mounted such that other users' processes are out of sight (proc(5), hidepid).
func (d Doctor) hiding() calibrate.Finding {
	mounts, err := d.Roots.Mounts()
	how := hidepid(mounts)
	switch {
	case err != nil:
		return unread("whether /proc hides processes", "/proc/self/mountinfo")
	case how == "":
		return fine("/proc shows the processes of every user")
	case d.seesFirst():
		return fine("/proc is mounted with hidepid=%s, but not for this user", how)
	}
	return limited("run needs no more, unless the app changes its user; then be root, or in the group of the mount's gid=",
		"/proc is mounted with hidepid=%s: it shows this user's processes only", how)
}

// hidepid is the option of the /proc that is seen, "" if it hides nothing.
func hidepid(mounts []linux.Mount) string {
	for _, m := range mounts {
		if m.Point != "/proc" || m.Type != "proc" {
			continue
		}
		for _, option := range m.Options {
			if how, ok := strings.CutPrefix(option, "hidepid="); ok && how != "0" && how != "off" {
				return how
			}
		}
	}
	return ""
}

// seesFirst says whether the first process, mostly root's, is shown to this user, who isn't its owner, or is root.
func (d Doctor) seesFirst() bool {
	info, err := os.Stat(d.path("1"))
	return err == nil && d.hasMemory(1) && (os.Geteuid() == 0 || calibrate.Owner(info) != os.Geteuid())
}
