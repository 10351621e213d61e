package loadgen

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"workermem/calibrate"
)

// origin is the app's address: checked, resolved once, and the only one that is ever dialled. A name that changes
// its address afterwards changes nothing here.
type origin struct {
	base  string // scheme and host, no slash at the end
	asked string // host:port as net/http asks for it
	addrs []netip.AddrPort
}

// resolve returns a *calibrate.Failure of KindUsage if raw isn't a base URL, or isn't one that may be loaded.
func resolve(raw string, allow []string) (origin, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return origin{}, calibrate.Usage("give scheme, host and port, such as http://127.0.0.1:8000", "%s isn't the base URL of an app", clip(maskURL(raw)))
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if !permitted(host, allow) {
		return origin{}, remoteRefused(host, "")
	}
	o := origin{base: u.Scheme + "://" + strings.ToLower(u.Host), asked: net.JoinHostPort(host, port)}
	o.addrs, err = lookup(host, port, allowedByName(host, allow))
	return o, err
}

// lookup finds the addresses of a permitted host, IPv4 first. Where the host isn't allowed by name,
// only its loopback addresses count.
func lookup(host, port string, remote bool) ([]netip.AddrPort, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	n, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil, calibrate.Usage("give a port from 1 to 65535", "%s isn't a port", clip(port))
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, &calibrate.Failure{Kind: calibrate.KindUsage, What: "the host " + host + " has no address", Why: err.Error(), Try: "use 127.0.0.1", Err: err}
	}
	var addrs []netip.AddrPort
	for _, ip := range ips {
		if ip = ip.Unmap(); remote || ip.IsLoopback() {
			addrs = append(addrs, netip.AddrPortFrom(ip, uint16(n)))
		}
	}
	if len(addrs) == 0 {
		return nil, remoteRefused(host, "")
	}
	slices.SortStableFunc(addrs, func(a, b netip.AddrPort) int { return a.Addr().BitLen() - b.Addr().BitLen() })
	return addrs, nil
}

// dial connects to the origin, whoever asks, and to nothing else.
//
// SO_LINGER 0 closes with a reset, which leaves no TIME_WAIT: twenty thousand of those cut the rate to a tenth, in
// silence. It loses nothing: a connection is closed after the whole answer was read, or when the request was given up.
func (o origin) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if addr != o.asked {
		return nil, fmt.Errorf("refused to connect to %s: only the app at %s is loaded", addr, o.asked)
	}
	dialer := net.Dialer{Timeout: dialTimeout, KeepAlive: -1}
	var last error
	for _, a := range o.addrs {
		conn, err := dialer.DialContext(ctx, network, a.String())
		if err != nil {
			last = err
			continue
		}
		return conn, conn.(*net.TCPConn).SetLinger(0)
	}
	return nil, last
}

const lookupTimeout = 5 * time.Second

// dialTimeout is longer than any wait for a place in a full backlog that a request would survive.
const dialTimeout = time.Minute

// permitted is true of loopback and of hosts allowed by name.
func permitted(host string, allow []string) bool { return loopback(host) || allowedByName(host, allow) }

// loopback is true of localhost and of literal addresses in 127.0.0.0/8 and ::1: a name that merely resolves there
// today may resolve elsewhere tomorrow.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func allowedByName(host string, allow []string) bool {
	return slices.ContainsFunc(allow, func(name string) bool { return strings.EqualFold(name, host) })
}

// remoteRefused names the place in the targets file, "" for the base URL.
func remoteRefused(host, place string) error {
	if place != "" {
		place += ": "
	}
	return calibrate.Usage("write 127.0.0.1 or just the path, or allow the host with --allow-remote "+clip(host),
		"%sthe host %s isn't this machine, and load may hurt it", place, clip(host))
}
