package calibrate

import (
	"errors"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Refusal is an answer that isn't the app's page: it leads elsewhere, turns the request away, or can't be read. A load that
// mostly gets such answers measures them, not the app.
type Refusal struct {
	Kind         RefusalKind `json:"kind"`
	Method       string      `json:"method"`
	Path         string      `json:"path"` // that was asked for, without its query
	Status       int         `json:"status,omitempty"`
	Location     string      `json:"location,omitempty"`        // that a redirect leads to, without its query
	Allow        string      `json:"allow,omitempty"`           // the methods that the app takes there
	RetrySeconds float64     `json:"retry_seconds,omitempty"`   // after which it takes more
	Cookies      bool        `json:"cookies,omitempty"`         // the answer sets some
	Answers      int64       `json:"answers,omitempty"`         // of this kind ...
	Requests     int64       `json:"requests,omitempty"`        // ... of so many; 0: one was asked for
	Rate         float64     `json:"rate_per_second,omitempty"` // of RefusalRate: that the app's limit would have let through

	// What was added to the request until the app answered well: nothing where that was not tried, or did not help.
	Headers []string `json:"headers,omitempty"` // "Host: shop.example"
	Ask     string   `json:"ask,omitempty"`     // the path
}

// RefusalKind sorts refusals by what can be done about them.
type RefusalKind string

// The kinds of refusal.
const (
	RefusalHTTPS     RefusalKind = "redirect-https"
	RefusalElsewhere RefusalKind = "redirect-host" // to another host
	RefusalPath      RefusalKind = "redirect-path" // to another path: of a language, with a slash at its end
	RefusalLogin     RefusalKind = "redirect-login"
	RefusalLoop      RefusalKind = "redirect-loop" // to where it came from
	RefusalHost      RefusalKind = "host"          // the app doesn't take the name that it is asked by
	RefusalRequest   RefusalKind = "request"       // 400, or another status that blames the request
	RefusalForbidden RefusalKind = "forbidden"     // 401, 403
	RefusalMissing   RefusalKind = "missing"       // 404, 410
	RefusalMethod    RefusalKind = "method"        // 405
	RefusalUpgrade   RefusalKind = "upgrade"       // 426
	RefusalRate      RefusalKind = "rate"          // 429
	RefusalEndless   RefusalKind = "endless"       // the answer begins, and doesn't end
	RefusalMalformed RefusalKind = "malformed"     // it isn't HTTP/1
	RefusalBare      RefusalKind = "http-0.9"      // it has no status line
	RefusalHeaders   RefusalKind = "headers"       // it has more of them than MostHeaderBytes
)

// Redirects says that the app sends the request elsewhere. Such an answer is no error.
func (k RefusalKind) Redirects() bool { return strings.HasPrefix(string(k), "redirect-") }

// Refused is the most frequent refusal of some kinds, nil if there is none.
func (l LoadInfo) Refused(kinds func(RefusalKind) bool) *Refusal {
	for _, one := range l.Refusals {
		if kinds(one.Kind) {
			return &one
		}
	}
	return nil
}

// MostHeaderBytes is the most that the headers of an answer may take: what Chrome takes, and 16 to 32 times what Node, nginx
// and Apache do. It also bounds what calibrate itself holds of an answer.
const MostHeaderBytes = 256 << 10

// Asked is a request, as far as an answer to it is judged by it.
type Asked struct {
	Method string
	URL    string
	Host   string // its header, "" for the URL's
}

// Answered is what of an answer tells a refusal.
type Answered struct {
	Status                      int
	Location, Allow, RetryAfter string
	Cookies                     bool
}

// Refused reads an answer. ok is false of one that is the app's page, or an error of the app's (5xx).
func Refused(asked Asked, a Answered) (r Refusal, ok bool) {
	r = Refusal{Method: asked.Method, Path: bareURL(asked.URL, true), Status: a.Status, Location: bareURL(fromRoot(asked.URL, a.Location), false), Cookies: a.Cookies}
	switch a.Status {
	case 401, 403:
		r.Kind = RefusalForbidden
	case 404, 410:
		r.Kind = RefusalMissing
	case 405:
		r.Kind, r.Allow = RefusalMethod, a.Allow
	case 421:
		r.Kind = RefusalHost
	case 426:
		r.Kind = RefusalUpgrade
	case 429:
		r.Kind = RefusalRate
		if seconds, err := strconv.ParseUint(a.RetryAfter, 10, 31); err == nil { // RFC 9110, 10.2.3; of a date nothing is read
			r.RetrySeconds = float64(seconds)
		}
	case 301, 302, 303, 307, 308:
		r.Kind = redirectKind(asked, a.Location)
		return r, r.Kind != ""
	default:
		if a.Status < 400 || a.Status >= 500 {
			return Refusal{}, false
		}
		r.Kind = RefusalRequest
	}
	return r, true
}

// redirectKind compares where a redirect leads with what was asked for. A form that was sent is answered well by a redirect
// to another page: "" then.
func redirectKind(asked Asked, location string) RefusalKind {
	from, err := url.Parse(asked.URL)
	if err != nil {
		return ""
	}
	to, err := from.Parse(location)
	if err != nil || location == "" {
		return ""
	}
	host := hostName(asked.Host)
	if host == "" {
		host = from.Hostname()
	}
	reads := asked.Method == "GET" || asked.Method == "HEAD"
	switch {
	case LoginPath(to.EscapedPath()) && to.EscapedPath() != from.EscapedPath():
		return RefusalLogin
	case !strings.EqualFold(to.Hostname(), host) && !strings.EqualFold(to.Hostname(), from.Hostname()):
		return RefusalElsewhere
	case to.Scheme == "https" && from.Scheme == "http":
		return RefusalHTTPS
	case !reads:
		return ""
	case to.RequestURI() == from.RequestURI():
		return RefusalLoop
	}
	return RefusalPath
}

// hostName is a Host header without its port.
func hostName(header string) string {
	if name, _, err := net.SplitHostPort(header); err == nil {
		return name
	}
	return header
}

// ErrEndless says that an answer began, and did not end.
var ErrEndless = errors.New("the answer does not end")

// net/http has no types for answers that it can't read, only these words.
var (
	tooManyHeaders = regexp.MustCompile(`response headers exceeded`)
	firstLine      = regexp.MustCompile(`malformed HTTP response "(.*)`)
	notHTTP        = regexp.MustCompile(`malformed (?:HTTP|MIME)|bad Content-Length|transfer encoding`)
)

// RefusedBy reads the error of a request. ok is false of one that says nothing of the answer: a refused connection, a timeout.
func RefusedBy(asked Asked, err error) (r Refusal, ok bool) {
	r = Refusal{Method: asked.Method, Path: bareURL(asked.URL, true)}
	switch text := err.Error(); {
	case errors.Is(err, ErrEndless):
		r.Kind = RefusalEndless
	case tooManyHeaders.MatchString(text):
		r.Kind = RefusalHeaders
	case bare(text):
		r.Kind = RefusalBare
	case notHTTP.MatchString(text):
		r.Kind = RefusalMalformed
	default:
		return Refusal{}, false
	}
	return r, true
}

// bare says that an answer is text that begins without a status line: what isn't text is another protocol's.
func bare(text string) bool {
	line := firstLine.FindStringSubmatch(text)
	return line != nil && !strings.HasPrefix(line[1], "HTTP/") && !strings.Contains(line[1], `\x`)
}

// fromRoot is a location that names no host, from the root of the server: behind an address, "@host/" would be another one.
func fromRoot(asked, location string) string {
	from, badAsked := url.Parse(asked)
	to, err := url.Parse(location)
	if badAsked != nil || err != nil || location == "" || to.Scheme != "" || to.Host != "" {
		return location
	}
	to = from.ResolveReference(to)
	to.Scheme, to.Host = "", ""
	return to.String()
}

// bareURL is a URL without what may be a secret in it: user, query and fragment.
func bareURL(raw string, pathAlone bool) string {
	u, err := url.Parse(raw)
	if err != nil || raw == "" {
		return ""
	}
	u.User, u.RawQuery, u.Fragment, u.RawFragment, u.ForceQuery = nil, "", "", "", false
	if pathAlone {
		u.Scheme, u.Host, u.Opaque = "", "", ""
	}
	return u.String()
}
