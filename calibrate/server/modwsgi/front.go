package modwsgi

import (
	"cmp"
	"strconv"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server/known"
)

// front is how many requests Apache's own processes take at once. Each of them passes requests on to the workers, and holds a
// thread (of a process that has no more, the process) until the answer is out.
type front struct {
	slots    int // that the workers have: processes x threads
	children int // of Apache, for httpd's event and worker MPMs
	threads  int // of each
	prefork  int // children without threads
}

const (
	// listenBacklog is how many requests wait in the socket of the workers (mod_wsgi.c, WSGI_LISTEN_BACKLOG; the option
	// listen-backlog). If Apache passes on more, connecting fails, and mod_wsgi tries again and again.
	listenBacklog = 100
	// threadLimit is the most threads of a child, unless ThreadLimit says otherwise (event.c and worker.c, DEFAULT_THREAD_LIMIT).
	threadLimit = 64
)

// frontFor has a thread of Apache for each request in a worker, and for each that may wait for one:
//
//	children = (slots + listenBacklog) / threadLimit, rounded up
//	threads  = (slots + listenBacklog) / children, rounded down: what that loses is of the queue, up to 100 children
//
// Few children of many threads take the least: with mod_wsgi in them, a child of 54 threads took 7 MB, two of 25 took 10. Without
// threads a child takes 4 MB for each request, so there the queue is left to the kernel: a quarter more than the slots is what
// mod_wsgi's author would try (G. Dumpleton on the mailing list modwsgi, 2011).
func frontFor(w calibrate.Wanted) front {
	f := front{slots: max(w.Workers, 1) * cmp.Or(w.Threads, defaultDaemonThreads)}
	most := f.slots + listenBacklog
	f.children = (most + threadLimit - 1) / threadLimit
	f.threads = most / f.children
	f.prefork = f.slots + (f.slots+3)/4
	return f
}

// write adds the directives to a configuration, each with its reason (httpd's manual: mod/mpm_common, mod/event, mod/worker,
// mod/prefork).
func (f front) write(c *calibrate.Lines) {
	set := func(name string, value int) { c.Set("    %s", name+" "+strconv.Itoa(value)) }
	c.Note("What follows is for Apache's own processes, the front. It goes outside of <VirtualHost>, behind Debian's mods-enabled/mpm_*.conf.")
	c.About(calibrate.NoteFront, "")
	c.Set("<IfModule !mpm_prefork_module>")
	c.Note("All children at once, so that none has to be started when requests come.")
	set("StartServers", f.children)
	c.Note("Twice as many, for those that a graceful restart lets finish beside the new ones.")
	set("ServerLimit", 2*f.children)
	c.Note("Few children of many threads take the least memory. More than %s need a ThreadLimit.", say.Count(threadLimit))
	set("ThreadsPerChild", f.threads)
	c.Note("%s in the workers, and up to %s in the queue before them (listen-backlog=), hold a thread each. What comes beyond waits in the kernel "+
		"(ListenBacklog). From %s on all workers can be busy.", say.Plural(f.slots, "request"), say.Count(listenBacklog), say.Count(f.slots))
	set("MaxRequestWorkers", f.children*f.threads)
	c.Note("One child's: another is started if one has ended. If fewer are idle, Apache notes in its log that there are no more to start.")
	set("MinSpareThreads", f.threads)
	c.Note("No less than all, so that no child is ended for being idle, and started again.")
	set("MaxSpareThreads", max(f.children, 2)*f.threads)
	c.Note("No child is replaced: it runs none of the app's code, which is what may creep.")
	set("MaxConnectionsPerChild", 0)
	c.Set("</IfModule>")
	c.Note("Without threads each request under way takes a whole process of Apache, so the queue is left to the kernel. mpm_event takes a fraction of that.")
	c.Set("<IfModule mpm_prefork_module>")
	for _, name := range []string{"StartServers", "ServerLimit", "MaxRequestWorkers"} {
		set(name, f.prefork)
	}
	set("MinSpareServers", 1)
	set("MaxSpareServers", f.prefork)
	set("MaxConnectionsPerChild", 0)
	c.Set("</IfModule>")
}

// checkFront warns of a front that keeps the workers from being busy: its limit is less than their threads. If there are several
// limits, for several MPMs, the largest counts.
func (c *apacheConfig) checkFront(l *known.Launch) {
	most := 0
	for _, value := range append(c.values("maxrequestworkers"), c.values("maxclients")...) {
		if n, err := strconv.Atoi(value); err == nil {
			most = max(most, n)
		}
	}
	slots := max(l.Spec.Workers, 1) * l.Target.Threads
	if 0 < most && most < slots {
		l.Warn("front-too-small", "a higher MaxRequestWorkers, as calibrate emit writes it",
			"MaxRequestWorkers lets %s reach the workers at once, which have %s: some are never busy, here and in production",
			say.Plural(most, "request"), say.Plural(slots, "thread"))
	}
}
