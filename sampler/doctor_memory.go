package sampler

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
)

// statm touches pages and looks whether statm has seen every one of them at once.
func (d Doctor) statm(kernel string) calibrate.Finding {
	p, err := d.self()
	if err != nil {
		return stopping("mount /proc where calibrate runs", "the memory of a process can't be read: %s", brief(err))
	}
	defer p.Close()
	exact, err := seesEveryPage(p)
	switch {
	case err != nil:
		return stopping("run calibrate on another kernel", "the memory of a process can't be read: %s", brief(err))
	case !exact:
		return limited("Linux 6.16 or newer; or a longer soak, in which creep outgrows this: calibrate run --duration 5m",
			"RSS lags behind: each of its counters may be off by %s", lag(kernel, cores(d.Roots), linux.PageSize))
	}
	return fine("RSS is exact: statm saw each page as it was touched")
}

// touchedPages are fewer than the 32 that a core may keep to itself, so that a counter that lags shows none of them.
const touchedPages = 16

// seesEveryPage touches fresh pages some times over. Meanwhile the Go runtime may take or give back pages of its own,
// so not every try has to fit; and counters that lag fit by chance, in one try of some hundred.
func seesEveryPage(p calibrate.Probe) (bool, error) {
	const tries, enough = 20, 5
	seen := 0
	for range tries {
		grown, err := growth(p, touchedPages*int(linux.PageSize), func(b []byte) {
			for i := 0; i < len(b); i += int(linux.PageSize) {
				b[i] = 1
			}
		})
		if err != nil {
			return false, err
		}
		if grown == touchedPages*linux.PageSize {
			seen++
		}
	}
	return seen >= enough, nil
}

// growth is by how much RSS has grown, says the probe, after something was done with memory that nobody had used.
func growth(p calibrate.Probe, size int, use func([]byte)) (int64, error) {
	b, free, err := linux.Pages(size)
	if err != nil {
		return 0, err
	}
	defer func() { _ = free() }()
	before, _, err := p.Read()
	if err != nil {
		return 0, err
	}
	use(b)
	after, _, err := p.Read()
	return after - before, err
}

// lag is how far a counter of RSS may be off if statm doesn't add up what each core or thread keeps to itself:
//
//   - from Linux 6.2 to 6.15, on each core less than max(32, 2 x cores) pages (lib/percpu_counter.c,
//     percpu_counter_batch; mm_counter in include/linux/mm.h). 6.16 adds them up.
//   - before, in each thread up to 63 pages (TASK_RSS_EVENTS_THRESH in mm/memory.c; proc_pid_statm(5)).
func lag(kernel string, cores int, page int64) string {
	if major, minor, ok := linux.ParseRelease(kernel); ok && (major < 6 || major == 6 && minor < 2) {
		return say.Bytes(63*page) + " a thread"
	}
	return say.MB(int64(max(32, 2*cores)) * int64(cores) * page)
}

// spikeBytes is large beside what counters may lag by on one core.
const spikeBytes = 8 << 20

// peak makes a spike, looks whether the high-water mark has it, resets the mark and looks again.
func (d Doctor) peak() calibrate.Finding {
	const try = "use a kernel with CONFIG_PROC_PAGE_MONITOR; sandboxes such as gVisor have none of this"
	p, err := d.self()
	if err != nil {
		return missing(try, "no high-water mark: %s", brief(err))
	}
	defer p.Close()
	before, _, err := p.Read()
	if err == nil {
		err = spike(spikeBytes)
	}
	if err != nil {
		return missing(try, "no high-water mark: %s", brief(err))
	}
	high, err := p.Peak()
	if err != nil || high-before < spikeBytes/2 {
		return missing(try, "no high-water mark (VmHWM): a spike between two samples, 0.1 s apart, goes unseen")
	}
	if err := p.ResetPeak(); err != nil {
		return limited(try, "VmHWM can't be reset, so peaks are those of samples 0.1 s apart: %s", brief(err))
	}
	if after, err := p.Peak(); err != nil || high-after < spikeBytes/2 {
		return limited(try, "writing to clear_refs doesn't reset VmHWM, so peaks are those of samples 0.1 s apart")
	}
	return fine("peaks are exact: VmHWM saw a spike of 8 MB, and could be reset")
}

// spike uses memory for a moment.
func spike(size int) error {
	b, free, err := linux.Pages(size)
	if err != nil {
		return err
	}
	for i := 0; i < len(b); i += int(linux.PageSize) {
		b[i] = 1
	}
	return free()
}

// rollup reads the page tables of a child, as a run does with the worker.
func (d Doctor) rollup() calibrate.Finding {
	pid := d.Child
	if pid == 0 {
		pid = os.Getpid()
	}
	p, err := Memory{d.Roots.FS}.Open(pid)
	if err == nil {
		defer p.Close()
		_, err = p.Detail()
	}
	if err != nil {
		return missing("use a kernel with CONFIG_PROC_PAGE_MONITOR (smaps_rollup: Linux 4.14)",
			"private pages can't be counted apart from shared ones: one more worker counts with its whole RSS (%s)", brief(err))
	}
	return fine("private pages are counted apart from shared ones, in smaps_rollup of a child")
}

// self opens this process.
func (d Doctor) self() (calibrate.Probe, error) { return Memory{d.Roots.FS}.Open(os.Getpid()) }

// path is a file of /proc.
func (d Doctor) path(parts ...string) string {
	return filepath.Join(append([]string{d.Roots.Proc}, parts...)...)
}

// brief is the cause alone: a line has no room for the advice around it.
func brief(err error) string {
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return path.Error()
	case errors.Is(err, calibrate.ErrGone):
		return "it isn't in /proc"
	}
	return reason(err)
}
