package loadgen

import (
	"math"
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	const list = `GET /
GET /items/17?page=2
GET /items/3
HEAD /items/3
GET /items/0b8f5a3e-6f3a-4c55-9b57-0d1a4a0f2b11/edit
GET /static/application-bundle-of-many.js
GET /items/4
POST /items/4
`
	targets, err := ReadTargets("list", strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name  string
		count int
	}{
		{"/items/{n}", 3}, {"/", 1}, {"HEAD /items/{n}", 1}, {"/items/{id}/edit", 1},
		{"/static/application-bundle-of-many.js", 1}, {"POST /items/{n}", 1},
	}
	routes := targets.Routes()
	if len(routes) != len(want) {
		t.Fatalf("%d routes, want %d: %v", len(routes), len(want), routes)
	}
	for i, w := range want {
		if r := routes[i]; r.Name != w.name || math.Abs(r.Share-float64(w.count)/8) > 1e-9 {
			t.Errorf("route %d is %q with %.3f of the load, want %q with %d/8", i, r.Name, r.Share, w.name, w.count)
		}
		if n := targets.of(w.name).Len(); n != w.count {
			t.Errorf("%s has %d targets, want %d", w.name, n, w.count)
		}
	}
	if n := targets.of("").Len(); n != 8 {
		t.Errorf("all routes have %d targets, want 8", n)
	}
}

// Other people's secrets in a path are in no route's name.
func TestRoutesHideWhatMayBeSecret(t *testing.T) {
	for path, want := range map[string]string{
		"/verify/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N": "/verify/{id}",
		"/d/YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM%3D%3D":                        "/d/{id}",
		"/a;jsessionid=0123456789abcdef":                                          "/a",
		"/token/abcdefghijklmnopqrstuvwxyzabcdef":                                 "/token/{id}",
		"/token/aBcDeFgHiJkLmN":                                                   "/token/{id}",
		"/x/deadbeef.deadbeef1234deadbeef":                                        "/x/{id}",
		"/u/bob@example.com":                                                      "/u/{id}",
		"/reset/k3J9sQ2x":                                                         "/reset/{id}",
		"/users/0b8f5a3e-6f3a-4c55-9b57-0d1a4a0f2b11":                             "/users/{id}",
		"/api/v2/orders/17/lines":                                                 "/api/v2/orders/{n}/lines",
		"/static/js/application-form.min.js":                                      "/static/js/application-form.min.js",
		"/wp-login.php?token=abc":                                                 "/wp-login.php",
		"/getUserName":                                                            "/getUserName",
		"/":                                                                       "/",
	} {
		if got := (target{method: "GET", path: path}).route(); got != want {
			t.Errorf("%s is shown as %s, want %s", path, got, want)
		}
	}
}
