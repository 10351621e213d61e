package loadgen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Prepare sends what comes before the load, if there is any, and keeps the cookies for the attacks that follow. It
// returns a *calibrate.Failure of KindInconclusive if the app doesn't let it in: the load would measure a login page.
func (l *Loader) Prepare(ctx context.Context, base string) (sent bool, err error) {
	l.cookies = nil
	if len(l.opt.Before.list) == 0 {
		return false, nil
	}
	to, err := resolve(ctx, base, l.opt.AllowRemote)
	if err != nil {
		return false, err
	}
	v := newVisitor(to, l.opt)
	for _, one := range l.opt.Before.list {
		if err := v.send(ctx, one); err != nil {
			return true, err
		}
	}
	if err := v.cookies.serve(l.targets); err != nil {
		return true, err
	}
	l.cookies = v.cookies
	return true, nil
}

// visitor sends the requests before the load, as a browser would: it keeps cookies and follows redirects.
type visitor struct {
	before  Before
	common  http.Header
	to      origin
	client  *http.Client
	cookies *cookies
	page    page // the last one
}

func newVisitor(to origin, opt Options) *visitor {
	v := &visitor{before: opt.Before, common: opt.Header, to: to, cookies: newCookies(to, opt.Header)}
	v.client = &http.Client{
		// A connection a request: an idle one would block a worker that serves one at a time.
		Transport:     &http.Transport{DialContext: to.dial, DisableKeepAlives: true, MaxResponseHeaderBytes: calibrate.MostHeaderBytes},
		Jar:           v.cookies,
		Timeout:       opt.Timeout,
		CheckRedirect: v.follow,
	}
	return v
}

// mostRedirects is what net/http and the browsers' makers find enough, and more than any login has.
const mostRedirects = 10

// follow lets a redirect go to the app alone: one to its public name, or to https, is what a proxy would bring back to it.
func (v *visitor) follow(req *http.Request, via []*http.Request) error {
	base, err := url.Parse(v.to.base)
	if err != nil {
		return err
	}
	if host := req.URL.Hostname(); !strings.EqualFold(host, base.Hostname()) && !strings.EqualFold(host, v.cookies.host) {
		return redirectError("it redirects to another host, " + cmp.Or(clip(host), "of no name"))
	}
	if len(via) >= mostRedirects {
		return redirectError(fmt.Sprintf("it redirects more than %s times, at last to %s", say.Count(mostRedirects), clip(req.URL.EscapedPath())))
	}
	req.URL.Scheme, req.URL.Host, req.Host = base.Scheme, base.Host, via[0].Host
	return nil
}

func (v *visitor) send(ctx context.Context, one target) error {
	place := v.before.where(one)
	if missing := one.fill(v.before.getenv, func(name string) string { return v.page.fields[name] }); missing != "" {
		return refused(place+" can't be sent", fmt.Sprintf("the page before it has no hidden field or meta element named %s", clip(missing)),
			"look at the page's source for the name of its token")
	}
	asked := Targets{list: []target{one}}.rebase(v.to.base, v.common)[0]
	req, err := asked.Request()
	if err != nil { // its text may hold a secret
		return refused(place+" can't be sent", "what is filled in makes no valid request", "look at the values that are filled in")
	}
	res, err := v.client.Do(req.WithContext(ctx))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return refused(place+" was not answered", unanswered(err), "send it by hand, with curl -v, to see why")
	}
	defer res.Body.Close()
	if strings.Contains(res.Header.Get("Content-Type"), "html") {
		v.page, err = readPage(io.LimitReader(res.Body, maxPage))
	} else {
		v.page.password = false // its fields may still be asked for
		_, err = io.Copy(io.Discard, io.LimitReader(res.Body, maxPage))
	}
	if err != nil {
		return refused(place+" was not answered to its end", unanswered(err), "send it by hand, with curl -v, to see why; a longer --timeout if it is only slow")
	}
	return v.judge(place, req, res)
}

// redirectError is why a redirect is not followed.
type redirectError string

func (e redirectError) Error() string { return string(e) }

// unanswered says in our own words why a request was not answered: net/http's quote the answer, and that may hold a secret.
func unanswered(err error) string {
	var own redirectError
	var timeout net.Error
	switch {
	case errors.As(err, &own):
		return clip(own.Error())
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "no whole answer in --timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before the answer's end"
	}
	return "the answer isn't HTTP that can be read"
}

// judge says what an answer means for the load after it. A form that comes again where it was sent to is how a page says
// that the password is wrong: by 200.
func (v *visitor) judge(place string, req *http.Request, res *http.Response) error {
	const try = "look at what it sends: names and values of the form's fields, and the token against forged requests, as {{name}}"
	end := res.Request.URL.EscapedPath()
	switch {
	case res.StatusCode >= http.StatusBadRequest && end != req.URL.EscapedPath():
		return refused(fmt.Sprintf("%s led to %s, which answered %s", place, clip(end), clip(res.Status)), "", try)
	case res.StatusCode >= http.StatusBadRequest:
		return refused(fmt.Sprintf("%s was answered by %s", place, clip(res.Status)), "", try)
	case req.Method == http.MethodPost && end == req.URL.EscapedPath() && v.page.password:
		return refused(place+" was answered by a form with a password again", "the app did not take what it was sent", try)
	}
	return nil
}

func refused(what, why, try string) error {
	return &calibrate.Failure{Kind: calibrate.KindInconclusive, What: "before the load, " + what, Why: why, Try: try}
}
