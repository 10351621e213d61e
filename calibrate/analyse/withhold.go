package analyse

import (
	"time"

	"workermem/calibrate"
)

// withheld says why a run yields no recommendation, nil if it does.
func withheld(r calibrate.Result) *calibrate.Withheld {
	if r.Mode == calibrate.ModeAttach {
		return watchWithheld(r)
	}
	requests, _ := traffic(r)
	switch {
	case r.Law.Basis == calibrate.BasisGiven:
		return nil
	case !r.Complete:
		return &calibrate.Withheld{Kind: calibrate.WithheldPartial}
	case r.Target.WorkerRule.Kind == calibrate.RuleGuess:
		return &calibrate.Withheld{Kind: calibrate.WithheldGuess}
	case r.Worker.Workers > 1:
		return &calibrate.Withheld{Kind: calibrate.WithheldWorkers, Workers: r.Worker.Workers}
	case r.Worker.Restarts > 0:
		return &calibrate.Withheld{Kind: calibrate.WithheldReplaced}
	case requests < LeastRequests:
		return &calibrate.Withheld{Kind: calibrate.WithheldRequests, Requests: requests, NeededRequests: LeastRequests}
	}
	return answeredBadly(r)
}

// answeredBadly says of a run, however many requests it had, why its answers and books are no ground for figures, nil if they are.
func answeredBadly(r calibrate.Result) *calibrate.Withheld {
	requests, succeeded := traffic(r)
	switch {
	case float64(succeeded) < LeastSuccess*float64(requests):
		return tooManyFailed(requests, succeeded)
	case toLoginMostly(r.Load):
		return &calibrate.Withheld{Kind: calibrate.WithheldLogin, Requests: r.Load.Requests, ToLogin: r.Load.ToLogin}
	}
	if w := elsewhere(r.Load); w != nil {
		return w
	}
	if b := worst(r.Books); b != nil && b.Hopeless() {
		return &calibrate.Withheld{Kind: calibrate.WithheldBooks, Books: b}
	}
	return nil
}

// elsewhere withholds what rests on a load of which most was answered by redirects, wherever they lead.
func elsewhere(l calibrate.LoadInfo) *calibrate.Withheld {
	var answers int64
	for _, one := range l.Refusals {
		if one.Kind.Redirects() {
			answers += one.Answers
		}
	}
	if 2*answers <= l.Requests {
		return nil
	}
	return &calibrate.Withheld{Kind: calibrate.WithheldRefused, Requests: l.Requests, Refusal: l.Refused(calibrate.RefusalKind.Redirects)}
}

// olderWithheld is why the calibrate that analysed the run withheld its recommendation, if its words are all that is left of it.
func olderWithheld(r calibrate.Result) *calibrate.Withheld {
	if w := r.Recommendation.Withheld; w != nil && w.Kind == calibrate.WithheldOlder {
		return w
	}
	return nil
}

func tooManyFailed(requests, succeeded int64) *calibrate.Withheld {
	return &calibrate.Withheld{Kind: calibrate.WithheldErrors, Requests: requests, Failed: requests - succeeded, MostFailed: mostFailed}
}

// What a watch of a running server is analysed by, where that differs from a run.

// leastWatch is how long a watch without a counter must last before its memory says anything of the server.
const leastWatch = 30 * time.Second

// watchWithheld says why a watch yields no recommendation, nil if it does.
func watchWithheld(r calibrate.Result) *calibrate.Withheld {
	requests, succeeded := traffic(r)
	switch w := r.Watch; {
	case !r.Complete:
		return &calibrate.Withheld{Kind: calibrate.WithheldPartial}
	case r.Target.WorkerRule.Kind == calibrate.RuleGuess:
		return &calibrate.Withheld{Kind: calibrate.WithheldGuess}
	case w.Counter != "" && w.Requests < LeastRequests:
		return &calibrate.Withheld{Kind: calibrate.WithheldRequests, Requests: w.Requests, NeededRequests: LeastRequests}
	case float64(succeeded) < LeastSuccess*float64(requests):
		return tooManyFailed(requests, succeeded)
	case w.Counter == "" && w.Seconds < leastWatch.Seconds():
		return &calibrate.Withheld{Kind: calibrate.WithheldSeconds, Seconds: w.Seconds, NeededSeconds: leastWatch.Seconds()}
	}
	return elsewhere(r.Load)
}
