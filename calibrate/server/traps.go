package server

import "workermem/calibrate"

// trap is what some versions of a server do that surprises people. Each was found by running the server, at the version
// that is named beside it, but where a source is named.
type trap struct {
	from, below string // the versions that have it: from <= version < below, such as "0.30"; "" for no bound
	calibrate.Warning
}

// EndsServer is the trap of a server whose one worker is the server.
const EndsServer = "limit-ends-server"

// Codes of more than one server's.
const (
	workerEndsServer = "worker-ends-server" // a worker that fails isn't replaced
	recyclingCuts    = "recycling-cuts"     // a worker that is replaced cuts off requests
	noRequestLimit   = "no-request-limit"
	toProduction     = "goes-to-production" // a setting by which a measurement is taken for production
)

func noLimit(instead string) calibrate.Warning {
	return calibrate.Warning{Code: noRequestLimit, Text: "no limit of requests a worker: recycling needs something else", Try: instead}
}

// trapsAt are those of the traps that a version has. If the version isn't known, only those that every version has.
func trapsAt(all []trap, version string) []calibrate.Warning {
	var has []calibrate.Warning
	for _, t := range all {
		if t.holds(version) {
			has = append(has, t.Warning)
		}
	}
	return has
}

func (t trap) holds(version string) bool {
	if t.from != "" && !versionReaches(version, t.from) {
		return false
	}
	return t.below == "" || versionNumber.MatchString(version) && !versionReaches(version, t.below)
}
