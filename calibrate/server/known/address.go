package known

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/reach"
)

// Address is where the app listens.
type Address struct {
	Host  string
	Port  int
	Fixed bool // by the user
}

// Loopback is where the app listens unless the user names an address.
const Loopback = "127.0.0.1"

// ParseAddress checks the user's URL: plain HTTP, and a loopback host or one that was allowed by name.
func ParseAddress(text string, allowed []string) (Address, error) {
	if text == "" {
		return Address{Host: Loopback}, nil
	}
	const example = "write it as http://127.0.0.1:8000"
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return Address{}, calibrate.Usage(example, "--url %q is not a URL", withoutUser(text))
	}
	switch {
	case u.User != nil:
		return Address{}, calibrate.Usage("give headers in the targets file", "--url holds a user name")
	case u.Scheme != "http":
		return Address{}, calibrate.Usage("let the app serve plain HTTP while it is measured; "+example, "--url is %s, not http", u.Scheme)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "":
		return Address{}, calibrate.Usage("give the path by --path", "--url names a path: it is for the server only")
	case !reach.Permitted(u.Hostname(), allowed):
		return Address{}, calibrate.Usage("use a loopback address, or --allow-remote "+u.Hostname()+" if that machine is yours to load",
			"%s is not this machine", u.Hostname())
	}
	port := 80
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 {
			return Address{}, calibrate.Usage(example, "--url %q has no valid port", text)
		}
	}
	return Address{Host: u.Hostname(), Port: port, Fixed: true}, nil
}

// CheckPath refuses a path that no request could carry.
func CheckPath(path string) error {
	u, err := url.Parse("http://" + Loopback + path)
	if err != nil || !strings.HasPrefix(path, "/") || u.Host != Loopback {
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

func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// URL is the root of what the app serves.
func (a Address) URL() string { return "http://" + a.String() }

// Reach is how readiness gets there: as the load will.
func (a Address) Reach(ctx context.Context, allowed []string) (reach.Addresses, error) {
	return reach.Find(ctx, a.Host, uint16(a.Port), allowed) //nolint:gosec // a port
}

// Bind is what most servers take for the address to listen at, HOST:PORT with placeholders.
func (a Address) Bind() string {
	if strings.Contains(a.Host, ":") { // IPv6
		return "[{host}]:{port}"
	}
	return "{host}:{port}"
}

// Free complains if somebody already listens at the user's address: that server would be measured instead.
func (a Address) Free(ctx context.Context, allowed []string) error {
	if !a.Fixed {
		return nil
	}
	at, err := a.Reach(ctx, allowed)
	if err != nil {
		return err
	}
	conn, _ := at.Dial(ctx, net.Dialer{Timeout: 500 * time.Millisecond})
	if conn == nil {
		return nil
	}
	conn.Close()
	return calibrate.Usage("stop it, or choose another port in the command and --url", "something already listens at %s", a)
}

// Choose picks a free port, unless the user fixed one. Between this and its use somebody else may take it; Start tries
// a second one then. Nobody else who chooses here is given the port until it is released, which may be done more than once.
func (a Address) Choose(ctx context.Context, allowed []string) (chosen Address, release func(), err error) {
	release = func() {}
	if a.Fixed {
		return a, release, a.Free(ctx, allowed)
	}
	for range chooseTries {
		l, err := net.Listen("tcp", net.JoinHostPort(a.Host, "0"))
		if err != nil {
			return a, release, err
		}
		a.Port = l.Addr().(*net.TCPAddr).Port
		var reserved bool
		release, reserved = linux.ReservePort(a.Port)
		if err := l.Close(); err != nil || reserved {
			return a, release, err
		}
	}
	return a, release, nil
}

const chooseTries = 16
