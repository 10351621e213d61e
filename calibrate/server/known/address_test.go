package known

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/servertest"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]Address{
		"":                       {"127.0.0.1", 0, false},
		"http://127.0.0.1:8000":  {"127.0.0.1", 8000, true},
		"http://127.9.9.9:1":     {"127.9.9.9", 1, true},
		"http://localhost:8000/": {"localhost", 8000, true},
		"http://LocalHost":       {"LocalHost", 80, true},
		"http://[::1]:8000":      {"::1", 8000, true},
		"http://box.lan:8000":    {"box.lan", 8000, true}, // allowed by name
	} {
		if got, err := ParseAddress(text, []string{"box.lan"}); err != nil || got != want {
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
		_, err := ParseAddress(text, []string{"box.lan"})
		servertest.Usage(t, err, complaint)
		if err != nil && strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%v tells the secret", err)
		}
	}
}

func TestCheckPath(t *testing.T) {
	for _, path := range []string{"/", "/health", "/a?b=c&d={x}", "/%20"} {
		if err := CheckPath(path); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, path := range []string{"health", "http://example.com/", "@example.com/", ":80/", "/\x00", "/%zz"} {
		servertest.Usage(t, CheckPath(path), "is not one")
	}
}

func TestChooseAFreePort(t *testing.T) {
	a, release, err := Address{Host: Loopback}.Choose(t.Context(), nil)
	defer release()
	if err != nil || a.Port == 0 || a.Fixed {
		t.Fatalf("%+v %v", a, err)
	}
	l, err := net.Listen("tcp", a.String())
	if err != nil {
		t.Fatalf("the port is not free: %v", err)
	}
	defer l.Close()
	a.Fixed = true
	servertest.Usage(t, a.Free(t.Context(), nil), "something already listens at "+l.Addr().String())
}

// Nobody else who chooses is given a port until it is released, and then nothing of it stays open.
func TestChosenPortIsReserved(t *testing.T) {
	before, err := linux.Here.Descriptors("self")
	if err != nil {
		t.Fatal(err)
	}
	for range 30 {
		a, release, err := Address{Host: Loopback}.Choose(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if again, reserved := linux.ReservePort(a.Port); reserved {
			again()
			t.Errorf("%d is given twice", a.Port)
		}
		release()
		release()
		again, reserved := linux.ReservePort(a.Port)
		if again(); !reserved {
			t.Errorf("%d is still kept", a.Port)
		}
	}
	if after, err := linux.Here.Descriptors("self"); err != nil || len(after) > len(before)+10 { // of other tests
		t.Errorf("%d descriptors, and %d before: %v", len(after), len(before), err)
	}
}

func TestFixedAddressIsNotChosenAnew(t *testing.T) {
	a := Address{Host: Loopback, Port: 1, Fixed: true}
	began := time.Now()
	if got, _, err := a.Choose(t.Context(), nil); err != nil || got != a {
		t.Errorf("%+v %v", got, err)
	}
	if time.Since(began) > time.Second {
		t.Error("that took long")
	}
}

// What is taken for an address is one of this machine, and is read again as the same.
func FuzzParseAddress(f *testing.F) {
	f.Add("http://[::ffff:127.0.0.1]:8000", "/health?x")
	f.Add("http://2130706433:80/", "//evil/x")
	f.Add("http://127.0.0.1:080", "/@x")
	f.Fuzz(func(t *testing.T, text, path string) {
		a, err := ParseAddress(text, nil)
		if err != nil {
			return
		}
		if ip := net.ParseIP(a.Host); !strings.EqualFold(a.Host, "localhost") && !ip.IsLoopback() {
			t.Fatalf("%q is %+v", text, a)
		}
		if again, err := ParseAddress(a.URL(), nil); a.Fixed && (err != nil || again != a) {
			t.Errorf("%q is %+v, and again %+v, %v", text, a, again, err)
		}
		if u, err := url.Parse(a.URL() + path); CheckPath(path) == nil && (err != nil || u.Host != a.String()) {
			t.Errorf("%s of %s asks %v: %v", path, a, u, err)
		}
	})
}
