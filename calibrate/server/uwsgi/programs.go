package uwsgi

import (
	"regexp"

	"workermem/calibrate/server/known"
)

func (Server) Programs() []known.Product {
	return []known.Product{{
		Name: "uwsgi", Ask: []string{"--version"}, Says: regexp.MustCompile(`(?m)^(\d+\.\d\S*)\n`),
		Command: "-- %s --http-socket {host}:{port} --module app:app --master --processes {workers} --threads {threads} --die-on-term --need-app",
	}}
}
