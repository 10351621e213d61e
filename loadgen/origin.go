package loadgen

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/reach"
	"workermem/calibrate/say"
)

// origin is the app's address: checked, and the only one that is ever dialled.
type origin struct {
	base  string // scheme and host, no slash at the end
	asked string // host:port as net/http asks for it
	addrs reach.Addresses
}

// resolve returns a *calibrate.Failure of KindUsage if raw isn't a base URL, or isn't one that may be loaded.
func resolve(ctx context.Context, raw string, allow []string) (origin, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return origin{}, calibrate.Usage("give scheme, host and port, such as http://127.0.0.1:8000", "%s isn't the base URL of an app", clip(maskURL(raw)))
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if !reach.Permitted(host, allow) {
		return origin{}, remoteRefused(host, "")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return origin{}, calibrate.Usage("give a port from 1 to 65535", "%s isn't a port", clip(port))
	}
	o := origin{base: u.Scheme + "://" + strings.ToLower(u.Host), asked: net.JoinHostPort(host, port)}
	o.addrs, err = reach.Find(ctx, host, uint16(n), allow)
	return o, err
}

// dial connects to the origin, whoever asks, and to nothing else.
//
// SO_LINGER 0 closes with a reset, which leaves no TIME_WAIT: twenty thousand of those cut the rate to a tenth, in
// silence. It loses nothing: a connection is closed after the whole answer was read, or when the request was given up.
func (o origin) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	if addr != o.asked {
		return nil, fmt.Errorf("refused to connect to %s: only the app at %s is loaded", addr, o.asked)
	}
	conn, err := o.addrs.Dial(ctx, net.Dialer{Timeout: dialTimeout, KeepAlive: -1})
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetLinger(0)
}

// dialTimeout is longer than any wait for a place in a full backlog that a request would survive.
const dialTimeout = time.Minute

// remoteRefused names the place in the targets file, "" for the base URL.
func remoteRefused(host, place string) error {
	if place != "" {
		place += ": "
	}
	return calibrate.Usage("write 127.0.0.1 or just the path, or allow the host with --allow-remote "+say.Shell(clip(host)),
		"%sthe host %s isn't this machine, and load may hurt it", place, clip(host))
}
