package workers

import (
	"net/netip"
	"slices"
	"strconv"

	"workermem/calibrate/linux"
)

// connections are those that processes have accepted at the ports at which they listen.
type connections struct {
	ports     []int              // of clients; none: any
	clients   []linux.Connection // accepted at those
	accepted  []linux.Connection // at any port
	listening []linux.Listening
	ends      map[[2]netip.AddrPort]uint64
}

// table reads the connections of the network namespace that a process is in.
func (s *serving) table(pid int, ports []int) connections {
	all := s.proc.TCPOf(strconv.Itoa(pid))
	t := connections{ports: ports, listening: all.Listening, ends: make(map[[2]netip.AddrPort]uint64, len(all.Open))}
	listened := map[int]bool{}
	for _, l := range all.Listening {
		listened[l.Port] = true
	}
	for _, c := range all.Open {
		port := int(c.Local.Port())
		if listened[port] {
			t.accepted = append(t.accepted, c)
			if t.isClients(port) {
				t.clients = append(t.clients, c)
			}
		}
		t.ends[[2]netip.AddrPort{c.Local, c.Remote}] = c.Inode
	}
	return t
}

func (t connections) isClients(port int) bool {
	return len(t.ports) == 0 || slices.Contains(t.ports, port)
}

// otherEnd is the inode of a connection's other end, 0 if that isn't on this machine.
func (t connections) otherEnd(c linux.Connection) uint64 {
	return t.ends[[2]netip.AddrPort{c.Remote, c.Local}]
}

// inner are the ports, clients' apart, at which something of this machine is connected.
func (t connections) inner() map[int]bool {
	ports := map[int]bool{}
	for _, c := range t.accepted {
		if port := int(c.Local.Port()); (len(t.ports) == 0 || !slices.Contains(t.ports, port)) && t.otherEnd(c) != 0 {
			ports[port] = true
		}
	}
	return ports
}
