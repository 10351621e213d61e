package calibrate

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"workermem/calibrate/say"
)

// Failure is a refusal as the end of what was to be measured: it is the same in words wherever it is met.
func (r Refusal) Failure() *Failure {
	return (&Failure{Kind: KindInconclusive}).By(r)
}

// What says what the app answers.
func (r Refusal) What() string {
	if r.Requests > 0 {
		return say.Count(r.Answers) + " of " + say.Plural(r.Requests, "request") + " got no page: " + r.answer()
	}
	return r.answer()
}

func (r Refusal) answer() string {
	asked := r.Method + " " + RedactText(r.Path)
	switch r.Kind {
	case RefusalEndless:
		return asked + " begins an answer that does not end"
	case RefusalMalformed:
		return asked + " is answered by something that isn't HTTP/1"
	case RefusalBare:
		return asked + " is answered without a status line, as in HTTP/0.9"
	case RefusalHeaders:
		return asked + " is answered with more than " + say.Bytes(MostHeaderBytes) + " of headers"
	}
	text := asked + " answers " + statusText(r.Status)
	if r.Kind.Redirects() {
		text += ", a redirect to " + RedactText(r.Location)
	}
	return text
}

// Why says what is wrong with measuring that.
func (r Refusal) Why() string {
	switch r.Kind {
	case RefusalHTTPS:
		return "the app wants https, which the proxy in front of it ends: the load would measure the redirect, not the page"
	case RefusalElsewhere:
		return "the app answers another host name only: the load would measure the redirect, not the page"
	case RefusalLoop:
		return "the app sends the request back to where it came from: the load would measure the redirect, not the page"
	case RefusalPath, RefusalLogin:
		return "redirects are not followed: the load would measure the redirect, not the page"
	case RefusalHost:
		return "the app doesn't take the host name that it is asked by (Django: ALLOWED_HOSTS)"
	case RefusalMethod:
		return "the app takes other methods there" + prefixed(": ", RedactText(r.Allow))
	case RefusalUpgrade:
		return "the app speaks websockets there, and they are not loaded"
	case RefusalRate:
		return "the app limits how many requests it takes" + r.retry()
	case RefusalEndless:
		return "it is a stream of events, or a download for ever: a load waits for the end of each answer"
	case RefusalMalformed, RefusalBare:
		return "the port speaks another protocol (TLS, uwsgi, FastCGI), or the app writes the answer by hand"
	case RefusalHeaders:
		return "servers and browsers refuse so many, and calibrate reads no more"
	}
	return "a load of such answers says nothing about the app"
}

func (r Refusal) retry() string {
	if r.RetrySeconds <= 0 {
		return ""
	}
	return ", and takes more after " + say.Seconds(r.RetrySeconds) + " (Retry-After)"
}

// Try is the next thing to type: what was found to help, where that was looked for.
func (r Refusal) Try() string {
	switch typed := r.typed(); {
	case len(r.Headers) > 0:
		return "ask as its proxy would: " + typed
	case typed != "":
		return "ask for the page itself: " + typed
	}
	switch r.Kind {
	case RefusalElsewhere:
		return "ask by the name that it wants: " + r.name()
	case RefusalPath:
		if r.to().EscapedPath() == r.Path {
			return "ask for it with the query that the redirect adds, which curl -v shows: --path"
		}
		return "ask for the page itself: --path " + say.Shell(r.to().EscapedPath())
	case RefusalLoop:
		if r.Cookies {
			return "let the app set its cookie first: --before FILE, a file with the line GET " + r.Path
		}
	case RefusalMethod:
		return "put such a request in a file (POST " + r.Path + ", then @ and the file of its body), and send it: --targets FILE"
	case RefusalRate:
		return r.tryRate()
	}
	return nextTries[r.Kind]
}

// nextTries are those that need no figure.
var nextTries = map[RefusalKind]string{
	RefusalHTTPS:     "-H 'X-Forwarded-Proto: https', if the app believes that header; else turn its redirect to https off (Django: SECURE_SSL_REDIRECT)",
	RefusalLogin:     TryLogin,
	RefusalLoop:      "another --path; or see by hand what the app waits for: curl -v",
	RefusalHost:      "ask by a name that it takes: -H 'Host: NAME', or let it take 127.0.0.1",
	RefusalRequest:   "give what the app wants: the query of --path '/search?q=x', a header by -H, or a --path that needs nothing",
	RefusalForbidden: "give the headers the app wants (--header, --header-env), log in first (--before), or give a --path that needs no login",
	RefusalMissing:   "give a --path that the app answers, such as --path /health",
	RefusalUpgrade:   "give a --path that is answered by plain HTTP, such as --path /health",
	RefusalEndless:   "give a --path whose answer ends, such as --path /health",
	RefusalMalformed: "a --path that answers HTTP/1.1, or the server's own HTTP port by --url; see it by hand: curl -v",
	RefusalBare:      "a --path that answers HTTP/1.1, or the server's own HTTP port by --url; see it by hand: curl -v",
	RefusalHeaders:   "another --path; or look at what sets so many headers: cookies that pile up, mostly",
}

// tryRate is a rate that the limit let through, with a tenth to spare.
func (r Refusal) tryRate() string {
	if r.Rate > 0 {
		return "a lower rate: --rate " + strconv.FormatFloat(r.Rate, 'f', -1, 64) + "; or turn the limit off for the measurement"
	}
	return "a lower --rate; or turn the limit off for the measurement"
}

func (r Refusal) typed() string {
	var words []string
	for _, header := range r.Headers {
		words = append(words, "-H "+say.Shell(RedactText(header)))
	}
	if r.Ask != "" {
		words = append(words, "--path "+say.Shell(r.Ask))
	}
	return strings.Join(words, " ")
}

// name is how to ask by the name that a redirect leads to.
func (r Refusal) name() string {
	words := "-H " + say.Shell("Host: "+r.to().Host)
	if r.to().Scheme == "https" {
		words += " -H 'X-Forwarded-Proto: https'"
	}
	return words
}

func (r Refusal) to() *url.URL {
	to, err := url.Parse(r.Location)
	if err != nil {
		return &url.URL{}
	}
	return to
}

func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

func prefixed(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}
