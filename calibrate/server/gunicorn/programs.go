package gunicorn

import (
	"regexp"

	"workermem/calibrate/server/known"
)

func (Server) Programs() []known.Product {
	return []known.Product{{
		Name: "gunicorn", Ask: []string{"--version"}, Says: regexp.MustCompile(`^gunicorn \(version ([^)]+)\)`),
		Command: "-- %s --bind {host}:{port} app:app",
	}}
}
