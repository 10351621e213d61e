package loadgen

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
	"workermem/calibrate/reach"
)

// Targets is the list of requests to repeat, in order. A request that stands there twice is sent twice as often.
type Targets struct {
	name  string // of the file, "" if there is none
	list  []target
	notes []calibrate.Warning
}

// target is one request without its host: calibrate chooses the port, so the app's base URL is put before it later.
type target struct {
	line   int    // where it begins in the file, from 1
	host   string // that an absolute URL named, without the port; "" for a path
	method string
	path   string // with the query, as it goes over the wire
	header http.Header
	body   []byte
}

// OnePath is a single request: method GET if it is empty, path with or without a query.
// It returns a *calibrate.Failure of KindUsage.
func OnePath(method, path string, header http.Header, body []byte) (Targets, error) {
	if method == "" {
		method = http.MethodGet
	}
	one, err := newTarget(vegeta.Target{Method: method, URL: path, Header: header, Body: body})
	if err != nil {
		return Targets{}, calibrate.Usage(err.try, "%s: %s", err.what, masked(method+" "+path))
	}
	return Targets{list: []target{one}}, nil
}

// Paths is a list of plain GET requests.
// It returns a *calibrate.Failure of KindUsage.
func Paths(paths []string) (Targets, error) {
	var all Targets
	for _, path := range paths {
		one, err := OnePath(http.MethodGet, path, nil, nil)
		if err != nil {
			return Targets{}, err
		}
		all.list = append(all.list, one.list...)
	}
	return all, nil
}

// Warnings say what of a log or a HAR isn't sent.
func (t Targets) Warnings() []calibrate.Warning { return slices.Clone(t.notes) }

// Len is the number of requests in the list.
func (t Targets) Len() int { return len(t.list) }

// First is the first request, for a readiness probe: its path has the query. Empty if there are no targets.
func (t Targets) First() (method, path string, header http.Header) {
	if len(t.list) == 0 {
		return "", "", nil
	}
	first := t.list[0]
	return first.method, first.path, first.header.Clone()
}

// Check returns a *calibrate.Failure of KindUsage where a URL names a host that is neither loopback nor in allow.
// Every request goes to the app's own address anyway; somebody who wrote another name meant something else.
func (t Targets) Check(allow []string) error {
	for _, one := range t.list {
		if one.host != "" && !reach.Permitted(one.host, allow) {
			return remoteRefused(one.host, where(t.name, one.line))
		}
	}
	return nil
}

// rebase is the list as vegeta wants it: base is scheme and host. A target's own header wins over common.
func (t Targets) rebase(base string, common http.Header) []vegeta.Target {
	list := make([]vegeta.Target, len(t.list))
	for i, one := range t.list {
		header := http.Header{}
		for _, from := range []http.Header{common, one.header} {
			for name, values := range from {
				header[http.CanonicalHeaderKey(name)] = values
			}
		}
		list[i] = vegeta.Target{Method: one.method, URL: base + one.path, Header: header, Body: one.body}
	}
	return list
}

// newTarget checks a request and takes the host out of its URL. A user and password in the URL become the
// Authorization header that an HTTP client would have made of them.
func newTarget(t vegeta.Target) (target, *complaint) {
	u, bad := parseURL(t.URL)
	if bad != nil {
		return target{}, bad
	}
	header, bad := checkHeader(t.Header)
	if bad != nil {
		return target{}, bad
	}
	if u.User != nil && header.Get("Authorization") == "" {
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(userPassword(u.User))))
	}
	one := target{host: u.Hostname(), method: t.Method, path: u.RequestURI(), header: header, body: t.Body}
	if _, err := http.NewRequest(one.method, "http://127.0.0.1"+one.path, nil); err != nil {
		return target{}, &complaint{"the method or the URL isn't valid", tryLine}
	}
	return one, nil
}

func userPassword(user *url.Userinfo) string {
	password, _ := user.Password()
	return user.Username() + ":" + password
}

// parseURL takes http://host/path, https://host/path, and /path.
func parseURL(raw string) (*url.URL, *complaint) {
	raw, _, _ = strings.Cut(raw, "#") // a fragment never leaves the client
	if strings.ContainsAny(raw, " \t") {
		return nil, &complaint{"the URL has a space in it", "write a space as %20, and leave out HTTP/1.1; " + tryLine}
	}
	u, err := url.ParseRequestURI(raw) // its error would show the whole URL, password included
	switch {
	case err != nil || raw == "*":
		return nil, &complaint{"the URL is neither a path nor http://HOST/PATH", tryLine}
	case u.Scheme == "" && u.Host == "":
		return u, nil
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, &complaint{"the URL isn't an HTTP one", tryLine}
	case u.Hostname() == "":
		return nil, &complaint{"the URL names no host", tryLine}
	}
	return u, nil
}

// checkHeader returns a copy with the names in their usual spelling, so that net/http knows Host and
// Content-Length for what they are.
func checkHeader(header http.Header) (http.Header, *complaint) {
	checked := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(header)) { // "A" and "a" become one: in the same order every time
		if !isToken(name) {
			return nil, &complaint{"a header's name isn't valid", tryHeader}
		}
		for _, value := range header[name] {
			if strings.ContainsFunc(value, isControl) {
				return nil, &complaint{"the value of the header " + name + " holds a control character", tryHeader}
			}
			checked.Add(name, value)
		}
	}
	return checked, nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// isToken is RFC 9110, section 5.6.2.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}
