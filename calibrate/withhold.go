package calibrate

import (
	"time"
)

// withheld says why a run yields no recommendation, nil if it does.
func withheld(r Result) *Withheld {
	if r.Mode == ModeAttach {
		return watchWithheld(r)
	}
	requests, succeeded := traffic(r)
	switch {
	case r.Law.Basis == BasisGiven:
		return nil
	case !r.Complete:
		return &Withheld{Kind: WithheldPartial}
	case r.Worker.Workers > 1:
		return &Withheld{Kind: WithheldWorkers, Workers: r.Worker.Workers}
	case r.Worker.Restarts > 0:
		return &Withheld{Kind: WithheldReplaced}
	case requests < leastRequests:
		return &Withheld{Kind: WithheldRequests, Requests: requests, NeededRequests: leastRequests}
	case float64(succeeded) < leastSuccess*float64(requests):
		return tooManyFailed(requests, succeeded)
	case toLoginMostly(r.Load):
		return &Withheld{Kind: WithheldLogin, Requests: r.Load.Requests, Elsewhere: r.Load.ToLogin}
	}
	return nil
}

func tooManyFailed(requests, succeeded int64) *Withheld {
	return &Withheld{Kind: WithheldErrors, Requests: requests, Failed: requests - succeeded, MostFailed: mostFailed}
}

// What a watch of a running server is analysed by, where that differs from a run.

// leastWatch is how long a watch without a counter must last before its memory says anything of the server.
const leastWatch = 30 * time.Second

// watchWithheld says why a watch yields no recommendation, nil if it does.
func watchWithheld(r Result) *Withheld {
	requests, succeeded := traffic(r)
	switch w := r.Watch; {
	case !r.Complete:
		return &Withheld{Kind: WithheldPartial}
	case w.Counter != "" && w.Requests < leastRequests:
		return &Withheld{Kind: WithheldRequests, Requests: w.Requests, NeededRequests: leastRequests}
	case float64(succeeded) < leastSuccess*float64(requests):
		return tooManyFailed(requests, succeeded)
	case w.Counter == "" && w.Seconds < leastWatch.Seconds():
		return &Withheld{Kind: WithheldSeconds, Seconds: w.Seconds, NeededSeconds: leastWatch.Seconds()}
	}
	return nil
}
