package loadgen

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// tally folds the results of one phase, in constant memory.
type tally struct {
	whole     span
	second    span // since the last bucket
	redirects int64
	refusals  refusals
	examples  map[string]string
	last      time.Duration // from the start to the last answer
	timed     bool          // times are kept
	times     []float64     // of good answers, in seconds
	paused    time.Duration // by the end of the last bucket
}

// mostTimes is how many times are kept one by one: 1 MB of them.
const mostTimes = 1 << 17

// span counts the answers of a stretch of time.
type span struct {
	requests, succeeded int64
	errors              map[calibrate.ErrorClass]int64
	latency             vegeta.LatencyMetrics
	timed               int64 // answers in latency
}

// answer is one request that is over.
type answer struct {
	class   calibrate.ErrorClass // "" for a success
	latency time.Duration
	still   bool // latency isn't known
}

// add counts an answer at elapsed since the start.
func (t *tally) add(r *vegeta.Result, one flight, elapsed time.Duration) calibrate.ErrorClass {
	a := answer{class: class(one.err, r.Code), latency: latency(r, one), still: one.still}
	t.whole.add(a)
	t.second.add(a)
	t.last = elapsed
	if t.timed && a.class == "" && !a.still && len(t.times) < mostTimes {
		t.times = append(t.times, r.Latency.Seconds()) // from when it was sent: one client may be late
	}
	key := string(a.class)
	if redirected(r) && one.err == nil {
		t.redirects++
		key = redirectExample
	}
	t.refusals.add(r, one.err)
	if _, known := t.examples[key]; !known && key != "" {
		t.examples[key] = example(one.err, r)
	}
	return a.class
}

// latency counts from the time at which the request was due, if there is one.
func latency(r *vegeta.Result, one flight) time.Duration {
	if one.due.IsZero() {
		return r.Latency
	}
	return max(r.Latency, r.End().Sub(one.due))
}

// redirected leaves out 304 and the rare 300, which send nobody anywhere.
func redirected(r *vegeta.Result) bool {
	return r.Code > http.StatusMultipleChoices && r.Code < http.StatusBadRequest && r.Code != http.StatusNotModified
}

func (s *span) add(a answer) {
	s.requests++
	if a.class == "" {
		s.succeeded++
	} else {
		if s.errors == nil {
			s.errors = map[calibrate.ErrorClass]int64{}
		}
		s.errors[a.class]++
	}
	if waited(a.class) && !a.still {
		s.timed++
		s.latency.Add(a.latency)
	}
}

// waited is true of requests whose latency says something of the app: answered, or not answered in time. A refused
// connection takes microseconds and would make a dead app look fast.
func waited(class calibrate.ErrorClass) bool {
	switch class {
	case calibrate.ClassLocal, calibrate.ClassRefused, calibrate.ClassReset, calibrate.ClassEOF, calibrate.ClassOther:
		return false
	}
	return true
}

// bucket ends the present second.
func (t *tally) bucket(c *sending) calibrate.Bucket {
	s, paused := t.second, c.paused()
	t.second = span{}
	b := calibrate.Bucket{Seconds: c.elapsed().Seconds(), Paused: (paused - t.paused).Seconds(), Requests: s.requests, Succeeded: s.succeeded, Errors: s.errors}
	t.paused = paused
	if l := s.percentiles(); s.timed > 0 {
		b.P50, b.P99 = *l.P50, *l.P99
	}
	return b
}

// result is the whole phase. The rate sent is that of sends in an open loop, that of answers in a closed one.
func (t *tally) result(p calibrate.Pace, s *sending) calibrate.Tally {
	out := calibrate.Tally{
		Mode:      calibrate.LoadClosed,
		Requests:  t.whole.requests,
		Succeeded: t.whole.succeeded,
		Seconds:   max(time.Duration(s.stopped.Load()), t.last).Seconds(),
		Latency:   t.whole.percentiles(),
		Errors:    calibrate.CountErrors(t.whole.errors),
		Examples:  t.examples,
		Times:     t.times,
	}
	out.Refusals = t.refusals.list(out)
	if p.Rate > 0 {
		out.Mode, out.RateAsked, out.RateSent = calibrate.LoadOpen, p.Rate, s.rate(p.Rate)
	} else if out.Seconds > 0 {
		out.RateSent = float64(out.Requests) / out.Seconds
	}
	if t.redirects > 0 {
		out.Examples[redirectExample] = fmt.Sprintf("%s of %s redirected, not followed: %s", say.Count(t.redirects), say.Count(out.Requests), t.examples[redirectExample])
	}
	return out
}

// percentiles are in seconds; nil if nothing was timed.
func (s *span) percentiles() calibrate.Latency {
	if s.timed == 0 {
		return calibrate.Latency{}
	}
	seconds := func(d time.Duration) *float64 { n := min(d, s.latency.Max).Seconds(); return &n }
	quantile := s.latency.Quantile
	return calibrate.Latency{P50: seconds(quantile(0.50)), P95: seconds(quantile(0.95)), P99: seconds(quantile(0.99)), Max: seconds(s.latency.Max)}
}

func status(r *vegeta.Result) string {
	if text := http.StatusText(int(r.Code)); text != "" {
		return strconv.Itoa(int(r.Code)) + " " + text
	}
	return strconv.Itoa(int(r.Code))
}
