package loadgen

import (
	"cmp"
	"math"
	"slices"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
)

// refusals are the answers of a phase that are no pages: one of each kind and status, and how many there are.
type refusals struct {
	host string // the header that the requests have, "" for the address
	seen map[refusalKey]*calibrate.Refusal
}

type refusalKey struct {
	kind   calibrate.RefusalKind
	status int
}

func (s *refusals) add(r *vegeta.Result, err error) {
	asked := calibrate.Asked{Method: r.Method, URL: r.URL, Host: s.host}
	var one calibrate.Refusal
	var is bool
	switch {
	case err != nil:
		one, is = calibrate.RefusedBy(asked, err)
	case r.Code >= 300 && r.Code < 500:
		one, is = calibrate.Refused(asked, calibrate.Answered{
			Status: int(r.Code), Location: r.Headers.Get("Location"), Allow: r.Headers.Get("Allow"),
			RetryAfter: r.Headers.Get("Retry-After"), Cookies: len(r.Headers["Set-Cookie"]) > 0,
		})
	}
	if !is {
		return
	}
	key := refusalKey{one.Kind, one.Status}
	if s.seen[key] == nil {
		if s.seen == nil {
			s.seen = map[refusalKey]*calibrate.Refusal{}
		}
		s.seen[key] = &one
	}
	s.seen[key].Answers++
}

// list are the refusals of a phase, the most frequent first.
func (s *refusals) list(t calibrate.Tally) []calibrate.Refusal {
	var all []calibrate.Refusal
	for _, one := range s.seen {
		one.Requests = t.Requests
		if one.Kind == calibrate.RefusalRate {
			one.Rate = letThrough(t, one.RetrySeconds)
		}
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b calibrate.Refusal) int {
		return cmp.Or(cmp.Compare(b.Answers, a.Answers), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Status, b.Status))
	})
	return all
}

// letThrough is a rate that a limit of the app's allows, with a tenth to spare, in two digits: what it took in the time until
// it takes more again.
//
//	rate = 0.9 x succeeded / (seconds + Retry-After)
func letThrough(t calibrate.Tally, retry float64) float64 {
	rate := 0.9 * float64(t.Succeeded) / (t.Seconds + retry)
	if !(rate > 0) || math.IsInf(rate, 0) {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(rate))-1)
	return math.Round(math.Floor(rate/unit)*unit*1e6) / 1e6
}
