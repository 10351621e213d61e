package server

import "regexp"

func (gunicorn) programs() []product {
	return []product{{
		name: "gunicorn", ask: []string{"--version"}, says: regexp.MustCompile(`^gunicorn \(version ([^)]+)\)`),
		command: "-- %s --bind {host}:{port} app:app",
	}}
}
