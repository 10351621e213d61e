package modwsgi

import (
	"path/filepath"
	"regexp"

	"workermem/calibrate/server/known"
)

func (Server) Programs() []known.Product {
	apache := known.Product{Ask: []string{"-v"}, Says: apacheVersion, Module: wsgiModule, Command: apacheCommand}
	debian, redHat := apache, apache
	debian.Name, redHat.Name = "apache2", "httpd"
	return []known.Product{debian, redHat}
}

var apacheVersion = regexp.MustCompile(`(?m)^Server version: \S+?/(\S+)`)

const apacheCommand = "--env PORT={port} -- %s -f /path/to/a.conf -DFOREGROUND" // with Listen 127.0.0.1:${PORT} in it

// wsgiModule is the module's name where Apache has it: in /usr/lib/apache2/modules on Debian, /usr/lib64/httpd/modules on
// Red Hat, modules if it was built from source.
func wsgiModule(apache string) string {
	resolved, err := filepath.EvalSymlinks(apache)
	if err != nil {
		return ""
	}
	for _, folder := range []string{"lib/apache2/modules", "lib64/httpd/modules", "lib/httpd/modules", "modules"} {
		if len(known.FilesLike(filepath.Join(filepath.Dir(resolved), "..", folder), "mod_wsgi*")) > 0 {
			return "mod_wsgi"
		}
	}
	return ""
}

// Programs are asked by their distribution: mod_wsgi-express has no --version.
func (Express) Programs() []known.Product {
	return []known.Product{{
		Name: "mod_wsgi-express", Dist: "mod_wsgi",
		Command: "-- %s start-server --host {host} --port {port} --processes {workers} --threads {threads} app.wsgi",
	}}
}
