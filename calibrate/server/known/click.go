package known

import (
	"cmp"
	"net"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
)

// ClickReading is that of servers that read their settings by click (click/types.py, IntParamType and BoolParamType).
var ClickReading = cli.Reading{Number: cli.PythonInt, Yes: cli.ClickTrue}

// ClickAddress is where the command would listen, "" if it doesn't say. A Unix socket wins over host and port.
func ClickAddress(s cli.Settings) string {
	if path := s.Text("uds"); path != "" {
		return "the Unix socket " + path
	}
	host, port := s.Text("host"), s.Text("port")
	if host == "" && port == "" {
		return ""
	}
	return net.JoinHostPort(cmp.Or(host, Loopback), cmp.Or(port, "8000"))
}

// RefuseClick says which settings can't be measured with any such server: those that only print, and those for TLS.
func RefuseClick(s cli.Settings, server string, tls ...string) error {
	for _, option := range []string{"version", "help"} {
		if s.On(option) {
			return calibrate.Usage("take "+s.From(option)+" out", "the command only prints, it serves nothing")
		}
	}
	for _, option := range tls {
		if s.Has(option) {
			return calibrate.Usage("take it out for the measurement", "%s makes %s serve TLS, and calibrate measures plain HTTP", s.From(option), server)
		}
	}
	return nil
}
