package server

import "regexp"

func (granian) programs() []product {
	return []product{{
		name: "granian", ask: []string{"--version"}, says: regexp.MustCompile(`(?m)^granian (\S+)\n`),
		command: "-- %s --host {host} --port {port} --workers {workers} --interface asgi app:app",
	}}
}
