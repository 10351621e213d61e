package report

import (
	"strconv"
	"strings"

	"workermem/calibrate"
)

// setting is one name and value of a configuration.
type setting struct{ name, value string }

// settingsOfGunicorn by their names in gunicorn.conf.py. What isn't known, or needn't be, is left out.
func settingsOfGunicorn(r calibrate.Result) []setting {
	rec := r.Recommendation
	all := []setting{{"workers", strconv.Itoa(rec.Workers)}}
	if threads := threadsOf(r); threads > 0 {
		all = append(all, setting{"threads", strconv.Itoa(threads)})
	}
	if rec.MaxRequests > 0 {
		all = append(all, setting{"max_requests", strconv.Itoa(rec.MaxRequests)},
			setting{"max_requests_jitter", strconv.Itoa(rec.MaxRequestsJitter)})
	}
	return all
}

// settingsOfUvicorn by their options' names. One worker has no limit, which would end the server; and jitter is for a
// version that is known to have it.
func settingsOfUvicorn(r calibrate.Result) []setting {
	rec := r.Recommendation
	all := []setting{{"workers", strconv.Itoa(rec.Workers)}}
	if rec.MaxRequests <= 0 || rec.Workers < 2 {
		return all
	}
	all = append(all, setting{"limit-max-requests", strconv.Itoa(rec.MaxRequests)})
	if uvicornJitters(r) {
		all = append(all, setting{"limit-max-requests-jitter", strconv.Itoa(rec.MaxRequestsJitter)})
	}
	return all
}

func uvicornJitters(r calibrate.Result) bool {
	return r.Target.Server == "uvicorn" && r.Target.HasJitter
}

// settingsOfUWSGI by their names in an ini file. uWSGI's delta is no random jitter: worker i of N lives for
// max-requests + (i-1) x delta (core/utils.c, uwsgi_close_request), so that the last one lives as long as jitter allows.
func settingsOfUWSGI(r calibrate.Result) []setting {
	rec := r.Recommendation
	all := []setting{{"master", "true"}, {"processes", strconv.Itoa(rec.Workers)}}
	if threads := threadsOf(r); threads > 0 {
		all = append(all, setting{"threads", strconv.Itoa(threads)})
	}
	if rec.MaxRequests > 0 {
		all = append(all, setting{"max-requests", strconv.Itoa(rec.MaxRequests)})
		if rec.Workers > 1 && rec.MaxRequestsJitter > 0 { // a build without it refuses the option
			all = append(all, setting{"max-requests-delta", strconv.Itoa(rec.MaxRequestsJitter / (rec.Workers - 1))})
		}
		all = append(all, setting{"min-worker-lifetime", "0"})
	}
	return append(all, setting{"die-on-term", "true"}, setting{"need-app", "true"})
}

// settingsOfNowLMS take whole numbers without a unit: 187.5 or 250MB would silently become 200.
func settingsOfNowLMS(r calibrate.Result) []setting {
	rec := r.Recommendation
	return []setting{
		{"NOW_LMS_WORKERS", strconv.Itoa(rec.Workers)},
		{"NOW_LMS_THREADS", strconv.Itoa(max(threadsOf(r), 1))},
		{"NOW_LMS_WORKER_MEMORY_MB", strconv.Itoa(rec.WorkerMemoryMB)},
	}
}

// settingsOfHypercorn by their options' names. Its jitter is left out: by the command line it is the limit itself (0.18).
func settingsOfHypercorn(r calibrate.Result) []setting {
	all := []setting{{"workers", strconv.Itoa(r.Recommendation.Workers)}}
	if limit := r.Recommendation.MaxRequests; limit > 0 && hypercornLimits(r) {
		all = append(all, setting{"max-requests", strconv.Itoa(limit)})
	}
	return all
}

// hypercornLimits is false where a version was measured that is known to have no limit: before 0.16.
func hypercornLimits(r calibrate.Result) bool {
	return r.Target.Server != "hypercorn" || r.Target.CanRecycle
}

// settingsOfGranian by their options' names. It has no limit of requests.
func settingsOfGranian(r calibrate.Result) []setting {
	all := []setting{{"workers", strconv.Itoa(r.Recommendation.Workers)}}
	if threads := threadsOf(r); threads > 0 {
		all = append(all, setting{"blocking-threads", strconv.Itoa(threads)})
	}
	return all
}

// environment is the recommendation as the measured server reads it from its environment.
func environment(r calibrate.Result) []setting {
	workers := setting{"WEB_CONCURRENCY", strconv.Itoa(r.Recommendation.Workers)}
	switch r.Target.Server {
	case "gunicorn": // with the workers in both, a gunicorn.conf.py of the image can't win
		return []setting{workers, {"GUNICORN_CMD_ARGS", options(settingsOfGunicorn(r))}}
	case "uvicorn":
		return prefixed("UVICORN_", settingsOfUvicorn(r))
	case "uwsgi":
		return prefixed("UWSGI_", settingsOfUWSGI(r))
	case "puma":
		return append([]setting{workers}, prefixed("PUMA_", settingsOfPumaThreads(r))...)
	case "granian":
		return prefixed("GRANIAN_", settingsOfGranian(r))
	case "lmsctl":
		return settingsOfNowLMS(r)
	case "pypnm":
		return settingsOfPyPNM(r)
	}
	return append([]setting{workers}, plainEnvironment(r)...)
}

// plainEnvironment is for a start script that reads it.
func plainEnvironment(r calibrate.Result) []setting {
	var all []setting
	for _, s := range settingsOfGunicorn(r)[1:] {
		all = append(all, setting{strings.ToUpper(s.name), s.value})
	}
	return all
}

func settingsOfPumaThreads(r calibrate.Result) []setting {
	threads := threadsOf(r)
	if threads == 0 {
		return nil
	}
	return []setting{{"min-threads", strconv.Itoa(threads)}, {"max-threads", strconv.Itoa(threads)}}
}

// options are settings as words of a command line.
func options(all []setting) string {
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = "--" + strings.ReplaceAll(s.name, "_", "-") + " " + s.value
	}
	return strings.Join(words, " ")
}

// prefixed are settings as variables: limit-max-requests is UVICORN_LIMIT_MAX_REQUESTS.
func prefixed(prefix string, all []setting) []setting {
	out := make([]setting, len(all))
	for i, s := range all {
		out[i] = setting{prefix + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_")), s.value}
	}
	return out
}

// threadsOf is 0 where the server has no threads to set, or they are not known.
func threadsOf(r calibrate.Result) int {
	if !threaded(r) {
		return 0
	}
	return r.Recommendation.Threads
}
