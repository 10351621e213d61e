package loadgen

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"workermem/calibrate"
)

func TestTheAppSeesWhatTheUserWrote(t *testing.T) {
	var mu sync.Mutex
	var got *http.Request
	a := newApp(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = r
	})
	targets, err := ReadTargets("t", strings.NewReader("GET http://user:pw@localhost:1/x%20y?a=1&b=%2F#part\nhost: shop.example\nX-One: own\n"))
	if err != nil {
		t.Fatal(err)
	}
	attack(t, New(targets, Options{Header: http.Header{"x-one": {"common"}, "X-Two": {"2"}}}), a.URL, calibrate.Pace{Requests: 1})

	user, password, _ := got.BasicAuth()
	if got.RequestURI != "/x%20y?a=1&b=%2F" || got.Host != "shop.example" || user != "user" || password != "pw" {
		t.Errorf("got %s of host %s by %s:%s", got.RequestURI, got.Host, user, password)
	}
	if fmt.Sprint(got.Header["X-One"], got.Header["X-Two"]) != "[own] [2]" {
		t.Errorf("a target's own header wins over a common one; got %v", got.Header)
	}
	for name := range got.Header {
		if strings.HasPrefix(name, "X-Vegeta") || name == "Accept-Encoding" || name == "Referer" {
			t.Errorf("the app saw a header that nobody asked for: %s", name)
		}
	}
}

func TestRedirectsAreCountedNotFollowed(t *testing.T) {
	for name, to := range map[string]string{
		"on this host":      "/login?token=hunter2",
		"to a remote host":  "http://user:hunter2@192.0.2.1/",
		"to a bad location": "http://[hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", to)
				w.WriteHeader(http.StatusFound)
			})
			start := time.Now()
			tally := attack(t, New(path(t, "/x?token=hunter2"), Options{}), a.URL, calibrate.Pace{Clients: 2, Requests: 20})
			if a.served.Load() != 20 || tally.Succeeded != 20 || len(tally.Errors) != 0 || time.Since(start) > time.Second {
				t.Errorf("%d served in %v, %+v", a.served.Load(), time.Since(start), tally)
			}
			example := tally.Examples["redirect"]
			if !strings.HasPrefix(example, "20 of 20 redirected, not followed: GET /x: 302 Found") || strings.Contains(example, "hunter2") {
				t.Errorf("example %q", example)
			}
		})
	}
}

