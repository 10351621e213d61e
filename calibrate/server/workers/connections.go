package workers

import (
	"net/netip"
	"slices"
	"strconv"

	"workermem/calibrate/linux"
)

// connections are those that processes have accepted at the ports at which they listen.
type connections struct {
	ports    []int              // of clients; none: any
	clients  []linux.Connection // accepted at those
	accepted []linux.Connection // at any port
	ends     map[[2]netip.AddrPort]uint64
}

// table reads the connections of the network namespace that a process is in.
func (s *serving) table(pid int, ports []int) connections {
	t := connections{ports: ports, ends: map[[2]netip.AddrPort]uint64{}}
	all := s.proc.TCPOf(strconv.Itoa(pid))
	for _, c := range all.Open {
		port := int(c.Local.Port())
		if slices.Contains(all.Listening, port) {
			t.accepted = append(t.accepted, c)
			if len(ports) == 0 || slices.Contains(ports, port) {
				t.clients = append(t.clients, c)
			}
		}
		t.ends[[2]netip.AddrPort{c.Local, c.Remote}] = c.Inode
	}
	return t
}

// otherEnd is the inode of a connection's other end, 0 if that isn't on this machine.
func (t connections) otherEnd(c linux.Connection) uint64 {
	return t.ends[[2]netip.AddrPort{c.Remote, c.Local}]
}
