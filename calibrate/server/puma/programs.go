package puma

import (
	"regexp"

	"workermem/calibrate/server/known"
)

func (Server) Programs() []known.Product {
	return []known.Product{{
		Name: "puma", Ask: []string{"--version"}, Says: regexp.MustCompile(`(?m)^puma version (\S+)\n`),
		Command: "-- %s -b tcp://{host}:{port} -w {workers} -t {threads}:{threads}",
	}}
}

// Programs are none: what starts Puma belongs to the app's own bundle.
func (Rack) Programs() []known.Product { return nil }
