package server

import (
	"path/filepath"
	"regexp"
)

func (modWSGI) programs() []product {
	apache := product{ask: []string{"-v"}, says: apacheVersion, module: wsgiModule, command: apacheCommand}
	debian, redHat := apache, apache
	debian.name, redHat.name = "apache2", "httpd"
	return []product{debian, redHat}
}

var apacheVersion = regexp.MustCompile(`(?m)^Server version: \S+?/(\S+)`)

const apacheCommand = "--env PORT={port} -- %s -f /path/to/a.conf -DFOREGROUND" // with Listen 127.0.0.1:${PORT} in it

// wsgiModule is the module's name where Apache has it: in /usr/lib/apache2/modules on Debian, /usr/lib64/httpd/modules on
// Red Hat, modules where it was built from source.
func wsgiModule(apache string) string {
	resolved, err := filepath.EvalSymlinks(apache)
	if err != nil {
		return ""
	}
	for _, folder := range []string{"lib/apache2/modules", "lib64/httpd/modules", "lib/httpd/modules", "modules"} {
		if len(matches(filepath.Join(filepath.Dir(resolved), "..", folder), "mod_wsgi*")) > 0 {
			return "mod_wsgi"
		}
	}
	return ""
}

// programs: it has no --version.
func (express) programs() []product {
	return []product{{
		name: "mod_wsgi-express", dist: "mod_wsgi",
		command: "-- %s start-server --host {host} --port {port} --processes {workers} --threads {threads} app.wsgi",
	}}
}
