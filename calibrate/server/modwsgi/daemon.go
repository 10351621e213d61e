package modwsgi

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server/known"
)

// wsgiDaemon is a WSGIDaemonProcess directive: a group of processes that run an app.
type wsgiDaemon struct {
	line    int    // in the configuration
	name    string // raw, with its quotation marks
	options []string
}

// defaultDaemonThreads is mod_wsgi's (mod_wsgi.c, wsgi_add_daemon_process).
const defaultDaemonThreads = 15

// restarting options end a process by time, which would be a replaced worker in the middle of a measurement.
var restarting = []string{"restart-interval", "inactivity-timeout"}

// daemon is the group that runs the app. Its error says why there is none that can be measured.
func (c *apacheConfig) daemon() (wsgiDaemon, error) {
	found := c.directives("wsgidaemonprocess")
	const lines = "WSGIDaemonProcess app display-name=%{GROUP} and WSGIProcessGroup app"
	if len(found) == 0 {
		return wsgiDaemon{}, calibrate.Usage("run it in processes of its own, which also is what production should do: "+lines,
			"the app runs inside Apache's own processes (embedded mode), which Apache starts and ends as it likes, so a worker of it can't be measured")
	}
	var all []wsgiDaemon
	var names []string
	for _, i := range found {
		words := c.lines[i].words
		d := wsgiDaemon{line: i, name: apacheWordList(words).at(1), options: words[min(2, len(words)):]}
		all, names = append(all, d), append(names, c.expand(unquote(d.name)))
	}
	if len(all) > 1 {
		return wsgiDaemon{}, calibrate.Usage("give a configuration with the one that is to be measured: apache2 -f /path/to/one.conf -DFOREGROUND",
			"the configuration has %s groups of daemon processes: %s", say.Count(len(all)), strings.Join(names, ", "))
	}
	if !c.uses(names[0]) {
		return wsgiDaemon{}, calibrate.Usage("WSGIProcessGroup "+names[0]+", also in production",
			"no WSGIProcessGroup sends requests to the daemon processes %s, so the app runs inside Apache's own (embedded mode)", names[0])
	}
	return all[0], nil
}

// uses says whether requests go to a group. What only a request decides is taken for a yes.
func (c *apacheConfig) uses(group string) bool {
	sends := func(to string) bool { return to == group || strings.HasPrefix(to, "%{") && to != "%{GLOBAL}" }
	if slices.ContainsFunc(c.values("wsgiprocessgroup"), sends) {
		return true
	}
	for _, i := range c.directives("wsgiscriptalias", "wsgiscriptaliasmatch", "wsgihandlerscript", "wsgiimportscript") {
		for _, arg := range c.lines[i].args() {
			if to, ok := strings.CutPrefix(arg, "process-group="); ok && sends(c.expand(to)) {
				return true
			}
		}
	}
	return false
}

// option is the value of an option, "" for none.
func (d wsgiDaemon) option(c *apacheConfig, name string) string {
	for _, option := range slices.Backward(d.options) {
		if value, ok := strings.CutPrefix(unquote(option), name+"="); ok {
			return c.expand(value)
		}
	}
	return ""
}

func (d wsgiDaemon) number(c *apacheConfig, name string, otherwise int) int {
	n, err := strconv.Atoi(d.option(c, name))
	if err != nil || n < 1 {
		return otherwise
	}
	return n
}

// measured writes the directive for the measurement.
//
// If processes= is given, the app sees wsgi.multiprocess, be it for one process: so it stays where it was, and is
// there for more than one.
func (d wsgiDaemon) measured(c *apacheConfig, l *known.Launch) string {
	settings := Server{}.Settings(l.Wanted(), l.Target)
	if l.Spec.Workers == 1 && d.option(c, "processes") == "" {
		settings = withoutSetting(settings, "processes")
	}
	ours := append([]string{"display-name=%{GROUP}"}, known.Pairs(settings)...)
	gone := slices.Concat([]string{"display-name", "processes", "maximum-requests"}, restarting)
	if l.Spec.Threads > 0 {
		gone = append(gone, "threads")
	}
	kept := slices.DeleteFunc(slices.Clone(d.options), func(option string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(option, `"'`), "=")
		return slices.Contains(gone, name)
	})
	return strings.Join(slices.Concat([]string{"WSGIDaemonProcess", d.name}, kept, ours), " ")
}

// describe says what is changed, and what the options mean for the sizing.
func (d wsgiDaemon) describe(c *apacheConfig, l *known.Launch) {
	describeDaemon(l, d.number(c, "processes", 1), d.number(c, "threads", defaultDaemonThreads), d.number(c, "maximum-requests", 0))
	for _, option := range restarting {
		if value := d.option(c, option); value != "" && value != "0" {
			l.Change("%s is off, instead of a new worker after %s s", option, value)
		}
	}
	if d.option(c, "display-name") == "" {
		l.Change("display-name=%%{GROUP} is added, so that the workers can be told from Apache's own processes")
	}
}

// describeDaemon says what becomes of the daemon processes that the command has.
func describeDaemon(l *known.Launch, processes, threads, limit int) {
	l.ChangeWorkers(processes)
	l.ChangeThreads(threads)
	l.ChangeRecycling(int64(limit))
	l.Target.Threads, l.Target.HasThreads = cmp.Or(l.Spec.Threads, threads), true
	l.Target.CanRecycle, l.Target.CanScale = true, true
}
