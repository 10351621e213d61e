package server

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"time"

	"workermem/calibrate"
)

// refusalError is an answer that can't be read, as the end of a boot.
type refusalError calibrate.Refusal

func (e refusalError) Error() string { return calibrate.Refusal(e).What() }

// judge says what a first answer that is no page means for a measurement.
func (a *App) judge(ctx context.Context, first answer) error {
	refusal, is := calibrate.Refused(a.wanted().asked(a), first.Answered)
	if !is || a.launch.Spec.AnyAnswer {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, cureTime)
	defer cancel()
	return a.refused(a.cure(ctx, refusal))
}

// refused is a refusal as the end of a boot.
func (a *App) refused(r calibrate.Refusal) *calibrate.Failure {
	f := r.Failure()
	f.Phase, f.Log = calibrate.PhaseBoot, a.log().End()
	return f
}

// Bounds of a cure: a few more requests to the app, each of which a browser or a proxy would have sent.
const (
	cureTime  = 5 * time.Second
	cureSteps = 6
)

// localName is what most apps answer to that are picky about names.
const localName = "localhost"

// cure asks again as a proxy would ask, or a user who follows, until the app answers well: what it changed is what to type.
// Whatever does not help is left out.
func (a *App) cure(ctx context.Context, first calibrate.Refusal) calibrate.Refusal {
	client := readyClient(a.at)
	defer client.CloseIdleConnections()
	added := http.Header{}
	last, end := a.follow(ctx, client, first, added)
	switch {
	case end != "": // answered well, there
		for _, name := range []string{"Host", "X-Forwarded-Proto"} {
			if value := added.Get(name); value != "" {
				first.Headers = append(first.Headers, name+": "+value)
			}
		}
		if end != a.wanted().path {
			first.Ask = end
		}
		if added.Get("Host") != "" && !first.Kind.Redirects() {
			first.Kind = calibrate.RefusalHost
		}
	case last.Kind == calibrate.RefusalLogin, first.Kind == calibrate.RefusalPath && last.Kind == calibrate.RefusalLoop:
		first.Kind, first.Cookies = last.Kind, first.Cookies || last.Cookies
	case first.Kind == calibrate.RefusalRequest && a.everyPath(ctx, client, first.Status):
		first.Kind = calibrate.RefusalHost
	}
	return first
}

// follow heeds one refusal after the other, and notes the headers that it added. It returns the last refusal, or the path of
// the page that came in the end.
func (a *App) follow(ctx context.Context, client *http.Client, refusal calibrate.Refusal, added http.Header) (last calibrate.Refusal, end string) {
	now, asked := page{a.wanted().path, maps.Clone(a.wanted().header)}, map[string]bool{}
	if now.header == nil {
		now.header = http.Header{}
	}
	for range cureSteps {
		asked[now.path] = true
		if !now.heed(refusal, added) {
			return refusal, ""
		}
		if refusal.Kind == calibrate.RefusalPath && asked[now.path] {
			refusal.Kind = calibrate.RefusalLoop
			return refusal, ""
		}
		got, err := a.get(ctx, client, now)
		if err != nil {
			return refusal, ""
		}
		if got.Status < 300 {
			return refusal, now.path
		}
		var is bool
		if refusal, is = calibrate.Refused(now.asked(a), got.Answered); !is {
			return refusal, ""
		}
	}
	return refusal, ""
}

// heed changes a request as an answer asks for it. It returns false where there is nothing to change, or it was changed already.
func (p *page) heed(r calibrate.Refusal, added http.Header) bool {
	set := func(name, value string) bool {
		if added.Get(name) != "" || p.header.Get(name) != "" {
			return false
		}
		p.header.Set(name, value)
		added.Set(name, value)
		return true
	}
	to, err := url.Parse(r.Location)
	if err != nil {
		return false
	}
	switch r.Kind {
	case calibrate.RefusalHTTPS:
		return set("X-Forwarded-Proto", "https")
	case calibrate.RefusalElsewhere:
		if to.Scheme == "https" {
			set("X-Forwarded-Proto", "https")
		}
		return set("Host", to.Host)
	case calibrate.RefusalPath:
		p.path = to.EscapedPath()
		return true
	case calibrate.RefusalRequest, calibrate.RefusalForbidden, calibrate.RefusalHost:
		return set("Host", localName)
	}
	return false
}

// everyPath says whether a page that no app has is answered in the same way: then it isn't the page that is refused.
func (a *App) everyPath(ctx context.Context, client *http.Client, status int) bool {
	got, err := a.get(ctx, client, page{"/a-page-that-calibrate-asks-for-and-no-app-has", a.wanted().header})
	return err == nil && got.Status == status
}
