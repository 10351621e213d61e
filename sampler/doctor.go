package sampler

import (
	"fmt"

	"workermem/calibrate"
)

// Doctor finds out what this machine lets calibrate measure, by doing it: on this process, and on idle children that
// the caller has started. It changes nothing.
type Doctor struct {
	Roots    Roots
	Root     string   // "/", where a container leaves its marks
	Dir      string   // the folder in which .calibrate is, or would be
	Child    int      // an idle child of this user; 0 if none could be started
	Stranger int      // an idle child of another user; 0 if none could be started, which takes root
	Clients  int      // the most that a load has at once
	Backlog  int      // the longest accept queue that a server asks for
	CI       []string // the variables that say that this is a CI
}

// The areas of the findings, in their order.
const (
	areaMemory = "memory"
	areaHost   = "host"
	areaLoad   = "load"
	areaFiles  = "files"
	areaAround = "surroundings"
)

// Examine reads the machine as [Host] does and finds out the rest, in some 20 ms.
func (d Doctor) Examine() (calibrate.Host, []calibrate.Finding) {
	host, warnings := HostAt(d.Roots)
	var all []calibrate.Finding
	add := func(area, name string, f calibrate.Finding) {
		f.Area, f.Name = area, name
		all = append(all, f)
	}
	add(areaMemory, "statm", d.statm(host.Kernel))
	add(areaMemory, "peak", d.peak())
	add(areaMemory, "smaps_rollup", d.rollup())
	add(areaMemory, "other-users", d.strangers())
	add(areaMemory, "hidepid", d.hiding())
	add(areaMemory, "swap", d.swap())
	add(areaMemory, "huge-pages", d.hugePages())
	add(areaMemory, "overcommit", d.overcommit())
	add(areaMemory, "ksm", d.merging())
	add(areaHost, "memory", hostMemory(host))
	add(areaHost, "cpus", hostCPUs(host))
	for _, w := range warnings {
		add(areaHost, w.Code, limited(w.Try, "%s", w.Text))
	}
	add(areaHost, "own-room", d.room(host))
	add(areaHost, "load-average", d.busy(host))
	add(areaHost, "cgroups", d.controller())
	add(areaLoad, "descriptors", d.descriptors())
	add(areaLoad, "ports", d.ports())
	add(areaLoad, "backlog", d.backlog())
	add(areaLoad, "loopback", loopback4())
	add(areaLoad, "loopback6", loopback6())
	add(areaFiles, "writable", d.writable())
	add(areaFiles, "space", d.space())
	add(areaAround, "container", d.container())
	add(areaAround, "libc", d.libc())
	add(areaAround, "ci", d.ci())
	return host, all
}

func fine(format string, args ...any) calibrate.Finding {
	return calibrate.Finding{State: calibrate.StateOK, Text: fmt.Sprintf(format, args...)}
}

func limited(try, format string, args ...any) calibrate.Finding {
	return calibrate.Finding{State: calibrate.StateLimited, Text: fmt.Sprintf(format, args...), Try: try}
}

func missing(try, format string, args ...any) calibrate.Finding {
	return calibrate.Finding{State: calibrate.StateMissing, Text: fmt.Sprintf(format, args...), Try: try}
}

// unread is for what the kernel says in a file that isn't there, or isn't as expected.
func unread(what, file string) calibrate.Finding {
	return limited("run calibrate where all of /proc and /sys is mounted", "%s isn't known: nothing in %s", what, file)
}

// stopping is missing, and calibrate run can't work without it.
func stopping(try, format string, args ...any) calibrate.Finding {
	f := missing(try, format, args...)
	f.Stops = true
	return f
}
