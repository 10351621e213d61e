package granian

import (
	"regexp"

	"workermem/calibrate/server/known"
)

func (Server) Programs() []known.Product {
	return []known.Product{{
		Name: "granian", Ask: []string{"--version"}, Says: regexp.MustCompile(`(?m)^granian (\S+)\n`),
		Command: "-- %s --host {host} --port {port} --workers {workers} --interface asgi app:app",
	}}
}
