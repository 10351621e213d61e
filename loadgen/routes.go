package loadgen

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate"
)

// Routes are what the targets ask for, the most frequent first: method and path, without the query, and with {n} and {id}
// for what names one thing of many.
func (t Targets) Routes() []calibrate.Route {
	counts := map[string]int{}
	var routes []calibrate.Route
	for _, one := range t.list {
		name := one.route()
		if counts[name]++; counts[name] == 1 {
			routes = append(routes, calibrate.Route{Name: name})
		}
	}
	for i, r := range routes {
		routes[i].Share = float64(counts[r.Name]) / float64(len(t.list))
	}
	slices.SortStableFunc(routes, func(a, b calibrate.Route) int { return cmp.Compare(b.Share, a.Share) })
	return routes
}

// Routes are those of the loader's targets.
func (l *Loader) Routes() []calibrate.Route { return l.targets.Routes() }

// of are the targets of one route, or all if it is "".
func (t Targets) of(route string) Targets {
	if route == "" {
		return t
	}
	some := Targets{name: t.name}
	for _, one := range t.list {
		if one.route() == route {
			some.list = append(some.list, one)
		}
	}
	return some
}

var (
	digits = regexp.MustCompile(`^[0-9]+$`)
	// word is what somebody has written by hand, with a number of two digits at most: v2, application-form.min.css.
	word = regexp.MustCompile(`^[A-Za-z]+([._-][A-Za-z]+)*[0-9]{0,2}$`)
)

// Longer than these nobody names a part of a path.
const (
	longest     = 40 // characters
	longestWord = 20 // letters between two of ._-
)

// route is shown in reports, and a path may hold other people's tokens, mail addresses and session ids. So only words are
// shown, and whatever else there is stands for one thing of many.
func (t target) route() string {
	path, _, _ := strings.Cut(t.path, "?")
	segments := strings.Split(path, "/")
	for i, s := range segments {
		s, _, _ = strings.Cut(s, ";")
		switch {
		case s == "":
		case digits.MatchString(s):
			s = "{n}"
		case !written(s):
			s = "{id}"
		}
		segments[i] = s
	}
	path = calibrate.RedactText(strings.Join(segments, "/"))
	if t.method == http.MethodGet {
		return path
	}
	return t.method + " " + path
}

// written says whether a part of a path looks like words that somebody wrote.
func written(s string) bool {
	if len(s) > longest || !word.MatchString(s) {
		return false
	}
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune("._-", r) }) {
		if len(part) > longestWord || humps(part) > 3 {
			return false
		}
	}
	return true
}

// humps are the capitals that follow a small letter, as in getUserName. A token has many.
func humps(s string) (n int) {
	for i := 1; i < len(s); i++ {
		if s[i-1] >= 'a' && s[i-1] <= 'z' && s[i] >= 'A' && s[i] <= 'Z' {
			n++
		}
	}
	return n
}
