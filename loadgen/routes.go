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

// of are the targets of one route, or all where it is "".
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
	// long is what nobody writes by hand: a UUID, a hash, a token.
	long = regexp.MustCompile(`^[0-9A-Za-z_-]*[0-9][0-9A-Za-z_-]*$`)
)

const longest = 16 // characters of a segment with a digit in it, before it is taken for a thing's name

func (t target) route() string {
	path, _, _ := strings.Cut(t.path, "?")
	segments := strings.Split(path, "/")
	for i, s := range segments {
		switch {
		case digits.MatchString(s):
			segments[i] = "{n}"
		case len(s) >= longest && long.MatchString(s):
			segments[i] = "{id}"
		}
	}
	path = calibrate.RedactText(strings.Join(segments, "/"))
	if t.method == http.MethodGet {
		return path
	}
	return t.method + " " + path
}
