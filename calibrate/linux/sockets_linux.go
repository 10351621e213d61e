package linux

import (
	"errors"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// dumpSockets asks for the sockets of this network namespace that a request describes, and gives what is said of each.
func dumpSockets(kind uint16, request []byte, each func(message []byte)) bool {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	message := make([]byte, 0, netlinkHeader+len(request))
	message = native.AppendUint32(message, uint32(netlinkHeader+len(request)))
	message = native.AppendUint16(message, kind)
	message = native.AppendUint16(message, unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	message = append(append(message, make([]byte, 8)...), request...) // sequence and port are 0
	if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return false
	}
	buf := make([]byte, 32<<10) // more than the kernel puts into one answer (net/netlink/af_netlink.c, netlink_dump)
	for {
		n, err := retry(func() (int, error) { n, _, err := unix.Recvfrom(fd, buf, 0); return n, err })
		if err != nil || n <= 0 {
			return false
		}
		if more, ok := readMessages(buf[:n], each); !more {
			return ok
		}
	}
}

// ReservePort keeps a port from others who ask for it here, until it is released, and says whether it had not been kept before: by a
// name in the abstract namespace of sockets (unix(7)), which belongs to a network's namespace as ports do. The kernel chooses among some
// seven thousand (net/ipv4/inet_connection_sock.c, inet_csk_find_open_port: odd ones of half of the range first), so that two apps that
// boot at once may be given the same, and one answers for the other. Where there are no such names nothing is kept. It may be released more
// than once.
func ReservePort(port int) (release func(), reserved bool) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return func() {}, true
	}
	release = sync.OnceFunc(func() { unix.Close(fd) })
	if err = unix.Bind(fd, &unix.SockaddrUnix{Name: "@calibrate-port-" + strconv.Itoa(port)}); err != nil {
		release()
	}
	return release, !errors.Is(err, unix.EADDRINUSE)
}
