package linux

import (
	"bytes"
	"slices"
	"strconv"
)

// Accepted is how many TCP connections the network namespace of a process has accepted since it was made, whoever listened:
// PassiveOpens of the MIB of TCP (RFC 4022), in /proc/PID/net/snmp, where a line of names stands above its line of values.
func (fs FS) Accepted(pid int) (connections int64, known bool) {
	text, err := fs.readAll(strconv.Itoa(pid), "net", "snmp")
	if err != nil {
		return 0, false
	}
	var names [][]byte
	for line := range bytes.Lines(text) {
		words := bytes.Fields(line)
		if len(words) == 0 || string(words[0]) != "Tcp:" {
			continue
		}
		if names == nil {
			names = words
			continue
		}
		at := slices.IndexFunc(names, func(name []byte) bool { return string(name) == "PassiveOpens" })
		if at < 0 || at >= len(words) {
			return 0, false
		}
		n, err := strconv.ParseInt(string(words[at]), 10, 64)
		return n, err == nil
	}
	return 0, false
}
