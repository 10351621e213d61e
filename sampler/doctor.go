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
	add := func(area string, findings ...calibrate.Finding) {
		for _, f := range findings {
			f.Area = area
			all = append(all, f)
		}
	}
	add(areaMemory, d.statm(host.Kernel), d.peak(), d.rollup(), d.strangers(), d.hiding(),
		d.swap(), d.hugePages(), d.overcommit(), d.merging())
	add(areaHost, hostMemory(host), hostCPUs(host))
	for _, w := range warnings {
		add(areaHost, limited(w.Code, w.Try, "%s", w.Text))
	}
	add(areaHost, d.busy(host), d.controller())
	add(areaLoad, d.descriptors(), d.ports(), d.backlog(), loopback4(), loopback6())
	add(areaFiles, d.writable(), d.space())
	add(areaAround, d.container(), d.ci())
	return host, all
}

func fine(name, format string, args ...any) calibrate.Finding {
	return calibrate.Finding{Name: name, State: calibrate.StateOK, Text: fmt.Sprintf(format, args...)}
}

func limited(name, try, format string, args ...any) calibrate.Finding {
	return calibrate.Finding{Name: name, State: calibrate.StateLimited, Text: fmt.Sprintf(format, args...), Try: try}
}

func missing(name, try, format string, args ...any) calibrate.Finding {
	return calibrate.Finding{Name: name, State: calibrate.StateMissing, Text: fmt.Sprintf(format, args...), Try: try}
}

// unread is for what the kernel says in a file that isn't there, or isn't as expected.
func unread(name, what, file string) calibrate.Finding {
	return limited(name, "run calibrate where all of /proc and /sys is mounted", "%s isn't known: nothing in %s", what, file)
}

// stopping is for what calibrate run can't work without.
func stopping(f calibrate.Finding) calibrate.Finding {
	f.Stops = true
	return f
}
