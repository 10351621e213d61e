package report

import (
	"strconv"
	"strings"

	"workermem/calibrate"
)

// setting is one name and value of a configuration.
type setting struct{ name, value string }

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

// options are settings as words of a command line.
func options(all []setting) string {
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = "--" + strings.ReplaceAll(s.name, "_", "-") + " " + s.value
	}
	return strings.Join(words, " ")
}
