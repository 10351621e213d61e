package sampler

import (
	"context"
	"math"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
)

// ownDescriptors is what calibrate has open beside its connections, or an app beside its own, and some to spare. Seen:
// 25 of calibrate's in the last phase, when the app runs a second time; 11 of a Gunicorn worker's.
const ownDescriptors = 32

// descriptors compares RLIMIT_NOFILE with what the most clients of a load take, a connection each. Go raises the soft
// limit to the hard one for itself, and gives what it starts the one that it was started with (os/rlimit.go): a shell,
// which leaves it alone, can say that.
func (d Doctor) descriptors() calibrate.Finding {
	return sayDescriptors(linux.OwnLimit(linux.OpenFiles), childLimit(), d.Clients)
}

// childLimit is how many files a child of ours may open, 0 if there is no shell to ask.
func childLimit() uint64 {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "/bin/sh", "-c", "ulimit -n").Output()
	if err != nil {
		return 0
	}
	text := strings.TrimSpace(string(out))
	if text == "unlimited" {
		return math.MaxUint64
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func sayDescriptors(own, app uint64, clients int) calibrate.Finding {
	text, least := "open files: calibrate "+descriptors(own), own
	if app > 0 {
		text, least = text+", the app "+descriptors(app), min(own, app)
	}
	need := clients + ownDescriptors
	if least >= uint64(need) {
		return fine("%s; a load of %s, the most of an open loop, needs %s", text, say.Plural(clients, "client"), say.Count(need))
	}
	return limited("ulimit -n 4096", "%s: enough for %s at once; a load of %s, the most of an open loop, needs %s",
		text, say.Plural(max(int64(least)-ownDescriptors, 0), "client"), say.Count(clients), say.Count(need))
}

func descriptors(n uint64) string {
	if n >= 1<<62 {
		return "any number"
	}
	return say.Count(n)
}

// ports are those that connections may start from (net.ipv4.ip_local_port_range), and how many of them a closed
// connection still holds. Where few are left, connect looks long for a free one: with 20 thousand held, an app's
// capacity fell to a tenth, without an error.
func (d Doctor) ports() calibrate.Finding {
	low, high, ok := linux.ParsePortRange(readText(d.path("sys/net/ipv4/ip_local_port_range")))
	if !ok {
		return unread("from which ports connections start", "/proc/sys/net/ipv4/ip_local_port_range")
	}
	all := high - low + 1
	held, ok := linux.ParseTimeWait(readText(d.path("net/sockstat")))
	if !ok {
		return unread("how many ports closed connections hold", "/proc/net/sockstat")
	}
	text := say.Count(all) + " ports to connect from, " + say.Count(held) + " of them in TIME_WAIT"
	if held > all/2 || all-held < 2*d.Clients {
		return limited("wait a minute, and see who opens them: ss -tan state time-wait; sysctl net.ipv4.ip_local_port_range='15000 65000'",
			"%s: connecting gets slow", text)
	}
	return fine("%s", text)
}

// backlog compares the accept queue that servers ask for with net.core.somaxconn: the kernel gives no more.
func (d Doctor) backlog() calibrate.Finding {
	most, err := strconv.Atoi(strings.TrimSpace(readText(d.path("sys/net/core/somaxconn"))))
	switch {
	case err != nil:
		return unread("how long a server's accept queue may get", "/proc/sys/net/core/somaxconn")
	case most < d.Backlog:
		return limited("sysctl net.core.somaxconn=4096, unless production has no more either",
			"accept queues are cut to %s (net.core.somaxconn); servers ask for up to %s", say.Count(most), say.Count(d.Backlog))
	}
	return fine("accept queues are as long as servers ask (net.core.somaxconn=%d)", most)
}

func loopback4() calibrate.Finding {
	if err := connect("tcp4", "127.0.0.1:0"); err != nil {
		return stopping("ip link set lo up; in a sandbox, allow it the loopback network",
			"no program can listen and connect on 127.0.0.1: %s", reason(err))
	}
	return fine("127.0.0.1 works: something listened, and was connected to")
}

func loopback6() calibrate.Finding {
	if err := connect("tcp6", "[::1]:0"); err != nil {
		return missing("let the app listen on 127.0.0.1, as calibrate has it do",
			"no ::1 here, so an app that listens only there can't be measured: %s", reason(err))
	}
	return fine("::1 works too")
}

// connect listens on a free port, connects to it and accepts. It leaves nothing in TIME_WAIT.
func connect(network, address string) error {
	const limit = time.Second
	l, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	defer l.Close()
	client, err := net.DialTimeout(network, l.Addr().String(), limit)
	if err != nil {
		return err
	}
	defer client.Close()
	_ = client.(*net.TCPConn).SetLinger(0)
	_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(limit))
	server, err := l.Accept()
	if err != nil {
		return err
	}
	defer server.Close()
	return server.(*net.TCPConn).SetLinger(0)
}
