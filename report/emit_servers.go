package report

import (
	"strconv"

	"workermem/calibrate"
	"workermem/calibrate/say"
	formulas "workermem/calibrate/sizing"
)

func emitGunicorn(d *draft, r calibrate.Result) {
	d.note("Options in the command line and in GUNICORN_CMD_ARGS win over this file: take these out there, and keep the others.")
	d.noteThreads(r, "threads")
	d.noteLimit(r, "max_requests")
	settings := settingsOfGunicorn(r)
	if r.Target.Server == "uvicorn" {
		d.note("This worker class looks at its limit about ten times a second: it overshoots it, and may reset connections then. " +
			"uvicorn deprecates it for uvicorn_worker.UvicornWorker, of the package uvicorn-worker.")
		settings = append(settings, setting{"worker_class", `"uvicorn.workers.UvicornWorker"`})
	}
	if r.Target.Preload {
		d.note("preload_app as it was measured: the sum rests on memory that the workers share.")
		settings = append(settings, setting{"preload_app", "True"})
	}
	for _, s := range settings {
		d.line("%s = %s", s.name, s.value)
	}
}

func emitUvicorn(d *draft, r calibrate.Result) {
	if threads := threadsOf(r); threads > 0 {
		d.note("uvicorn has no threads to set, and takes as many requests at once as come: this sum is for %d of them a worker. "+
			"--limit-concurrency bounds them.", threads)
	}
	d.noteUvicornLimit(r)
	d.noteConcurrency(r)
	d.line("%s", options(settingsOfUvicorn(r)))
}

// noteUvicornLimit says which of Uvicorn's traps a request limit leads into here.
func (d *draft) noteUvicornLimit(r calibrate.Result) {
	rec := r.Recommendation
	switch {
	case rec.MaxRequests > 0 && rec.Workers < 2:
		d.note("No limit-max-requests: with one worker uvicorn ends at its limit, with status 0. Where something always starts it "+
			"again (Restart=always; on-failure isn't enough), set it to %d. Without it the worker outgrows this sum after %s.",
			rec.MaxRequests, say.Plural(rec.MaxRequests+rec.MaxRequestsJitter, "request"))
		return
	case rec.MaxRequests > 0 && r.Target.Server != "uvicorn":
		d.note("The limit needs uvicorn 0.30, which is the first to replace a worker that ends. From 0.41 on add --limit-max-requests-jitter %d.",
			rec.MaxRequestsJitter)
	case rec.MaxRequests > 0 && !uvicornJitters(r):
		d.note("No jitter: uvicorn has it from 0.41 on. Workers that started together restart together.")
	}
	d.noteLimit(r, "limit-max-requests")
}

func emitHypercorn(d *draft, r calibrate.Result) {
	if threads := threadsOf(r); threads > 0 {
		d.note("hypercorn has no threads to set, and takes as many requests at once as come: this sum is for %d of them a worker.", threads)
	}
	d.noteHypercornLimit(r)
	d.noteConcurrency(r)
	d.line("%s", options(settingsOfHypercorn(r)))
}

// noteHypercornLimit says what a request limit does there, or that this version has none.
func (d *draft) noteHypercornLimit(r calibrate.Result) {
	switch {
	case !hypercornLimits(r):
		d.noteNoLimit(r, "this hypercorn", "hypercorn 0.16 or newer")
		return
	case r.Recommendation.MaxRequests > 0:
		d.note("The limit needs hypercorn 0.16. A worker that reaches it cuts off requests that are under way. No jitter: " +
			"as an option it is the limit itself (0.18), so workers that started together restart together.")
	}
	d.noteLimit(r, "max-requests")
}

func emitGranian(d *draft, r calibrate.Result) {
	d.noteThreads(r, "blocking-threads")
	if threadsOf(r) > 1 {
		d.note("blocking-threads above 1 are for --interface wsgi alone.")
	}
	d.noteNoLimit(r, "granian", granianRecycling)
	d.line("%s", options(settingsOfGranian(r)))
}

// granianRecycling is what Granian has instead of a limit of requests.
const granianRecycling = "--workers-max-rss, or --workers-lifetime"

func emitUWSGI(d *draft, r calibrate.Result) {
	d.noteThreads(r, "threads")
	d.noteLimit(r, "max-requests")
	if r.Recommendation.MaxRequests > 0 {
		d.note("max-requests-delta is what each worker lives longer than the one before it; some builds don't know it. " +
			"min-worker-lifetime 0, because else no worker is recycled in its first 60 s.")
	}
	d.note("die-on-term, because else TERM reloads it. need-app, because else it answers 500 for ever where the app can't be imported.")
	d.line("[uwsgi]")
	for _, s := range settingsOfUWSGI(r) {
		d.line("%s = %s", s.name, s.value)
	}
}

func emitModWSGI(d *draft, r calibrate.Result) {
	rec := r.Recommendation
	settings := []setting{{"processes", strconv.Itoa(rec.Workers)}}
	if threads := threadsOf(r); threads > 0 {
		settings = append(settings, setting{"threads", strconv.Itoa(threads)})
	} else {
		d.note("threads are not known from this run: mod_wsgi's default is 15, each of which holds its request's memory.")
	}
	d.noteLimit(r, "maximum-requests")
	if rec.MaxRequests > 0 {
		d.note("mod_wsgi has no jitter: processes that started together restart together. graceful-timeout, in seconds, is how " +
			"long a restart waits for requests that are under way; 15 is what mod_wsgi itself has, too.")
		settings = append(settings, setting{"maximum-requests", strconv.Itoa(rec.MaxRequests)}, setting{"graceful-timeout", "15"})
	}
	d.note("NAME is the name of your daemon group. The same for mod_wsgi-express start-server:")
	d.line("# %s", options(settings)) // not wrapped, to be copied
	line := "WSGIDaemonProcess NAME"
	for _, s := range settings {
		line += " " + s.name + "=" + s.value
	}
	d.line("%s display-name=%%{GROUP}", line)
	d.line("WSGIProcessGroup NAME")
}

