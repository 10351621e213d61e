package server

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"workermem/calibrate"
)

// address is where the app listens.
type address struct {
	host  string
	port  int
	fixed bool // by the user
}

const loopback = "127.0.0.1"

// parseAddress checks the user's URL: plain HTTP, and a loopback host or one that was allowed by name.
func parseAddress(text string, allowed []string) (address, error) {
	if text == "" {
		return address{host: loopback}, nil
	}
	const example = "write it as http://127.0.0.1:8000"
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return address{}, calibrate.Usage(example, "--url %q is not a URL", withoutUser(text))
	}
	switch {
	case u.User != nil:
		return address{}, calibrate.Usage("give headers in the targets file", "--url holds a user name")
	case u.Scheme != "http":
		return address{}, calibrate.Usage("let the app serve plain HTTP while it is measured; "+example, "--url is %s, not http", u.Scheme)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "":
		return address{}, calibrate.Usage("give the path by --path", "--url names a path: it is for the server only")
	case !isLoopback(u.Hostname()) && !slices.Contains(allowed, u.Hostname()):
		return address{}, calibrate.Usage("use a loopback address, or --allow-remote "+u.Hostname()+" if that machine is yours to load",
			"%s is not this machine", u.Hostname())
	}
	port := 80
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 {
			return address{}, calibrate.Usage(example, "--url %q has no valid port", text)
		}
	}
	return address{host: u.Hostname(), port: port, fixed: true}, nil
}

// checkPath refuses a path that no request could carry.
func checkPath(path string) error {
	u, err := url.Parse("http://" + loopback + path)
	if err != nil || !strings.HasPrefix(path, "/") || u.Host != loopback {
		return calibrate.Usage("write it as /health", "the path %q is not one: it begins with a /", path)
	}
	return nil
}

func withoutUser(text string) string {
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		return text[at+1:]
	}
	return text
}

func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (a address) String() string { return net.JoinHostPort(a.host, strconv.Itoa(a.port)) }

func (a address) url() string { return "http://" + a.String() }

// free complains where somebody already listens at the user's address: that server would be measured instead.
func (a address) free() error {
	if !a.fixed {
		return nil
	}
	conn, _ := net.DialTimeout("tcp", a.String(), 500*time.Millisecond)
	if conn == nil {
		return nil
	}
	conn.Close()
	return calibrate.Usage("stop it, or choose another port in the command and --url", "something already listens at %s", a)
}

// choose picks a free port, where the user didn't. Between this and its use somebody else may take it; Start tries
// a second one then.
func (a address) choose() (address, error) {
	if a.fixed {
		return a, a.free()
	}
	l, err := net.Listen("tcp", net.JoinHostPort(a.host, "0"))
	if err != nil {
		return a, err
	}
	a.port = l.Addr().(*net.TCPAddr).Port
	return a, l.Close()
}
