package calibrate

import (
	"testing"
)

func TestLoginPath(t *testing.T) {
	for path, want := range map[string]bool{
		"/login": true, "/user/login": true, "/Login.aspx": true, "/accounts/login/": true, "/users/sign_in": true, "/sign-in": true, "/auth/saml2/x": true,
		"/wp-login.php": true, "/oauth2/authorize": true, "login": true,
		"/": false, "": false, "/authors": false, "/blog/logins-of-old": false, "/signing": false, "/catalogin": false, "/home": false,
	} {
		if got := LoginPath(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}