func TestStatusesAreClassed(t *testing.T) {
	for code, want := range map[int]string{200: "", 204: "", 304: "", 301: "", 400: "http_4xx", 404: "http_4xx", 429: "http_4xx", 500: "http_5xx", 503: "http_5xx", 600: "other"} {
		a := newApp(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
		tally := attack(t, New(path(t, "/a/b?token=hunter2"), Options{}), a.URL, calibrate.Pace{Requests: 3})
		if want == "" {
			if tally.Succeeded != 3 || len(tally.Errors) != 0 {
				t.Errorf("%d: %+v", code, tally)
			}
			continue
		}
		if tally.Succeeded != 0 || count(tally, want) != 3 {
			t.Errorf("%d isn't %s: %+v", code, want, tally)
		}
		if got := tally.Examples[want]; !strings.HasPrefix(got, "GET /a/b: "+strconv.Itoa(code)) || strings.Contains(got, "hunter2") {
			t.Errorf("%d: example %q", code, got)
		}
	}
}

// Each row is what a real socket does to a request.
func TestBrokenConnectionsAreClassed(t *testing.T) {
	for name, row := range map[string]struct {
		serve func(net.Conn)
		want  string
	}{
		"closed without an answer": {func(c net.Conn) { readHead(c); c.Close() }, "eof"},
		"closed within the head":   {func(c net.Conn) { readHead(c); fmt.Fprint(c, "HTTP/1.1 200 OK\r\nServer: x\r\n"); c.Close() }, "eof"},
		"closed within a header":   {func(c net.Conn) { readHead(c); fmt.Fprint(c, "HTTP/1.1 200 OK\r\nSet-hunter2"); c.Close() }, "other"},
		"closed within the body": {func(c net.Conn) {
			readHead(c)
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour")
			c.Close()
		}, "eof"},
		"reset before the answer":         {func(c net.Conn) { readHead(c); reset(c) }, "reset"},
		"reset within the body":           {func(c net.Conn) { readHead(c); answerThenReset(c) }, "reset"},
		"no answer in time":               {func(c net.Conn) { readHead(c); time.Sleep(600 * time.Millisecond); c.Close() }, "timeout"},
		"the body never ends":             {func(c net.Conn) { readHead(c); drip(c); c.Close() }, "timeout"},
		"not HTTP":                        {func(c net.Conn) { readHead(c); fmt.Fprint(c, "220 mail.example ESMTP\r\n\r\n"); c.Close() }, "other"},
		"not HTTP, and it never says bye": {func(c net.Conn) { readHead(c); fmt.Fprint(c, "HTTP/1.1 abc\r\n\r\n"); c.Close() }, "other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := listen(t, row.serve)
			l := New(path(t, "/?token=hunter2"), Options{Timeout: 300 * time.Millisecond, Header: http.Header{"Authorization": {"hunter2"}}})
			tally := attack(t, l, url, calibrate.Pace{Clients: 2, Requests: 4})
			if tally.Requests != 4 || tally.Succeeded != 0 || count(tally, row.want) != 4 || l.Answered() != 4 {
				t.Errorf("want 4 %s, got %v: %q", row.want, tally.Errors, tally.Examples)
			}
			if got := tally.Examples[row.want]; got == "" || strings.Contains(got, "hunter2") || len(got) > maxShown {
				t.Errorf("example %q", got)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	l.Close()
	tally := attack(t, New(path(t, "/"), Options{}), "http://"+l.Addr().String(), calibrate.Pace{Clients: 2, Duration: 300 * time.Millisecond})
	if count(tally, "refused") != tally.Requests || tally.Requests == 0 {
		t.Errorf("want refused, got %v", tally.Errors)
	}
	if tally.Requests > 100 {
		t.Errorf("%d requests in 0.3 s at an app that has gone: the loop spins", tally.Requests)
	}
	if tally.Latency.P50 != nil {
		t.Error("refusals have no latency worth telling")
	}
}

func TestBodiesAreDrainedAndNotKept(t *testing.T) {
	const n, size = 200, 1 << 20
	block := make([]byte, size)
	var whole atomic.Int64
	a := newApp(t, func(w http.ResponseWriter, _ *http.Request) {
		if written, err := w.Write(block); written == size && err == nil {
			whole.Add(1)
		}
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tally := attack(t, New(path(t, "/"), Options{}), a.URL, calibrate.Pace{Clients: 2, Requests: n})
	runtime.ReadMemStats(&after)
	if tally.Succeeded != n || whole.Load() != n {
		t.Errorf("%d good, %d written whole, of %d", tally.Succeeded, whole.Load(), n)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > n*size/4 {
		t.Errorf("allocated %d MiB for %d MiB of answers", got>>20, n*size>>20)
	}
}

func TestNoTimeWaitIsLeft(t *testing.T) {
	a := newApp(t, ok)
	tally := attack(t, New(path(t, "/"), Options{}), a.URL, calibrate.Pace{Clients: 4, Requests: 2000})
	if tally.Succeeded != 2000 {
		t.Fatalf("%+v", tally)
	}
	if n := timeWaits(t, a.URL); n > 20 { // thousands, without the linger
		t.Errorf("%d sockets in TIME_WAIT after 2000 requests", n)
	}
}

func TestKeepAliveReusesConnections(t *testing.T) {
	for name, row := range map[string]struct {
		opt         Options
		least, most int64
	}{"off, the default": {Options{}, 100, 100}, "on": {Options{KeepAlive: true}, 1, 3}} {
		t.Run(name, func(t *testing.T) {
			var opened, idle atomic.Int64
			a := newAppWatched(t, ok, func(_ net.Conn, state http.ConnState) {
				switch state {
				case http.StateNew:
					opened.Add(1)
					idle.Add(1)
				case http.StateClosed:
					idle.Add(-1)
				}
			})
			attack(t, New(path(t, "/"), row.opt), a.URL, calibrate.Pace{Clients: 3, Requests: 100})
			if n := opened.Load(); n < row.least || n > row.most {
				t.Errorf("100 requests opened %d connections", n)
			}
			for i := 0; i < 100 && idle.Load() > 0; i++ {
				time.Sleep(10 * time.Millisecond)
			}
			if idle.Load() > 0 { // one of them would block a sync worker
				t.Errorf("%d connections are open after the phase", idle.Load())
			}
		})
	}
}

// The environment's proxy is never for loopback anyway, so that only a look at the client can tell.
func TestProxiesAreIgnored(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:3128")
	_, transport := newClient(origin{}, Options{}, 1, &phase{})
	if transport.Proxy != nil {
		t.Error("the client asks for a proxy")
	}
}

func TestOnlyThisMachineIsLoaded(t *testing.T) {
	a := newApp(t, ok)
	port := a.URL[strings.LastIndex(a.URL, ":"):]
	for name, row := range map[string]struct {
		url   string
		allow []string
		fine  bool
		host  string // as the refusal names it
	}{
		"literal":                       {"http://127.0.0.1" + port, nil, true, ""},
		"localhost":                     {"http://LocalHost" + port + "/", nil, true, ""},
		"IPv4 in IPv6":                  {"http://[::ffff:127.0.0.1]" + port, nil, true, ""},
		"another of 127.0.0.0/8":        {"http://127.0.0.1" + port, []string{"example.com"}, true, ""},
		"documentation address":         {"http://192.0.2.1" + port, nil, false, "192.0.2.1"},
		"every address":                 {"http://0.0.0.0" + port, nil, false, "0.0.0.0"},
		"a private one":                 {"http://10.0.0.1" + port, nil, false, "10.0.0.1"},
		"a name that begins with 127":   {"http://127.0.0.1.example.com" + port, nil, false, "127.0.0.1.example.com"},
		"a name that ends in localhost": {"http://evil.localhost" + port, nil, false, "evil.localhost"},
		"decimal":                       {"http://2130706433" + port, nil, false, "2130706433"},
		"user that looks like a host":   {"http://127.0.0.1@192.0.2.1" + port, nil, false, "192.0.2.1"},
		"another is allowed":            {"http://192.0.2.1" + port, []string{"192.0.2.2"}, false, "192.0.2.1"},
		"no scheme":                     {"127.0.0.1" + port, nil, false, ""},
		"not HTTP":                      {"ftp://127.0.0.1" + port, nil, false, ""},
		"a path":                        {a.URL + "/x", nil, false, ""},
		"empty":                         {"", nil, false, ""},
		"no such port":                  {"http://127.0.0.1:99999", nil, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			served := a.served.Load()
			tally, err := New(path(t, "/"), Options{AllowRemote: row.allow}).Attack(t.Context(), row.url, calibrate.Pace{Requests: 1}, nil)
			if row.fine {
				if err != nil || tally.Succeeded != 1 {
					t.Errorf("refused: %v %v", err, tally.Examples)
				}
				return
			}
			if got := usage(t, err); got.What != "the host "+row.host+" isn't this machine, and load may hurt it" && row.host != "" {
				t.Errorf("refused for another reason: %s", got.What)
			}
			if a.served.Load() != served {
				t.Error("it was sent all the same")
			}
		})
	}
}

func TestAllowedRemoteHost(t *testing.T) {
	o, err := resolve(t.Context(), "http://192.0.2.1:8000", []string{"192.0.2.1"})
	if err != nil || o.base != "http://192.0.2.1:8000" || len(o.addrs) != 1 || o.addrs[0].String() != "192.0.2.1:8000" {
		t.Errorf("%+v, %v", o, err)
	}
}

// Nothing but what was resolved is dialled, whatever net/http asks for.
func TestTheDialerKnowsOneAddress(t *testing.T) {
	a := newApp(t, ok)
	o, err := resolve(t.Context(), a.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"192.0.2.1:80", "example.com:80", "127.0.0.1:1"} {
		if conn, err := o.dial(t.Context(), "tcp", addr); err == nil {
			conn.Close()
			t.Errorf("connected to %s", addr)
		} else if !strings.HasPrefix(err.Error(), "refused to connect to "+addr) {
			t.Errorf("tried to reach %s: %v", addr, err)
		}
	}
}

func TestRemoteHostInTheTargetsIsRefused(t *testing.T) {
	a := newApp(t, ok)
	targets, err := ReadTargets("targets.txt", strings.NewReader("GET /\n\nGET http://example.com/x\n"))
	if err != nil {
		t.Fatal(err)
	}
	pace := calibrate.Pace{Requests: 4}
	_, err = New(targets, Options{}).Attack(t.Context(), a.URL, pace, nil)
	got := usage(t, err)
	if got.What != "targets.txt line 3: the host example.com isn't this machine, and load may hurt it" || !strings.Contains(got.Try, "--allow-remote example.com") {
		t.Errorf("%q, try %q", got.What, got.Try)
	}
	if a.served.Load() != 0 {
		t.Error("something was sent")
	}
	tally := attack(t, New(targets, Options{AllowRemote: []string{"Example.com"}}), a.URL, pace)
	if tally.Succeeded != 4 || a.served.Load() != 4 {
		t.Errorf("once allowed, its path goes to the app: %+v", tally)
	}
}

// listen serves each connection by hand until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			done.Go(func() { serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); done.Wait() })
	return "http://" + l.Addr().String()
}

func readHead(c net.Conn) {
	r := bufio.NewReader(c)
	for line, err := r.ReadString('\n'); err == nil && line != "\r\n"; line, err = r.ReadString('\n') {
	}
}

func reset(c net.Conn) {
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

func answerThenReset(c net.Conn) {
	fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour")
	time.Sleep(50 * time.Millisecond) // a reset overtakes what the client hasn't read
	reset(c)
}

func drip(c net.Conn) {
	fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n")
	for range 60 {
		if _, err := fmt.Fprint(c, "."); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// timeWaits counts the sockets of a port in state 06 of /proc/net/tcp.
func timeWaits(t *testing.T, url string) int {
	port, _ := strconv.Atoi(url[strings.LastIndex(url, ":")+1:])
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		field := strings.Fields(line)
		hex := fmt.Sprintf(":%04X", port)
		if field[3] == "06" && (strings.HasSuffix(field[1], hex) || strings.HasSuffix(field[2], hex)) {
			n++
		}
	}
	return n
}
