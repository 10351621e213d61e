package modwsgi

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Traps that depend on how it is run.
const (
	slowRespawn   = "slow-respawn"
	nothingShared = "nothing-shared"
)

func (Server) Traps() []known.Trap {
	return []known.Trap{
		// mod_wsgi 4.9 with a raw configuration; mod_wsgi-express sets both.
		{Warning: calibrate.Warning{
			Code: "first-request-loads",
			Text: "the app is loaded by the first request, not at the start",
			Try:  "WSGIImportScript",
		}},
		{Warning: calibrate.Warning{
			Code: known.RecyclingCuts,
			Text: "maximum-requests restarts the whole process, and cuts off requests that take 20 s more " +
				"(graceful-timeout is 15 s, and shutdown-timeout 5 s)",
			Try: "a longer graceful-timeout in WSGIDaemonProcess, if there are such requests",
		}},
		{Warning: calibrate.Warning{
			Code: slowRespawn,
			Text: "Apache replaces a process that has ended about once a second, and requests wait until then",
			Try:  "processes=2 or more where maximum-requests is set, and a limit that is seldom reached",
		}},
		{Warning: calibrate.Warning{
			Code: nothingShared,
			Text: "its processes share nothing: each loads Python and the app by itself",
			Try:  "threads instead of processes, as far as the app's processor time allows",
		}},
	}
}

// Traps are fewer than Apache's own: it loads the app at the start, and lets requests finish.
func (Express) Traps() []known.Trap {
	return slices.DeleteFunc(Server{}.Traps(), func(t known.Trap) bool { return t.Code != slowRespawn && t.Code != nothingShared })
}
