package server

import (
	"workermem/calibrate"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/granian"
	"workermem/calibrate/server/gunicorn"
	"workermem/calibrate/server/hypercorn"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/modwsgi"
	"workermem/calibrate/server/nowlms"
	"workermem/calibrate/server/puma"
	"workermem/calibrate/server/pypnm"
	"workermem/calibrate/server/uvicorn"
	"workermem/calibrate/server/uwsgi"
	"workermem/calibrate/server/waitress"
	"workermem/calibrate/server/workers"
)

// The servers calibrate knows; the first that recognises the program has it. Any other command is anycommand.Server.
var servers = []known.Server{
	gunicorn.Server{},
	uvicorn.Server{},
	hypercorn.Server{},
	granian.Server{},
	uwsgi.Server{},
	modwsgi.Server{},
	modwsgi.Express{},
	puma.Server{},
	puma.Rack{},
	waitress.Server{},
	nowlms.Server{},
	pypnm.Server{},
}

// knownServer is the one that recognises a program, nil for none.
func knownServer(p cli.Program) known.Server {
	for _, s := range servers {
		if s.Recognises(p) {
			return s
		}
	}
	return nil
}

// knownTitles are those of all servers.
func knownTitles() workers.AnyTitles {
	all := []workers.Titles{anycommand.Server{}.Titles()}
	for _, s := range servers {
		all = append(all, s.Titles())
	}
	return workers.JoinTitles(all)
}

// noRoot is a server whose app answers 404 at "/".
type noRoot interface {
	Answers() (path string)
}

// DefaultPath is what to ask a command's server for if the user names nothing: "/", but for an app that answers 404
// there.
func DefaultPath(command []string) string {
	if s, ok := knownServer(cli.SeeThrough(unwrap(command, nil).argv)).(noRoot); ok {
		return s.Answers()
	}
	return "/"
}

// MostBacklog is the longest accept queue that a server asks for which isn't told another.
func MostBacklog() int {
	most := 0
	for _, s := range servers {
		if s, asks := s.(interface{ Backlog() int }); asks {
			most = max(most, s.Backlog())
		}
	}
	return most
}

// Known are the servers that calibrate knows, and last what stands for any other command.
func Known() calibrate.Servers {
	var all calibrate.Servers
	for _, s := range servers {
		all = append(all, calibrate.KnownServer{Name: s.Name(), Configurable: s})
	}
	return append(all, calibrate.KnownServer{Name: anycommand.Server{}.Name(), Configurable: anycommand.Server{}})
}