func emitPuma(d *draft, r calibrate.Result) {
	d.noteThreads(r, "threads")
	d.noteNoLimit(r, "puma", "puma_worker_killer, or a memory limit of the supervisor")
	if r.Recommendation.Workers == 1 {
		d.note("One worker alone needs no cluster: workers 0 saves the master, which is in this sum.")
	}
	d.line("workers %d", r.Recommendation.Workers)
	if threads := threadsOf(r); threads > 0 {
		d.line("threads %d, %d", threads, threads)
	}
	if r.Target.Preload {
		d.note("preload_app! as it was measured: the sum rests on memory that the workers share.")
		d.line("preload_app!")
	}
}

func emitNowLMS(d *draft, r calibrate.Result) {
	d.note("Start it by lmsctl serve --wsgi-server gunicorn: lmsctl serve alone is one process, whatever these say.")
	d.noteThreads(r, "NOW_LMS_THREADS")
	d.noteNoLimit(r, "lmsctl serve", "gunicorn wsgi:app, with --for gunicorn")
	for _, s := range settingsOfNowLMS(r) {
		d.line("%s=%s", s.name, s.value)
	}
}

func emitPyPNM(d *draft, r calibrate.Result) {
	rec := r.Recommendation
	switch {
	case rec.MaxRequests > 0:
		d.noteLimit(r, "PYPNM_SERVE_LIMIT_MAX_REQUESTS")
	default:
		d.note("All four keys are required. This run asks for no limit; the one below is at most PyPNM's own for such a host.")
	}
	if rec.Workers < 2 {
		d.note("With one worker pypnm serve ends at its limit, with status 0: Restart=always must bring it back.")
	}
	for _, s := range settingsOfPyPNM(r) {
		d.line("%s=%s", s.name, s.value)
	}
}

// settingsOfPyPNM: its start script stops where one of the four is missing. Where the run asks for no limit it is
// PyPNM's own, or less where the headroom doesn't last so long.
func settingsOfPyPNM(r calibrate.Result) []setting {
	rec := r.Recommendation
	memory, _ := r.Host.Memory()
	if r.Plan.MemoryBytes > 0 {
		memory = r.Plan.MemoryBytes
	}
	cpus := r.Host.SizingCPUs()
	if r.Plan.CPUs > 0 {
		cpus = r.Plan.CPUs
	}
	gib := float64(memory) / (1 << 30)
	limit := rec.MaxRequests
	if limit <= 0 {
		if _, limit = formulas.PyPNM(cpus, gib); rec.SafeRequests > 0 {
			limit = min(limit, rec.SafeRequests)
		}
	}
	return []setting{
		{"PYPNM_SERVE_CPU_COUNT", strconv.Itoa(cpus)},
		{"PYPNM_SERVE_TOTAL_MEMORY_GIB", strconv.FormatFloat(gib, 'f', 2, 64)},
		{"PYPNM_SERVE_WORKERS", strconv.Itoa(rec.Workers)},
		{"PYPNM_SERVE_LIMIT_MAX_REQUESTS", strconv.Itoa(limit)},
	}
}

// noteThreads says why there are no threads to set.
func (d *draft) noteThreads(r calibrate.Result, name string) {
	switch {
	case threadsOf(r) > 0:
	case r.Target.HasThreads || attached(r):
		d.note("No %s: how many the server has was not known, and the sum is for as many as it had.", name)
	default:
		d.note("No %s: what was measured has none, but takes as many requests at once as come.", name)
	}
	if threadsOf(r) == 0 {
		d.noteConcurrency(r)
	}
}

// noteConcurrency is for a server that takes as many requests at once as come.
func (d *draft) noteConcurrency(r calibrate.Result) {
	if s := bound(r); s != "" {
		d.note("But: %s.", s)
	}
	if t := r.Target; t.ConcurrencyLimit > 0 && t.ConcurrencyFlag != "" {
		d.note("Keep %s as it was measured: a worker took at most %s at once.", t.ConcurrencyFlag, say.Plural(t.ConcurrencyLimit, "request"))
	}
}

// noteLimit says what counts towards a request limit, or why there is none.
func (d *draft) noteLimit(r calibrate.Result, name string) {
	switch {
	case r.Recommendation.MaxRequests > 0:
		d.note("Health checks count towards %s as any request does.", name)
	case verdictByRequest(r) == verdictFlat:
		d.note("No %s: no creep was found, so there is no need to recycle. Take it out wherever else it is set.", name)
	default:
		d.note("%s", stopped(orElse(r.Recommendation.MaxRequestsReason, "No "+name+": "+say.Unknown)))
	}
}

// noteNoLimit is for a server without a request limit of its own.
func (d *draft) noteNoLimit(r calibrate.Result, server, instead string) {
	rec := r.Recommendation
	if rec.MaxRequests <= 0 {
		d.noteLimit(r, "request limit")
		return
	}
	d.note("%s takes no request limit, so only workers and threads are set. Without recycling a worker outgrows this sum after %s. To recycle: %s.",
		server, say.Plural(rec.MaxRequests+rec.MaxRequestsJitter, "request"), instead)
}
