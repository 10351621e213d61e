package nowlms

import (
	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Traps that depend on the command, and on an environment that a run takes care of.
const (
	inOneProcess = "waitress-by-default"
	ciChangesApp = "ci-changes-app"
)

func (Server) Traps() []known.Trap {
	return []known.Trap{
		// NOW LMS 2.
		{Warning: calibrate.Warning{
			Code: inOneProcess,
			Text: "lmsctl serve is waitress in one process, unless told otherwise, and NOW_LMS_WORKERS does nothing",
			Try:  "lmsctl serve --wsgi-server gunicorn",
		}},
		known.NoLimit("gunicorn wsgi:app, which takes --max-requests and every other option"),
		{Warning: calibrate.Warning{
			Code: "listens-everywhere",
			Text: "it listens on every address of the machine, also while it is measured: lmsctl has no setting for that",
			Try:  "a firewall; or gunicorn wsgi:app, which takes --bind",
		}},
		{Warning: calibrate.Warning{
			Code: ciChangesApp,
			Text: "CI in the environment makes it one worker, one thread and a database in memory",
			Try:  "env -u CI calibrate run ...",
		}},
	}
}
