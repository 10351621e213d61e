package uwsgi

import (
	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// youngest is the age below which no worker is recycled: 10 s in the source of 2.0.18 to 2.0.30 (core/uwsgi.c, min_worker_lifetime),
// though the help text of up to 2.0.24 says 60.
const youngest = "10 s"

func (Server) Traps() []known.Trap {
	return []known.Trap{
		// uWSGI 2.0.21.
		{Warning: calibrate.Warning{
			Code: "young-workers-stay",
			Text: "no worker is recycled in its first " + youngest + ", whatever --max-requests says",
			Try:  "--min-worker-lifetime 0, if workers are to be that short-lived",
		}},
		{Warning: calibrate.Warning{
			Code: "term-reloads",
			Text: "SIGTERM reloads it instead of stopping it",
			Try:  "--die-on-term",
		}},
		{Warning: calibrate.Warning{
			Code: "limit-needs-master",
			Text: "without a master the server ends where its worker reaches --max-requests, with status 0",
			Try:  "--master",
		}},
		{Warning: calibrate.Warning{
			Code: "errors-instead",
			Text: "where the app can't be imported it lives on, and answers every request with 500",
			Try:  "--need-app",
		}},
		{Warning: calibrate.Warning{
			Code: "stopping-cuts",
			Text: "every signal that stops it cuts off the requests that are under way",
			Try:  `--hook-master-start "unix_signal:15 gracefully_kill_them_all"`,
		}},
		{Warning: calibrate.Warning{
			Code: "threads-stand-still",
			Text: "threads that the app itself starts don't run, unless --threads is 2 or more",
			Try:  "--enable-threads, if the app or a library of its has some",
		}},
		// Its socket-timeout, which it waits for the next request of a connection (proto/http.c), and during which the worker
		// serves nobody else.
		{Warning: calibrate.Warning{
			Code: "needs-length",
			Text: "with http11-socket an answer without a Content-Length ends only when uWSGI closes the connection, " +
				"4 s later (socket-timeout), and the worker waits so long",
			Try: "send a Content-Length with every answer, or use http-socket behind a proxy",
		}},
	}
}
