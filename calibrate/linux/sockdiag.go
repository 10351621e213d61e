package linux

import (
	"encoding/binary"
	"net/netip"
	"strconv"
)

// The kernel is asked for sockets by netlink (sock_diag(7)): of those of TCP it leaves out here what a file of /proc would
// have in thousands, the connections that are closed and only wait.
const (
	sockDiagByFamily = 20 // linux/sock_diag.h
	tcpDiagGetSock   = 18 // linux/inet_diag.h: IPv4 and IPv6 at once, for one walk through the kernel's table
	netlinkHeader    = 16 // struct nlmsghdr
	stateEstablished = 1  // net/tcp_states.h
	stateListen      = 10
	messageError     = 2 // linux/netlink.h, NLMSG_ERROR
	messageDone      = 3 // NLMSG_DONE
	familyUnix       = 1 // linux/socket.h, AF_UNIX
	familyIPv4       = 2 // AF_INET
	familyIPv6       = 10
)

var native = binary.NativeEndian

// readMessages reads one answer. more is false after the last, ok if the kernel doesn't know what was asked for.
func readMessages(answer []byte, each func(message []byte)) (more, ok bool) {
	for len(answer) >= netlinkHeader {
		length, kind := int(native.Uint32(answer)), native.Uint16(answer[4:])
		switch {
		case kind == messageDone:
			return false, true
		case kind == messageError, length < netlinkHeader, length > len(answer):
			return false, false
		}
		each(answer[netlinkHeader:length])
		answer = answer[min((length+3)&^3, len(answer)):]
	}
	return true, true
}

// tcpRequest is a struct inet_diag_req (linux/inet_diag.h): family and lengths, a socket, which may be any, states, and what is kept
// between answers.
func tcpRequest(states uint32) []byte {
	const size, at = 60, 52
	request := make([]byte, size)
	request[0] = familyIPv4 // the kernel takes it for any (net/ipv4/inet_diag.c, inet_diag_dump_compat)
	native.PutUint32(request[at:], states)
	return request
}

// diagTCP are those of this network namespace.
func diagTCP() (all TCP, ok bool) {
	ok = dumpSockets(tcpDiagGetSock, tcpRequest(1<<stateEstablished|1<<stateListen), func(message []byte) { all.addDiag(message) })
	return all, ok
}

// diagListeners are those of this network namespace: the kernel keeps them apart, so that this takes a hundredth of what all
// connections do.
func diagListeners() (all []Listener, ok bool) {
	const size, queue, inode = 72, 56, 68
	ok = dumpSockets(tcpDiagGetSock, tcpRequest(1<<stateListen), func(message []byte) {
		if len(message) >= size {
			local := diagAddress(message, 4, 8)
			all = append(all, Listener{
				Addr: local.Addr(), Port: int(local.Port()), Backlog: int(native.Uint32(message[queue:])),
				Inode: strconv.FormatUint(uint64(native.Uint32(message[inode:])), 10),
			})
		}
	})
	return all, ok
}

// addDiag reads a struct inet_diag_msg: family, state, timer, retransmissions; ports, addresses of 16 bytes, interface, cookie;
// expiry, queues, user, inode.
func (t *TCP) addDiag(message []byte) {
	const size, inode = 72, 68
	if len(message) < size {
		return
	}
	switch message[1] {
	case stateListen:
		t.Listening = append(t.Listening, Listening{int(diagAddress(message, 4, 8).Port()), uint64(native.Uint32(message[inode:]))})
	case stateEstablished:
		t.Open = append(t.Open, Connection{diagAddress(message, 4, 8), diagAddress(message, 6, 24), uint64(native.Uint32(message[inode:]))})
	}
}

// diagAddress is one of the two ends in a struct inet_diag_msg.
func diagAddress(message []byte, port, address int) netip.AddrPort {
	length := 4
	if message[0] == familyIPv6 {
		length = 16
	}
	ip, _ := netip.AddrFromSlice(message[address : address+length])
	return netip.AddrPortFrom(ip.Unmap(), binary.BigEndian.Uint16(message[port:]))
}

// UnixSocket is an end of a connection between two processes of this machine.
type UnixSocket struct {
	Peer  uint64 // the other end's inode
	Named bool   // it was accepted at a name; socketpair(2) gives none
}

// UnixPeers are the connected sockets of AF_UNIX in this network namespace, by inode: who is connected with whom is in no file
// of /proc. None if the kernel has no unix_diag.
func UnixPeers() map[uint64]UnixSocket {
	all := map[uint64]UnixSocket{}
	dumpSockets(sockDiagByFamily, unixRequest(), func(message []byte) { addUnixSocket(all, message) })
	return all
}

// unixRequest is a struct unix_diag_req (linux/unix_diag.h): family, protocol, pad, states, inode, what to show, cookie.
func unixRequest() []byte {
	const showName, showPeer = 1, 4
	request := native.AppendUint32([]byte{familyUnix, 0, 0, 0}, 1<<stateEstablished)
	request = native.AppendUint32(request, 0)
	return append(native.AppendUint32(request, showName|showPeer), make([]byte, 8)...)
}

// addUnixSocket reads a struct unix_diag_msg (family, type, state, pad, inode, cookie) and the attributes behind it
// (netlink(7)): a length, a kind, and what it holds, filled up to four bytes.
func addUnixSocket(to map[uint64]UnixSocket, message []byte) {
	const size, attrName, attrPeer = 16, 0, 2
	if len(message) < size {
		return
	}
	var s UnixSocket
	for rest := message[size:]; len(rest) >= 4; {
		length, kind := int(native.Uint16(rest)), native.Uint16(rest[2:])
		if length < 4 || length > len(rest) {
			break
		}
		switch {
		case kind == attrName:
			s.Named = true
		case kind == attrPeer && length >= 8:
			s.Peer = uint64(native.Uint32(rest[4:]))
		}
		rest = rest[min((length+3)&^3, len(rest)):]
	}
	if s.Peer != 0 {
		to[uint64(native.Uint32(message[4:]))] = s
	}
}
