package known

import "workermem/calibrate"

// Trap is what some versions of a server do that surprises people. Each was found by running the server, at the version
// that is named beside it, but where a source is named.
type Trap struct {
	From, Below string // the versions that have it: from <= version < below, such as "0.30"; "" for no bound
	calibrate.Warning
}

// LimitEndsServer is the trap of a server whose one worker is the server itself: it ends at the limit of requests.
const LimitEndsServer = "limit-ends-server"

// Codes of traps that several servers have.
const (
	WorkerEndsServer = "worker-ends-server" // a worker that fails isn't replaced
	RecyclingCuts    = "recycling-cuts"     // a worker that is replaced cuts off requests
	NoRequestLimit   = "no-request-limit"   // the server has no max-requests
	ToProduction     = "goes-to-production" // a setting by which a measurement is taken for production
)

// NoLimit is the trap of a server that has no limit of requests a worker, and what recycles its workers instead.
func NoLimit(instead string) Trap {
	w := calibrate.Warning{Code: NoRequestLimit, Text: "no limit of requests a worker: recycling needs something else", Try: instead}
	return Trap{Warning: w}
}

// TrapsAt are those of the traps that a version has. If the version isn't known, only those that every version has.
func TrapsAt(all []Trap, version string) []calibrate.Warning {
	var has []calibrate.Warning
	for _, t := range all {
		if t.holds(version) {
			has = append(has, t.Warning)
		}
	}
	return has
}

func (t Trap) holds(version string) bool {
	if t.From != "" && !VersionReaches(version, t.From) {
		return false
	}
	return t.Below == "" || versionNumber.MatchString(version) && !VersionReaches(version, t.Below)
}
