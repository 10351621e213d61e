package calibrate

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// What an answer is to a request, and what is to be typed next.
func TestRefused(t *testing.T) {
	const at = "http://127.0.0.1:8000"
	get := func(path string) Asked { return Asked{Method: "GET", URL: at + path} }
	for _, tc := range []struct {
		name  string
		asked Asked
		Answered
		kind RefusalKind // "" for a page
		try  string
	}{
		{"a page", get("/"), Answered{Status: 200}, "", ""},
		{"nothing new", get("/"), Answered{Status: 304}, "", ""},
		{"the app's own error", get("/"), Answered{Status: 503, RetryAfter: "3"}, "", ""},
		{"a redirect that leads nowhere", get("/"), Answered{Status: 302}, "", ""},
		{"https", get("/a"), Answered{Status: 301, Location: "https://127.0.0.1:8000/a"}, RefusalHTTPS, "-H 'X-Forwarded-Proto: https'"},
		{"https without the port", get("/a"), Answered{Status: 308, Location: "https://127.0.0.1/a"}, RefusalHTTPS, "X-Forwarded-Proto"},
		{"https of the name that was asked for", Asked{"GET", at + "/", "shop.example:8000"}, Answered{Status: 301, Location: "https://shop.example/"}, RefusalHTTPS, "X-Forwarded-Proto"},
		{"another host", get("/a"), Answered{Status: 301, Location: "http://www.shop.example/a"}, RefusalElsewhere, "-H 'Host: www.shop.example'"},
		{"another host, by https", get("/a"), Answered{Status: 301, Location: "https://shop.example/a"}, RefusalElsewhere, "-H 'Host: shop.example' -H 'X-Forwarded-Proto: https'"},
		{"another host that is a shell's command", get("/a"), Answered{Status: 301, Location: "http://x';id;'/a"}, RefusalElsewhere, `-H 'Host: x'\'';id;'\'''`},
		{"a path that is one", get("/a"), Answered{Status: 301, Location: "/$(id);id/"}, RefusalPath, "--path '/$(id);id/'"},
		{"a language", get("/"), Answered{Status: 302, Location: "/en/?from=x"}, RefusalPath, "--path /en/"},
		{"a slash", get("/a"), Answered{Status: 301, Location: at + "/a/"}, RefusalPath, "--path /a/"},
		{"a path from here", get("/a/b"), Answered{Status: 302, Location: "c?token=secret"}, RefusalPath, "--path /a/c"},
		{"a path that looks like a host", get("/"), Answered{Status: 302, Location: "@shop.example/a"}, RefusalPath, "--path /@shop.example/a"},
		{"a query", get("/a"), Answered{Status: 302, Location: "/a?token=secret"}, RefusalPath, "with the query"},
		{"a login", get("/"), Answered{Status: 302, Location: "/accounts/login/?next=/"}, RefusalLogin, "--before FILE"},
		{"a login elsewhere", get("/"), Answered{Status: 302, Location: "https://sso.example/oauth2/authorize"}, RefusalLogin, "--before FILE"},
		{"itself, for a cookie", get("/a"), Answered{Status: 302, Location: "/a", Cookies: true}, RefusalLoop, "--before FILE, a file with the line GET /a"},
		{"itself", get("/a"), Answered{Status: 302, Location: "/a"}, RefusalLoop, "another --path"},
		{"a form that was taken", Asked{"POST", at + "/form", ""}, Answered{Status: 303, Location: "/thanks"}, "", ""},
		{"a form that wants a login", Asked{"POST", at + "/form", ""}, Answered{Status: 302, Location: "/login"}, RefusalLogin, "--before"},
		{"400", get("/search"), Answered{Status: 400}, RefusalRequest, "--path '/search?q=x'"},
		{"401", get("/"), Answered{Status: 401}, RefusalForbidden, "--before"},
		{"404", get("/"), Answered{Status: 404}, RefusalMissing, "--path /health"},
		{"405", get("/form"), Answered{Status: 405, Allow: "POST"}, RefusalMethod, "--targets FILE"},
		{"421", get("/"), Answered{Status: 421}, RefusalHost, "-H 'Host: NAME'"},
		{"426", get("/ws"), Answered{Status: 426}, RefusalUpgrade, "--path /health"},
		{"429", get("/"), Answered{Status: 429, RetryAfter: "30"}, RefusalRate, "a lower --rate"},
		{"418", get("/"), Answered{Status: 418}, RefusalRequest, "-H"},
	} {
		r, is := Refused(tc.asked, tc.Answered)
		if is != (tc.kind != "") || is && r.Kind != tc.kind {
			t.Errorf("%s: %q, %v; want %q", tc.name, r.Kind, is, tc.kind)
			continue
		}
		if !is {
			continue
		}
		f := r.Failure()
		if !strings.Contains(f.Try, tc.try) || f.Why == "" || strings.Contains(f.Error()+f.Try, "secret") || f.Kind != KindInconclusive {
			t.Errorf("%s: %s; try: %s", tc.name, f.Error(), f.Try)
		}
	}
}

// A figure that isn't one would keep the whole result from being written.
func TestRetryAfterIsANumber(t *testing.T) {
	for after, want := range map[string]float64{"30": 30, "": 0, "NaN": 0, "Inf": 0, "-5": 0, "1e400": 0, "99999999999": 0, "Wed, 21 Oct 2026 07:28:00 GMT": 0} {
		if r, _ := Refused(Asked{Method: "GET", URL: "http://127.0.0.1/"}, Answered{Status: 429, RetryAfter: after}); r.RetrySeconds != want {
			t.Errorf("%q: %v", after, r.RetrySeconds)
		}
	}
}

// What net/http says of an answer that it can't read, as of Go 1.26; loadgen and calibrate/server meet the real ones.
func TestRefusedBy(t *testing.T) {
	for text, want := range map[string]RefusalKind{
		`malformed HTTP response "<html>ok</html>"`:                        RefusalBare,
		`malformed HTTP response "\x15\x03\x01\x00\x02\x02P"`:              RefusalMalformed,
		`malformed HTTP response "HTTP/1.1"`:                               RefusalMalformed,
		`malformed HTTP status code "OK"`:                                  RefusalMalformed,
		`malformed MIME header line: x`:                                    RefusalMalformed,
		`net/http: server response headers exceeded 262144 bytes; aborted`: RefusalHeaders,
		`dial tcp 127.0.0.1:1: connect: connection refused`:                "",
		`EOF`: "",
	} {
		wrapped := fmt.Errorf("net/http: HTTP/1.x transport connection broken: %w", errors.New(text))
		if r, is := RefusedBy(Asked{Method: "GET", URL: "http://127.0.0.1:1/a?k=secret"}, wrapped); is != (want != "") || r.Kind != want && is || strings.Contains(r.What(), "secret") {
			t.Errorf("%s: %q", text, r.Kind)
		}
	}
	if r, _ := RefusedBy(Asked{}, fmt.Errorf("cut: %w", ErrEndless)); r.Kind != RefusalEndless {
		t.Error(r.Kind)
	}
}
