package server

import "regexp"

func (puma) programs() []product {
	return []product{{
		name: "puma", ask: []string{"--version"}, says: regexp.MustCompile(`(?m)^puma version (\S+)\n`),
		command: "-- %s -b tcp://{host}:{port} -w {workers} -t {threads}:{threads}",
	}}
}

// programs: what starts Puma belongs to the app's own bundle.
func (rackFront) programs() []product { return nil }
