package linux

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Connection is an end of an established TCP connection.
type Connection struct {
	Local, Remote netip.AddrPort
	Inode         uint64 // 0 if it waits for a process to accept it
}

// tcpEstablished is TCP_ESTABLISHED (include/net/tcp_states.h). A connection that its client has closed may be held by a
// process that was forked meanwhile, for as long as that lives.
const tcpEstablished = "01"

// mostTable bounds what is read of a table of connections: 100 000 lines of 150 bytes.
const mostTable = 15 << 20

// TCP is what there is of TCP in a network namespace.
type TCP struct {
	Open      []Connection
	Listening []Listening
}

// Listening is a socket at which connections are accepted.
type Listening struct {
	Port  int
	Inode uint64
}

// TCPOf are the connections in the network namespace that a process is in, which is a pid or "self".
func (fs FS) TCPOf(process string) TCP {
	if fs.sharesNetwork(process) {
		if all, ok := diagTCP(); ok {
			return all
		}
	}
	return fs.tableOf(process)
}

// sharesNetwork says whether a process is in this one's network namespace (namespaces(7)).
func (fs FS) sharesNetwork(process string) bool {
	own, err := os.Readlink("/proc/self/ns/net")
	other, err2 := os.Readlink(fs.ProcPath(process, "ns", "net"))
	return err == nil && err2 == nil && own == other
}

// tableOf reads /proc/PID/net/tcp and tcp6.
func (fs FS) tableOf(process string) (all TCP) {
	for _, file := range []string{"tcp", "tcp6"} {
		table, err := fs.open(process, "net", file)
		if err != nil {
			continue
		}
		all.readTable(table)
		table.Close()
	}
	return all
}

func (t *TCP) readTable(table File) {
	buf := make([]byte, 0, 64<<10)
	for read := 0; read < mostTable; {
		n, err := table.Read(buf[len(buf):cap(buf)])
		if err != nil || n <= 0 {
			break
		}
		read += n
		buf = buf[:len(buf)+n]
		end := bytes.LastIndexByte(buf, '\n') + 1
		for line := range bytes.Lines(buf[:end]) {
			t.addLine(line)
		}
		buf = buf[:copy(buf, buf[end:])] // what is left of a line
	}
}

func (t *TCP) addLine(line []byte) {
	if c, ok := ParseConnection(line); ok {
		t.Open = append(t.Open, c)
	} else if l, err := ParseListener(line); err == nil {
		inode, _ := strconv.ParseUint(l.Inode, 10, 64)
		t.Listening = append(t.Listening, Listening{l.Port, inode})
	}
}

// ParseConnection reads one line of /proc/net/tcp or tcp6, as [ParseListener] has them. ok is false for one in another state.
func ParseConnection(line []byte) (c Connection, ok bool) {
	_, rest, _ := bytes.Cut(line, []byte(": ")) // "  12: 0100007F:1F90 0100007F:C350 01 ...": most are other connections
	fields := bytes.Fields(rest)
	if len(fields) < 9 || string(fields[2]) != tcpEstablished {
		return c, false
	}
	local, ok1 := parseAddress(string(fields[0]))
	remote, ok2 := parseAddress(string(fields[1]))
	inode, err := strconv.ParseUint(string(fields[8]), 10, 64)
	return Connection{local, remote, inode}, ok1 && ok2 && err == nil
}

// parseAddress reads an address as the kernel prints it: words of 32 bits in the machine's own order, and the port. One of
// IPv4 in a socket of IPv6 is as it would be in one of its own, because the other end may be.
func parseAddress(text string) (netip.AddrPort, bool) {
	address, hexPort, ok := strings.Cut(text, ":")
	port, err := strconv.ParseUint(hexPort, 16, 16)
	raw, err2 := hex.DecodeString(address)
	if !ok || err != nil || err2 != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	ip, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(ip.Unmap(), uint16(port)), ok
}

// SocketsOf are the inodes of the sockets that a process has open; known is false if its descriptors can't be read. most bounds
// how many descriptors are looked at: 1 us each.
func (fs FS) SocketsOf(pid, most int) (inodes []uint64, known bool) {
	fds, err := fs.Descriptors(strconv.Itoa(pid))
	if err != nil {
		return nil, false
	}
	folder := fs.ProcPath(strconv.Itoa(pid), "fd") + "/"
	for _, fd := range fds[:min(len(fds), most)] {
		if number, ok := strings.CutPrefix(link(folder+strconv.Itoa(fd)), "socket:["); ok {
			if inode, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 64); err == nil {
				inodes = append(inodes, inode)
			}
		}
	}
	return inodes, true
}
