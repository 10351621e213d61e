package loadgen

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// recorded gathers the requests of traffic that somebody recorded, in an access log or a HAR, and counts what of it
// isn't sent. Only what changes nothing is sent unless other methods are named, and only what was answered well: who
// replays a log wants the pages, not the scanners' 404s.
type recorded struct {
	name    string
	unit    string   // what is counted: "line" or "entry"
	methods []string // that may be sent

	read int // lines or entries
	left map[string]int
}

// Why something isn't sent, in the words of the note. A method is its own reason.
const (
	leftUnreadable = "that can't be read"
	leftNoRequest  = "without a request that can be sent"
	leftFailed     = "answered by neither 2xx nor 3xx"
	leftOtherHosts = "for other hosts"
	leftNoBody     = "whose body isn't in the file"
	leftOddMethods = "of other methods"
	leftLogouts    = "to log out" // they would end the session that the load has, if it has one
)

var logout = regexp.MustCompile(`(?i)(^|[/_.-])(log|sign)[_-]?(out|off)([/?_.-]|$)`)

var leftInOrder = []string{leftOddMethods, leftFailed, leftNoBody, leftLogouts, leftOtherHosts, leftNoRequest, leftUnreadable}

// namedMethods are those that a note names; whatever else stands in a record's place for them may be anything.
var namedMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect,
}

func newRecorded(name, unit string, methods []string) *recorded {
	if len(methods) == 0 {
		methods = []string{http.MethodGet, http.MethodHead}
	}
	return &recorded{name: name, unit: unit, methods: methods, left: map[string]int{}}
}

// take turns a recorded request into a target. If it is left out, ok is false and the reason is counted. The header is whatever
// of it may be sent.
func (r *recorded) take(t vegeta.Target, status int) (one target, ok bool) {
	at := slices.Index(r.methods, t.Method)
	one, bad := newTarget(t)
	switch {
	case t.Method == "" || strings.Trim(t.Method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || bad != nil:
		r.left[leftNoRequest]++
	case at < 0 && !slices.Contains(namedMethods, t.Method):
		r.left[leftOddMethods]++
	case at < 0:
		r.left[t.Method]++
	case status < 200 || status > 399:
		r.left[leftFailed]++
	case logout.MatchString(one.path):
		r.left[leftLogouts]++
	default:
		one.method, one.path = r.methods[at], strings.Clone(one.path) // or they would keep the line that they are a part of
		return one, true
	}
	return target{}, false
}

// sum is what was left out, in words: "210 POST, 12 for other hosts".
func (r *recorded) sum() string {
	var parts []string
	for _, why := range append(slices.Clone(namedMethods), leftInOrder...) {
		if n := r.left[why]; n > 0 {
			parts = append(parts, say.Count(n)+" "+why)
		}
	}
	return strings.Join(parts, ", ")
}

// The codes of what is noted of recorded requests.
const (
	TargetsSkipped = "targets-skipped" // some can't be sent
	TargetsSampled = "targets-sampled" // there are more than are sent
)

// notes say what of the record isn't sent. try is what can be done about it.
func (r *recorded) notes(fit, sent int, try string) []calibrate.Warning {
	var notes []calibrate.Warning
	if sum := r.sum(); sum != "" {
		notes = append(notes, calibrate.Warning{Code: TargetsSkipped, Try: try,
			Text: fmt.Sprintf("of the %s of %s, %s can be sent; left out are %s", say.Plural(r.read, r.unit), clip(r.name), say.Count(fit), sum)})
	}
	if fit > sent {
		notes = append(notes, calibrate.Warning{Code: TargetsSampled, Try: "nothing: the proportions are the same",
			Text: fmt.Sprintf("%s holds %s that can be sent; an even sample of %s of them is", clip(r.name), say.Plural(fit, "request"), say.Count(sent))})
	}
	return notes
}

// nothing is the failure of a record that holds no request to send.
func (r *recorded) nothing() error {
	what := fmt.Sprintf("%s holds no request to send", r.name)
	if sum := r.sum(); sum != "" {
		what += fmt.Sprintf("; of its %s, left out are %s", say.Plural(r.read, r.unit), sum)
	}
	return calibrate.Usage("take a part of it with requests by "+strings.Join(r.methods, " and ")+" that were answered by 2xx or 3xx, or name --methods", "%s", what)
}
