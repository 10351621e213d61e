package linux

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParseConnection(t *testing.T) {
	address := netip.MustParseAddrPort
	for name, c := range map[string]struct {
		line string
		want Connection
	}{
		"IPv4":                     {"   3: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 20 4 30 10 -1\n", Connection{address("127.0.0.1:8080"), address("127.0.0.1:50000"), 4711}},
		"its client has closed it": {"   3: 0100007F:1F90 0100007F:C350 08 00000000:00000000 00:00000000 00000000     0        0 4711 1 0\n", Connection{}},
		"IPv4 in IPv6":             {"   3: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:C350 01 0:0 0:0 0 0 0 4711 1\n", Connection{address("127.0.0.1:8080"), address("127.0.0.1:50000"), 4711}},
		"IPv6":                     {"   3: 00000000000000000000000001000000:1F90 00000000000000000000000001000000:C350 01 0:0 0:0 0 0 0 4711 1\n", Connection{address("[::1]:8080"), address("[::1]:50000"), 4711}},
		"not accepted":             {"   3: 0100007F:1F90 0100007F:C350 01 0:0 0:0 0 0 0 0 1\n", Connection{address("127.0.0.1:8080"), address("127.0.0.1:50000"), 0}},
		"closed, and waits":        {"   3: 0100007F:1F90 0100007F:C350 06 0:0 0:0 0 0 0 4711 1\n", Connection{}},
		"a listener":               {tcpLine(8080, "0A", 0, 12), Connection{}},
		"the header":               {tcpHeader, Connection{}},
		"half a line":              {"   3: 0100007F:1F90 0100007F:C350 01 0:0", Connection{}},
	} {
		if got, ok := ParseConnection([]byte(c.line)); ok != c.want.Local.IsValid() || ok && got != c.want {
			t.Errorf("%s: %v %v, want %v", name, got, ok, c.want)
		}
	}
}

// Of two ends of a connection, each is found by its own descriptor, and each names the other.
func TestRealConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	waiting, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	ends := func() (server, client []Connection) {
		for _, c := range Here.TCPOf("self").Open {
			if c.Local.Port() == port {
				server = append(server, c)
			}
			if c.Remote.Port() == port {
				client = append(client, c)
			}
		}
		return server, client
	}
	if server, client := ends(); len(server) != 1 || server[0].Inode != 0 || len(client) != 1 {
		t.Fatalf("before it is accepted: %v, %v", server, client)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	server, client := ends()
	if len(server) != 1 || len(client) != 1 || server[0].Remote != client[0].Local {
		t.Fatalf("%v, %v", server, client)
	}
	mine, _ := Here.SocketsOf(os.Getpid(), 1000)
	for name, got := range map[string]TCP{"/proc": Here.tableOf("self"), "as it is asked": Here.TCPOf("self")} {
		if !slices.Contains(got.Open, server[0]) || !slices.Contains(got.Open, client[0]) ||
			!slices.ContainsFunc(got.Listening, func(l Listening) bool { return l.Port == int(port) && slices.Contains(mine, l.Inode) }) {
			t.Errorf("by %s: %v, want %v, %v and port %d, too", name, got, server, client, port)
		}
	}
	inodes, known := Here.SocketsOf(os.Getpid(), 1000)
	if !known || !slices.Contains(inodes, server[0].Inode) || !slices.Contains(inodes, client[0].Inode) {
		t.Errorf("%v %v, want %d and %d", inodes, known, server[0].Inode, client[0].Inode)
	}
	if _, known := Here.SocketsOf(1<<30, 10); known {
		t.Error("the sockets of a process that doesn't exist are known")
	}
}

func TestRealUnixPeers(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.DialTimeout("unix", l.Addr().String(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	peers := UnixPeers()
	one, other := inodeOf(t, pair[0]), inodeOf(t, pair[1])
	if got := peers[one]; got != (UnixSocket{Peer: other}) {
		t.Errorf("of the pair: %+v, want %d", got, other)
	}
	mine, _ := Here.SocketsOf(os.Getpid(), 1000)
	named := slices.DeleteFunc(mine, func(inode uint64) bool { return !peers[inode].Named })
	if len(named) != 1 || peers[peers[named[0]].Peer] != (UnixSocket{Peer: named[0]}) {
		t.Errorf("accepted: %v", named)
	}
}

func inodeOf(t *testing.T, fd int) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

func FuzzParseConnection(f *testing.F) {
	f.Add([]byte(tcpLine(8000, "01", 5, 12)))
	f.Add([]byte(strings.Replace(tcpLine(8000, "01", 2, 14), "0100007F", strings.Repeat("0", 32), 1)))
	f.Fuzz(func(t *testing.T, line []byte) {
		if c, ok := ParseConnection(line); ok && (!c.Local.IsValid() || !c.Remote.IsValid()) {
			t.Errorf("%q gives %+v", line, c)
		}
	})
}

func FuzzSockDiag(f *testing.F) {
	f.Add(unixRequest())
	f.Add(tcpRequest(1 << stateListen))
	f.Fuzz(func(t *testing.T, answer []byte) {
		found := map[uint64]UnixSocket{}
		readMessages(answer, func(message []byte) {
			addUnixSocket(found, message)
			var all TCP
			all.addDiag(message)
			if len(all.Open) > 0 && (!all.Open[0].Local.IsValid() || !all.Open[0].Remote.IsValid()) {
				t.Errorf("%q gives %+v", message, all.Open[0])
			}
		})
		for inode, s := range found {
			if s.Peer == 0 {
				t.Errorf("%d without a peer", inode)
			}
		}
	})
}
