package calibrate

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// prepare sends what comes before the load of an app that was just started. What the app has to say about it is in its log.
func prepare(ctx context.Context, rig Rig, app App, phase string) error {
	err := rig.Load.Prepare(ctx, app.Info().URL)
	var refused *Failure
	if !errors.As(err, &refused) || refused.Kind != KindInconclusive {
		return err
	}
	f := app.Failure(phase)
	f.Kind, f.What, f.Why, f.Try, f.Err = refused.Kind, refused.What, refused.Why, refused.Try, refused.Err
	return f
}

// prepare comes after the idle reading, which is of an app that nobody has used.
func (r *run) prepare(ctx context.Context) error { return prepare(ctx, r.rig, r.app, r.phase) }

// loginPath knows a login page by its path. It errs where an app names it otherwise, so where most answers lead there it is
// said as such, and whoever wants the page measured can ask for it.
var loginPath = regexp.MustCompile(`(?i)(^|[/_.-])(log-?in|log-?on|sign[-_]?in|sso|saml2?|oauth2?|openid|auth|authenticate)([/_.-]|$)`)

// LoginPath says whether a path, without its query, looks like a login page's.
func LoginPath(path string) bool { return loginPath.MatchString(path) }

// RedirectsToLogin is the code of the warning that the load measures redirects to a login page.
const RedirectsToLogin = "redirects-to-login"

// TryLogin is what can be done about that.
const TryLogin = "log in before the load: --before FILE, with the requests of a login"

// toLogin are the answers that lead to login pages, and the page of most of them.
func toLogin(redirects map[string]int64) (answers int64, page string) {
	var most int64
	for _, path := range slices.Sorted(maps.Keys(redirects)) {
		if !LoginPath(path) {
			continue
		}
		answers += redirects[path]
		if redirects[path] > most {
			page, most = path, redirects[path]
		}
	}
	return answers, page
}

// toLoginMostly says that most of a load was sent to a login page. Who wants that page measured asks for it.
func toLoginMostly(l LoadInfo) bool { return 2*l.ToLogin > l.Requests }

// loginDoubts are about a load that was mostly sent to a login page.
func loginDoubts(r Result, add func(doubtful bool, code, try, format string, args ...any)) {
	try := TryLogin
	if slices.ContainsFunc(r.Plan.Flags, func(flag string) bool { return strings.HasPrefix(flag, "--before=") }) {
		try = "look whether the requests of --before log in, and as somebody who may see these pages"
	}
	add(toLoginMostly(r.Load), RedirectsToLogin, try,
		"%d of %d requests of the %s were answered by a redirect to %s, which is not followed: the load measures the redirects, not the pages",
		r.Load.ToLogin, r.Load.Requests, r.steady(), r.Load.LoginPage)
}
