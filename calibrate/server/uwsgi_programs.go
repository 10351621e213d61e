package server

import "regexp"

func (uwsgi) programs() []product {
	return []product{{
		name: "uwsgi", ask: []string{"--version"}, says: regexp.MustCompile(`(?m)^(\d+\.\d\S*)\n`),
		command: "-- %s --http-socket {host}:{port} --module app:app --master --processes {workers} --threads {threads} --die-on-term --need-app",
	}}
}
