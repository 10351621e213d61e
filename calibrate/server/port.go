package server

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"workermem/calibrate"
)

// address is where the app listens.
type address struct {
	host  string
	port  int
	fixed bool // by the user
}

const loopback = "127.0.0.1"

// parseAddress checks the user's URL: plain HTTP, and a loopback host or one that was allowed by name.
func parseAddress(text string, allowed []string) (address, error) {
	if text == "" {
		return address{host: loopback}, nil
	}
	const example = "write it as http://127.0.0.1:8000"
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return address{}, calibrate.Usage(example, "--url %q is not a URL", withoutUser(text))
	}
	switch {
	case u.User != nil:
		return address{}, calibrate.Usage("give headers in the targets file", "--url holds a user name")
	case u.Scheme != "http":
		return address{}, calibrate.Usage("let the app serve plain HTTP while it is measured; "+example, "--url is %s, not http", u.Scheme)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "":
		return address{}, calibrate.Usage("give the path by --path", "--url names a path: it is for the server only")
	case !isLoopback(u.Hostname()) && !slices.Contains(allowed, u.Hostname()):
		return address{}, calibrate.Usage("use a loopback address, or --allow-remote "+u.Hostname()+" if that machine is yours to load",
			"%s is not this machine", u.Hostname())
	}
	port := 80
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 {
			return address{}, calibrate.Usage(example, "--url %q has no valid port", text)
		}
	}
	return address{host: u.Hostname(), port: port, fixed: true}, nil
}

// checkPath refuses a path that no request could carry.
func checkPath(path string) error {
	u, err := url.Parse("http://" + loopback + path)
	if err != nil || !strings.HasPrefix(path, "/") || u.Host != loopback {
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

func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (a address) String() string { return net.JoinHostPort(a.host, strconv.Itoa(a.port)) }

func (a address) url() string { return "http://" + a.String() }

// free complains where somebody already listens at the user's address: that server would be measured instead.
func (a address) free() error {
	if !a.fixed {
		return nil
	}
	conn, _ := net.DialTimeout("tcp", a.String(), 500*time.Millisecond)
	if conn == nil {
		return nil
	}
	conn.Close()
	return calibrate.Usage("stop it, or choose another port in the command and --url", "something already listens at %s", a)
}

// choose picks a free port, where the user didn't. Between this and its use somebody else may take it; Start tries
// a second one then.
func (a address) choose() (address, error) {
	if a.fixed {
		return a, a.free()
	}
	l, err := net.Listen("tcp", net.JoinHostPort(a.host, "0"))
	if err != nil {
		return a, err
	}
	a.port = l.Addr().(*net.TCPAddr).Port
	return a, l.Close()
}

// listener is one line of /proc/net/tcp in state LISTEN.
type listener struct {
	port    int
	backlog int // connections the kernel has accepted and the app has not
	inode   string
}

const tcpListen = "0A" // TCP_LISTEN, include/net/tcp_states.h

var errNotListening = errors.New("not a listener")

// parseListener reads one line of /proc/net/tcp or tcp6 (Documentation/networking/proc_net_tcp.rst):
//
//	sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...
//
// For a listener rx_queue is the accept queue's length.
func parseListener(line []byte) (listener, error) {
	fields := bytes.Fields(line)
	if len(fields) < 10 {
		return listener{}, fmt.Errorf("%d fields", len(fields))
	}
	if string(fields[3]) != tcpListen {
		return listener{}, errNotListening
	}
	_, hexPort, ok := bytes.Cut(fields[1], []byte(":"))
	_, hexQueue, ok2 := bytes.Cut(fields[4], []byte(":"))
	port, err := strconv.ParseUint(string(hexPort), 16, 16)
	queue, err2 := strconv.ParseUint(string(hexQueue), 16, 31)
	if !ok || !ok2 || err != nil || err2 != nil {
		return listener{}, fmt.Errorf("not an address and a queue: %q %q", fields[1], fields[4])
	}
	return listener{port: int(port), backlog: int(queue), inode: string(fields[9])}, nil
}

// listeners of a port. The kernel lists listening sockets before all others (net/ipv4/tcp_ipv4.c, tcp_seq_start),
// so reading ends at the first that isn't one: there may be tens of thousands of connections after it.
func (p procfs) listeners(port int) []listener {
	var found []listener
	for _, file := range []string{"tcp", "tcp6"} {
		for _, l := range parseListeners(p.listening(file)) {
			if l.port == port {
				found = append(found, l)
			}
		}
	}
	return found
}

// listening is the head of a tcp table, to the end of the block in which the listeners end.
func (p procfs) listening(file string) []byte { return p.listeningOf("self", file) }

// listeningOf is the table that another process sees, which may be in a network namespace of its own.
func (p procfs) listeningOf(process, file string) []byte {
	fd, err := p.open(0, []string{process, "net", file})
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var data []byte
	buf := make([]byte, 16<<10)
	for len(data) < 4<<20 {
		n, err := ignoringEINTR(func() (int, error) { return unix.Read(fd, buf) })
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
	_, err := parseListener(last)
	return errors.Is(err, errNotListening) && !bytes.Contains(last, []byte("local_address"))
}

func parseListeners(table []byte) []listener {
	var all []listener
	for line := range bytes.Lines(table) {
		if l, err := parseListener(line); err == nil {
			all = append(all, l)
		}
	}
	return all
}

// backlog is the length of the accept queue of a port, -1 where nothing is seen to listen.
func (p procfs) backlog(port int) int {
	sum := -1
	for _, l := range p.listeners(port) {
		sum = max(sum, 0) + l.backlog
	}
	return sum
}

// holds says whether a process has one of the sockets open. known is false where its descriptors can't be read.
func (p procfs) holds(pid int, inodes []string) (held, known bool) {
	fds, err := p.numbers(strconv.Itoa(pid), "fd")
	if err != nil {
		return false, false
	}
	for _, fd := range fds {
		var buf [64]byte
		n, err := unix.Readlink(p.path([]string{strconv.Itoa(pid), "fd", strconv.Itoa(fd)}), buf[:])
		if err != nil {
			continue
		}
		if inode, ok := strings.CutPrefix(string(buf[:n]), "socket:["); ok && slices.Contains(inodes, strings.TrimSuffix(inode, "]")) {
			return true, true
		}
	}
	return false, true
}
