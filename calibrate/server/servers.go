package server

import (
	"workermem/calibrate"
	"workermem/calibrate/server/cli"
)

// The servers calibrate knows; the first that recognises the program has it. Any other command is anyCommand.
var servers = []server{
	gunicorn{},
	uvicorn{},
	hypercorn{},
	granian{},
	uwsgi{},
	modWSGI{},
	express{},
	puma{},
	rackFront{},
	nowLMS{},
	pypnm{},
}

// knownServer is the one that recognises a program, nil for none.
func knownServer(p cli.Program) server {
	for _, s := range servers {
		if s.recognises(p) {
			return s
		}
	}
	return nil
}

// knownTitles are those of all servers.
func knownTitles() anyTitles {
	all := []titles{anyCommand{}.titles()}
	for _, s := range servers {
		all = append(all, s.titles())
	}
	return joinTitles(all)
}

// noRoot is a server whose app answers 404 at "/".
type noRoot interface {
	answers() (path string)
}

// DefaultPath is what to ask a command's server for where the user names nothing: "/", but for an app that answers 404
// there.
func DefaultPath(command []string) string {
	p := cli.SeeThrough(command)
	if words := unshelled(p); words != nil {
		p = cli.SeeThrough(words)
	}
	if s, ok := knownServer(p).(noRoot); ok {
		return s.answers()
	}
	return "/"
}

// Known are the servers that calibrate knows, and last what stands for any other command.
func Known() calibrate.Servers {
	var all calibrate.Servers
	for _, s := range servers {
		all = append(all, calibrate.KnownServer{Name: s.name(), Configurable: s})
	}
	return append(all, calibrate.KnownServer{Name: anyCommand{}.name(), Configurable: anyCommand{}})
}
