package server

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]address{
		"":                       {"127.0.0.1", 0, false},
		"http://127.0.0.1:8000":  {"127.0.0.1", 8000, true},
		"http://127.9.9.9:1":     {"127.9.9.9", 1, true},
		"http://localhost:8000/": {"localhost", 8000, true},
		"http://LocalHost":       {"LocalHost", 80, true},
		"http://[::1]:8000":      {"::1", 8000, true},
		"http://box.lan:8000":    {"box.lan", 8000, true}, // allowed by name
	} {
		if got, err := parseAddress(text, []string{"box.lan"}); err != nil || got != want {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	}
	for text, complaint := range map[string]string{
		"http://example.com:8000":         "example.com is not this machine",
		"http://10.0.0.1:8000":            "10.0.0.1 is not this machine",
		"http://0.0.0.0:8000":             "0.0.0.0 is not this machine",
		"http://127.0.0.1.example.com":    "is not this machine",
		"https://127.0.0.1:8000":          "https, not http",
		"unix:/run/app.sock":              "not a URL",
		"127.0.0.1:8000":                  "not a URL",
		"http://127.0.0.1:8000/health":    "names a path",
		"http://127.0.0.1:0":              "no valid port",
		"http://127.0.0.1:99999":          "no valid port",
		"http://me:secret@127.0.0.1:8000": "user name",
		"http://":                         "not a URL",
		"http://me:secret@[":              "not a URL",
	} {
		_, err := parseAddress(text, []string{"box.lan"})
		usage(t, err, complaint)
		if err != nil && strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%v tells the secret", err)
		}
	}
}

func TestCheckPath(t *testing.T) {
	for _, path := range []string{"/", "/health", "/a?b=c&d={x}", "/%20"} {
		if err := checkPath(path); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, path := range []string{"health", "http://example.com/", "@example.com/", ":80/", "/\x00", "/%zz"} {
		usage(t, checkPath(path), "is not one")
	}
}

func TestChooseAFreePort(t *testing.T) {
	a, err := address{host: loopback}.choose()
	if err != nil || a.port == 0 || a.fixed {
		t.Fatalf("%+v %v", a, err)
	}
	l, err := net.Listen("tcp", a.String())
	if err != nil {
		t.Fatalf("the port is not free: %v", err)
	}
	defer l.Close()
	a.fixed = true
	usage(t, a.free(), "something already listens at "+l.Addr().String())
}

func TestFixedAddressIsNotChosenAnew(t *testing.T) {
	a := address{host: loopback, port: 1, fixed: true}
	began := time.Now()
	if got, err := a.choose(); err != nil || got != a {
		t.Errorf("%+v %v", got, err)
	}
	if time.Since(began) > time.Second {
		t.Error("that took long")
	}
}
