package calibrate

import (
	"regexp"
	"slices"
	"strings"
)

// loginPath knows a login page by its path. It errs where an app names it otherwise, so where most answers lead there it is
// said as such, and whoever wants the page measured can ask for it.
var loginPath = regexp.MustCompile(`(?i)(^|[/_.-])(log-?in|log-?on|sign[-_]?in|sso|saml2?|oauth2?|openid|auth|authenticate)([/_.-]|$)`)

// LoginPath says whether a path, without its query, looks like a login page's.
func LoginPath(path string) bool { return loginPath.MatchString(path) }

// RedirectsToLogin is the code of the warning that the load measures redirects to a login page.
const RedirectsToLogin = "redirects-to-login"

// TryLogin is what can be done about that.
const TryLogin = "log in before the load: --before FILE, with the requests of a login"

// TryLogin is the same for who did so.
func (p PlanInfo) TryLogin() string {
	if slices.ContainsFunc(p.Flags, func(flag string) bool { return strings.HasPrefix(flag, "--before=") }) {
		return "look whether the requests of --before log in, and as somebody who may see these pages"
	}
	return TryLogin
}
