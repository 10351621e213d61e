package uvicorn

import (
	"regexp"

	"workermem/calibrate/server/known"
)

func (Server) Programs() []known.Product {
	return []known.Product{{
		Name: "uvicorn", Ask: []string{"--version"}, Says: regexp.MustCompile(`(?m)^Running uvicorn (\S+) with`),
		Command: "-- %s --host {host} --port {port} app:app",
	}}
}
