package sampler

import (
	"fmt"
	"math"
	"os"
	"runtime"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
)

// lack is one thing that calibrate itself has too little of.
type lack struct{ why, try string }

// What calibrate takes itself, its guard included, and some to spare. Seen on 2 cores: 10 threads each, and an app of one thread was
// measured where 21 more could be started, not where 17 could, before a third process waited for a crash, of 4 MB; 2.0 GB of addresses, which Go's runtime and glibc reserve and never
// use; 43 MB of memory. Go starts up to a thread a core beside those that wait for the kernel, but has few of many cores busy: with 64
// (GOMAXPROCS) a run started 32 more, the app's among them.
const (
	ownTasks     = 20 // more than it has, and two a core, up to
	mostForCores = 16
	ownAddresses = 2 << 30
	ownMemory    = 52 * calibrate.MiB
)

// Short is a *calibrate.Failure where calibrate itself has too little to work with here, and nil where it has enough. What would
// fail in the middle, or be taken for the app's fault, is said before anything is started.
func Short() error {
	host, _ := Host()
	for _, l := range Here().lacks(host) {
		return &calibrate.Failure{Kind: calibrate.KindTool, What: "calibrate itself has too little to work with here", Why: l.why, Try: l.try}
	}
	return nil
}

// room is the doctor's word on that.
func (d Doctor) room(host calibrate.Host) calibrate.Finding {
	for _, l := range d.Roots.lacks(host) {
		return stopping(l.try, "calibrate itself has too little to work with: %s", l.why)
	}
	return fine("calibrate itself has what it needs: open files, threads, addresses, memory")
}

func (r Roots) lacks(host calibrate.Host) (all []lack) {
	if most := linux.OwnLimit(linux.OpenFiles); most < ownDescriptors {
		all = append(all, lack{fmt.Sprintf("it may open only %s, and needs %s, and one for each client", say.Plural(int64(most), "file"), say.Count(ownDescriptors)), //nolint:gosec // it is small
			"ulimit -n 4096 (LimitNOFILE= of a unit, --ulimit of a container)"})
	}
	need := int64(ownTasks + min(2*runtime.GOMAXPROCS(0), mostForCores))
	if free, bound := r.tasks(); free < need {
		all = append(all, lack{fmt.Sprintf("only %s may be started (%s), and it needs %s for itself, its guard and the app", say.Plural(free, "more thread"), bound, say.Count(need)),
			"allow more: ulimit -u, TasksMax= of a unit, --pids-limit of a container"})
	}
	if most := linux.OwnLimit(linux.Addresses); most < ownAddresses {
		all = append(all, lack{fmt.Sprintf("its addresses are limited to %s (ulimit -v), and Go reserves %s", say.MB(int64(most)), say.MB(ownAddresses)), //nolint:gosec // it is small
			"ulimit -v unlimited; limit memory by a control group, or let --memory say what is there"})
	}
	if free := host.AvailableBytes; free > 0 && free < ownMemory {
		all = append(all, lack{fmt.Sprintf("%s of memory are free, and it takes up to %s itself", say.MB(free), say.MB(ownMemory)),
			"end something else, or raise the limit: measuring needs more memory than serving does"})
	}
	return all
}

// tasks is how many threads and processes may still be started, and what says so. The kernel counts them a control group, with all
// that is below it, and a user, but for root (kernel/fork.c, is_rlimit_overlimit).
func (r Roots) tasks() (free int64, bound string) {
	free = math.MaxInt64
	cgroups, _ := r.Cgroups("self")
	for _, g := range cgroups.Hierarchy("pids").Groups {
		most, err := g.Number("pids.max")
		now, err2 := g.Number("pids.current")
		if err == nil && err2 == nil && most-now < free {
			free, bound = most-now, "pids.max of "+g.Path
		}
	}
	if most := linux.OwnLimit(linux.Tasks); os.Getuid() != 0 && most < math.MaxInt32 {
		if left := int64(most) - r.tasksOf(os.Getuid()); left < free {
			free, bound = left, "ulimit -u"
		}
	}
	return max(free, 0), bound
}

// tasksOf counts the threads of a user.
func (r Roots) tasksOf(uid int) (n int64) {
	pids, _ := r.Processes()
	for _, s := range r.Stats(pids) {
		if r.Owner(s.PID) == uid {
			n += int64(s.Threads)
		}
	}
	return n
}
