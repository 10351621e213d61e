package linux

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Listener is one line of /proc/net/tcp in state LISTEN.
type Listener struct {
	Addr    netip.Addr // unspecified for all of its family
	Port    int
	Backlog int // connections the kernel has accepted and the app has not
	Inode   string
}

const tcpListen = "0A" // TCP_LISTEN, include/net/tcp_states.h

var errNotListening = errors.New("not a listener")

// ParseListener reads one line of /proc/net/tcp or tcp6 (Documentation/networking/proc_net_tcp.rst):
//
//	sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...
//
// For a listener rx_queue is the accept queue's length.
func ParseListener(line []byte) (Listener, error) {
	fields := bytes.Fields(line)
	if len(fields) < 10 {
		return Listener{}, fmt.Errorf("%d fields", len(fields))
	}
	if string(fields[3]) != tcpListen {
		return Listener{}, errNotListening
	}
	local, ok := parseAddress(string(fields[1]))
	_, hexQueue, ok2 := bytes.Cut(fields[4], []byte(":"))
	queue, err := strconv.ParseUint(string(hexQueue), 16, 31)
	if !ok || !ok2 || err != nil {
		return Listener{}, fmt.Errorf("not an address and a queue: %q %q", fields[1], fields[4])
	}
	return Listener{Addr: local.Addr(), Port: int(local.Port()), Backlog: int(queue), Inode: string(fields[9])}, nil
}

// Listeners of a port. The kernel lists listening sockets before all others (net/ipv4/tcp_ipv4.c, tcp_seq_start),
// so reading ends at the first that isn't one: there may be tens of thousands of connections after it.
func (fs FS) Listeners(port int) []Listener {
	return slices.DeleteFunc(fs.ListenersOf("self"), func(l Listener) bool { return l.Port != port })
}

// ListenersOf are those that a process sees, which may be in a network namespace of its own; process is a pid or "self".
func (fs FS) ListenersOf(process string) []Listener {
	if fs.sharesNetwork(process) {
		if all, ok := diagListeners(); ok {
			return all
		}
	}
	var all []Listener
	for _, file := range []string{"tcp", "tcp6"} {
		all = append(all, parseListeners(fs.listening(process, file))...)
	}
	return all
}

// listening is the head of a tcp table, to the end of the block in which the listeners end.
func (fs FS) listening(process, file string) []byte {
	table, err := fs.open(process, "net", file)
	if err != nil {
		return nil
	}
	defer table.Close()
	var data []byte
	buf := make([]byte, 16<<10)
	for len(data) < 4<<20 {
		n, err := table.Read(buf)
		if err != nil || n <= 0 {
			break
		}
		data = append(data, buf[:n]...)
		if endsListeners(data) {
			break
		}
	}
	return data
}

// endsListeners says whether the last whole line is no listener any more.
func endsListeners(table []byte) bool {
	whole := table[:bytes.LastIndexByte(table, '\n')+1]
	last := bytes.TrimSuffix(whole, []byte("\n"))
	last = last[bytes.LastIndexByte(last, '\n')+1:]
	_, err := ParseListener(last)
	return errors.Is(err, errNotListening) && !bytes.Contains(last, []byte("local_address"))
}

func parseListeners(table []byte) []Listener {
	var all []Listener
	for line := range bytes.Lines(table) {
		if l, err := ParseListener(line); err == nil {
			all = append(all, l)
		}
	}
	return all
}

// Backlog is the length of the accept queue of a port, -1 if nothing is seen to listen.
func (fs FS) Backlog(port int) int {
	sum := -1
	for _, l := range fs.Listeners(port) {
		sum = max(sum, 0) + l.Backlog
	}
	return sum
}

// Holds says whether a process has one of the sockets open. known is false if its descriptors can't be read.
func (fs FS) Holds(pid int, inodes []string) (held, known bool) {
	fds, err := fs.Descriptors(strconv.Itoa(pid))
	if err != nil {
		return false, false
	}
	for _, fd := range fds {
		what := link(fs.ProcPath(strconv.Itoa(pid), "fd", strconv.Itoa(fd)))
		if inode, ok := strings.CutPrefix(what, "socket:["); ok && slices.Contains(inodes, strings.TrimSuffix(inode, "]")) {
			return true, true
		}
	}
	return false, true
}

// Sockets says whether a process holds a listening socket; known is false if that can't be seen.
type Sockets func(pid int) (held, known bool)

// Sockets are those of a port. They are looked up once, at the first question.
func (fs FS) Sockets(port int) Sockets {
	var inodes []string
	asked := false
	return func(pid int) (held, known bool) {
		if !asked {
			asked = true
			for _, l := range fs.Listeners(port) {
				inodes = append(inodes, l.Inode)
			}
		}
		if len(inodes) == 0 {
			return false, false
		}
		return fs.Holds(pid, inodes)
	}
}
