package linux

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"workermem/calibrate/linux/linuxtest"
)

const tcpHeader = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// tcpLine is a line of /proc/net/tcp (net/ipv4/tcp_ipv4.c, get_tcp4_sock).
func tcpLine(port int, state string, queue, inode int) string {
	return fmt.Sprintf("   0: 0100007F:%04X 00000000:0000 %s 00000000:%08X 00:00000000 00000000     0        0 %d 1 0000000000000000 100 0 0 10 0\n", port, state, queue, inode)
}

func TestBacklog(t *testing.T) {
	p := FS{Proc: t.TempDir()}
	if got := p.Backlog(8000); got != -1 {
		t.Errorf("nothing listens: %d", got)
	}
	table := tcpHeader + tcpLine(8001, "0A", 3, 11) + tcpLine(8000, "0A", 5, 12) + tcpLine(8000, "01", 77, 13)
	linuxtest.Write(t, filepath.Join(p.Proc, "self/net/tcp"), table)
	linuxtest.Write(t, filepath.Join(p.Proc, "self/net/tcp6"), tcpHeader+strings.Replace(tcpLine(8000, "0A", 2, 14), "0100007F", strings.Repeat("0", 32), 1))
	if got := p.Backlog(8000); got != 7 {
		t.Errorf("%d connections wait, want 5 and 2", got)
	}
	if got := p.Backlog(9000); got != -1 {
		t.Errorf("another port: %d", got)
	}
}

// The table is read no further than the listeners, which the kernel puts first.
func TestListenersEndTheTable(t *testing.T) {
	p := FS{Proc: t.TempDir()}
	var table strings.Builder
	table.WriteString(tcpHeader)
	for n := range 300 {
		table.WriteString(tcpLine(1000+n, "0A", 0, n))
	}
	for range 100_000 {
		table.WriteString(tcpLine(8000, "06", 0, 0))
	}
	linuxtest.Write(t, filepath.Join(p.Proc, "self/net/tcp"), table.String())
	read := p.listening("self", "tcp")
	if len(parseListeners(read)) != 300 {
		t.Errorf("%d listeners", len(parseListeners(read)))
	}
	if len(read) > 80<<10 {
		t.Errorf("%d bytes read of %d", len(read), table.Len())
	}
}

func TestRealBacklogAndSocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	for range 3 { // nobody accepts them
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	for deadline := time.Now().Add(30 * time.Second); Here.Backlog(port) != 3; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: three waiting")
		}
	}
	var inodes []string
	for _, l := range Here.Listeners(port) {
		inodes = append(inodes, l.Inode)
	}
	if held, known := Here.Holds(os.Getpid(), inodes); !held || !known {
		t.Errorf("this process holds %v: %v %v", inodes, held, known)
	}
	if held, known := Here.Holds(os.Getpid(), []string{"1"}); held || !known {
		t.Errorf("this process holds a socket that doesn't exist: %v %v", held, known)
	}
	if _, known := Here.Holds(1<<30, inodes); known {
		t.Error("the sockets of a process that doesn't exist are known")
	}
}

func FuzzParseListener(f *testing.F) {
	f.Add([]byte(tcpLine(8000, "0A", 5, 12)))
	f.Add([]byte(tcpHeader))
	f.Fuzz(func(t *testing.T, line []byte) {
		l, err := ParseListener(line)
		if err == nil && (l.Port < 0 || l.Port > 65535 || l.Backlog < 0 || l.Inode == "") {
			t.Errorf("%+v from %q", l, line)
		}
	})
}
