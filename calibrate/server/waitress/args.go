package waitress

import (
	"cmp"
	"net"
	"strings"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// syntax are the options of Waitress 3.0 (adjustments.py, _params and parse_args), which Python's getopt reads: the app ends
// them.
var syntax = cli.Syntax{Abbreviates: true, CommandEnds: true}.Options(`
help! call! host port [no-]ipv4 [no-]ipv6 listen threads trusted-proxy trusted-proxy-count trusted-proxy-headers
[no-]log-untrusted-proxy-headers [no-]clear-untrusted-proxy-headers url-scheme url-prefix backlog recv-bytes send-bytes
outbuf-overflow outbuf-high-watermark inbuf-overflow connection-limit cleanup-interval channel-timeout
[no-]log-socket-errors max-request-header-size max-request-body-size [no-]expose-tracebacks ident asyncore-loop-timeout
[no-]asyncore-use-poll unix-socket unix-socket-perms sockets channel-request-lookahead server-name
`)

// overridden are the options in the command that give way. A family that is off could be that of our address.
var overridden = strings.Fields("listen host port ipv4 ipv6 unix-socket unix-socket-perms threads")

// settings is what the user's command would run with.
type settings struct{ cli.Settings }

func settingsOf(args cli.Args) settings {
	return settings{cli.Settings{Reading: cli.Reading{Number: cli.PythonInt, Yes: cli.OnlyTrue}, Layers: []cli.Layer{args.Layer("")}}}
}

const defaultThreads = 4

func (s settings) threads() int { return s.Number("threads", defaultThreads) }

// address is where the command would listen, "" if it doesn't say.
func (s settings) address() string {
	host, port := s.Text("host"), s.Text("port")
	switch {
	case s.Has("unix-socket"):
		return "the Unix socket " + s.Text("unix-socket")
	case s.Has("listen"):
		return strings.Join(s.List("listen"), ", ")
	case host == "" && port == "":
		return ""
	}
	return net.JoinHostPort(cmp.Or(host, "0.0.0.0"), cmp.Or(port, "8080"))
}

// Programs are asked by their distribution: waitress-serve has no --version.
func (Server) Programs() []known.Product {
	return []known.Product{{Name: "waitress-serve", Dist: "waitress", Command: "-- %s --listen={host}:{port} app:app"}}
}
