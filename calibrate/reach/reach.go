// Package reach connects to the app, in one way for all who ask it: readiness, login and load.
//
// The promise: a host's name is looked up once while calibrate runs, and what it was found to be is all that is connected
// to, in one order. A name that changes its address meanwhile, or has two, changes nothing.
package reach

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"workermem/calibrate"
)

// Addresses are where an app may answer, in the order in which they are tried.
type Addresses []netip.AddrPort

// names are the addresses of the hosts that were looked up.
var names struct {
	sync.Mutex
	found map[string][]netip.Addr
}

const lookupTimeout = 5 * time.Second

// Find returns the addresses of a host, IPv4 first. Where the host isn't allowed by name, only those of this machine's
// loopback count. Its error is a *calibrate.Failure of KindUsage.
func Find(host string, port uint16, allow []string) (Addresses, error) {
	ips, err := lookup(strings.ToLower(host))
	if err != nil {
		return nil, &calibrate.Failure{Kind: calibrate.KindUsage, What: "the host " + host + " has no address", Why: err.Error(), Try: "use 127.0.0.1", Err: err}
	}
	var all Addresses
	for _, ip := range ips {
		if ip = ip.Unmap(); named(host, allow) || ip.IsLoopback() {
			all = append(all, netip.AddrPortFrom(ip, port))
		}
	}
	if len(all) == 0 {
		return nil, calibrate.Usage("write 127.0.0.1", "the host %s isn't this machine, and load may hurt it", host)
	}
	slices.SortStableFunc(all, func(a, b netip.AddrPort) int { return a.Addr().BitLen() - b.Addr().BitLen() })
	return all, nil
}

func lookup(host string) ([]netip.Addr, error) {
	names.Lock()
	defer names.Unlock()
	if ips := names.found[host]; ips != nil {
		return ips, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	if names.found == nil {
		names.found = map[string][]netip.Addr{}
	}
	names.found[host] = ips
	return ips, nil
}

// Dial connects to the first of them that takes the connection. The error is the last one's.
func (a Addresses) Dial(ctx context.Context, d net.Dialer) (conn net.Conn, err error) {
	err = errNowhere
	for _, one := range a {
		if conn, err = d.DialContext(ctx, "tcp", one.String()); err == nil {
			break
		}
	}
	return conn, err
}

var errNowhere = errors.New("there is no address to connect to")

// Permitted is true of loopback and of hosts allowed by name.
func Permitted(host string, allow []string) bool { return Loopback(host) || named(host, allow) }

// Loopback is true of localhost and of literal addresses in 127.0.0.0/8 and ::1: a name that merely resolves there
// today may resolve elsewhere tomorrow.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func named(host string, allow []string) bool {
	return slices.ContainsFunc(allow, func(name string) bool { return strings.EqualFold(name, host) })
}
