package server

import "regexp"

func (uvicorn) programs() []product {
	return []product{{
		name: "uvicorn", ask: []string{"--version"}, says: regexp.MustCompile(`(?m)^Running uvicorn (\S+) with`),
		command: "-- %s --host {host} --port {port} app:app",
	}}
}
