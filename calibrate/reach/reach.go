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

const (
	lookupTimeout = 5 * time.Second
	silentTimeout = 2 * time.Second
)

// Find returns the addresses of a host, IPv4 first. Where the host isn't allowed by name, only those of this machine's
// loopback count. Its error is a *calibrate.Failure of KindUsage, or that of a ctx that ended meanwhile.
func Find(ctx context.Context, host string, port uint16, allow []string) (Addresses, error) {
	ips, err := lookup(ctx, strings.ToLower(host))
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
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

// lookup waits for nobody else's look-up. Of several at once the first that is done counts.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if ips := found(host, nil); ips != nil {
		return ips, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	return found(host, ips), nil
}

// found is what a host was found to be first, which is now if that isn't known yet.
func found(host string, now []netip.Addr) []netip.Addr {
	names.Lock()
	defer names.Unlock()
	if names.found[host] == nil && now != nil {
		if names.found == nil {
			names.found = map[string][]netip.Addr{}
		}
		names.found[host] = now
	}
	return names.found[host]
}

// Dial connects to the first of them that takes the connection. The error is the last one's.
func (a Addresses) Dial(ctx context.Context, d net.Dialer) (conn net.Conn, err error) {
	most := d.Timeout
	err = errNowhere
	for i, one := range a {
		d.Timeout = a.patience(i, most)
		if conn, err = d.DialContext(ctx, "tcp", one.String()); err == nil {
			break
		}
	}
	return conn, err
}

// patience is how long the ith is waited for, 0 for no bound, where at most so long is: an address from which nothing comes keeps the
// next one waiting. But on this machine that is an app whose queue is full, for which the load is to wait.
func (a Addresses) patience(i int, most time.Duration) time.Duration {
	if i == len(a)-1 || a[i].Addr().IsLoopback() || most > 0 && most < silentTimeout {
		return most
	}
	return silentTimeout
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
