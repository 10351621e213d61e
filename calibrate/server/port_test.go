package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
)

// usage fails unless an error is a complaint about what the user wrote, with the text in it and something to try.
func usage(t *testing.T, err error, text string) {
	t.Helper()
	var f *calibrate.Failure
	if !errors.As(err, &f) || f.Kind != calibrate.KindUsage {
		t.Errorf("%T %v, want a complaint saying %q", err, err, text)
		return
	}
	if !strings.Contains(f.Error(), text) || f.Try == "" {
		t.Errorf("%q, want %q; try %q", f.Error(), text, f.Try)
	}
}

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]address{
		"":                       {"127.0.0.1", 0, false},
		"http://127.0.0.1:8000":  {"127.0.0.1", 8000, true},
		"http://127.9.9.9:1":     {"127.9.9.9", 1, true},
		"http://localhost:8000/": {"localhost", 8000, true},
		"http://LocalHost":       {"LocalHost", 80, true},
		"http://[::1]:8000":      {"::1", 8000, true},
		"http://box.lan:8000":    {"box.lan", 8000, true}, // allowed by name
	} {
		if got, err := parseAddress(text, []string{"box.lan"}); err != nil || got != want {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	}
	for text, complaint := range map[string]string{
		"http://example.com:8000":         "example.com is not this machine",
		"http://10.0.0.1:8000":            "10.0.0.1 is not this machine",
		"http://0.0.0.0:8000":             "0.0.0.0 is not this machine",
		"http://127.0.0.1.example.com":    "is not this machine",
		"https://127.0.0.1:8000":          "https, not http",
		"unix:/run/app.sock":              "not a URL",
		"127.0.0.1:8000":                  "not a URL",
		"http://127.0.0.1:8000/health":    "names a path",
		"http://127.0.0.1:0":              "no valid port",
		"http://127.0.0.1:99999":          "no valid port",
		"http://me:secret@127.0.0.1:8000": "user name",
		"http://":                         "not a URL",
		"http://me:secret@[":              "not a URL",
	} {
		_, err := parseAddress(text, []string{"box.lan"})
		usage(t, err, complaint)
		if err != nil && strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%v tells the secret", err)
		}
	}
}

func TestCheckPath(t *testing.T) {
	for _, path := range []string{"/", "/health", "/a?b=c&d={x}", "/%20"} {
		if err := checkPath(path); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, path := range []string{"health", "http://example.com/", "@example.com/", ":80/", "/\x00", "/%zz"} {
		usage(t, checkPath(path), "is not one")
	}
}

func TestChooseAFreePort(t *testing.T) {
	a, err := address{host: loopback}.choose()
	if err != nil || a.port == 0 || a.fixed {
		t.Fatalf("%+v %v", a, err)
	}
	l, err := net.Listen("tcp", a.String())
	if err != nil {
		t.Fatalf("the port is not free: %v", err)
	}
	defer l.Close()
	a.fixed = true
	usage(t, a.free(), "something already listens at "+l.Addr().String())
}

const tcpHeader = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// tcpLine is a line of /proc/net/tcp (net/ipv4/tcp_ipv4.c, get_tcp4_sock).
func tcpLine(port int, state string, queue, inode int) string {
	return fmt.Sprintf("   0: 0100007F:%04X 00000000:0000 %s 00000000:%08X 00:00000000 00000000     0        0 %d 1 0000000000000000 100 0 0 10 0\n", port, state, queue, inode)
}

func TestBacklog(t *testing.T) {
	p := procfs(t.TempDir())
	if got := p.backlog(8000); got != -1 {
		t.Errorf("nothing listens: %d", got)
	}
	table := tcpHeader + tcpLine(8001, "0A", 3, 11) + tcpLine(8000, "0A", 5, 12) + tcpLine(8000, "01", 77, 13)
	write(t, filepath.Join(string(p), "self/net/tcp"), table)
	write(t, filepath.Join(string(p), "self/net/tcp6"), tcpHeader+strings.Replace(tcpLine(8000, "0A", 2, 14), "0100007F", strings.Repeat("0", 32), 1))
	if got := p.backlog(8000); got != 7 {
		t.Errorf("%d connections wait, want 5 and 2", got)
	}
	if got := p.backlog(9000); got != -1 {
		t.Errorf("another port: %d", got)
	}
}

// The table is read no further than the listeners, which the kernel puts first.
func TestListenersEndTheTable(t *testing.T) {
	p := procfs(t.TempDir())
	var table strings.Builder
	table.WriteString(tcpHeader)
	for n := range 300 {
		table.WriteString(tcpLine(1000+n, "0A", 0, n))
	}
	for range 100_000 {
		table.WriteString(tcpLine(8000, "06", 0, 0))
	}
	write(t, filepath.Join(string(p), "self/net/tcp"), table.String())
	read := p.listening("tcp")
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
	eventually(t, "three waiting", func() bool { return hostProc.backlog(port) == 3 })
	var inodes []string
	for _, l := range hostProc.listeners(port) {
		inodes = append(inodes, l.inode)
	}
	if held, known := hostProc.holds(os.Getpid(), inodes); !held || !known {
		t.Errorf("this process holds %v: %v %v", inodes, held, known)
	}
	if held, known := hostProc.holds(os.Getpid(), []string{"1"}); held || !known {
		t.Errorf("this process holds a socket that doesn't exist: %v %v", held, known)
	}
	if _, known := hostProc.holds(1<<30, inodes); known {
		t.Error("the sockets of a process that doesn't exist are known")
	}
}

func FuzzParseListener(f *testing.F) {
	f.Add([]byte(tcpLine(8000, "0A", 5, 12)))
	f.Add([]byte(tcpHeader))
	f.Fuzz(func(t *testing.T, line []byte) {
		l, err := parseListener(line)
		if err == nil && (l.port < 0 || l.port > 65535 || l.backlog < 0 || l.inode == "") {
			t.Errorf("%+v from %q", l, line)
		}
	})
}

func TestFixedAddressIsNotChosenAnew(t *testing.T) {
	a := address{host: loopback, port: 1, fixed: true}
	began := time.Now()
	if got, err := a.choose(); err != nil || got != a {
		t.Errorf("%+v %v", got, err)
	}
	if time.Since(began) > time.Second {
		t.Error("that took long")
	}
}
