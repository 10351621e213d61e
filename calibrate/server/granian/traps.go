package granian

import (
	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Traps that depend on the command: threads that nobody has named, and no bound to the wait for a worker.
const (
	threadsByDefault = "threads-by-default"
	stopIsLost       = "stop-is-lost"
)

func (Server) Traps() []known.Trap {
	return []known.Trap{
		// Granian 2.8 (server/common.py). What 1 has for threads and stopping is other.
		known.NoLimit("--workers-lifetime, or --workers-max-rss where it has that"),
		{Warning: calibrate.Warning{
			Code: known.WorkerEndsServer,
			Text: "one worker that fails or is killed ends the whole server, with status 1",
			Try:  "--respawn-failed-workers",
		}},
		{From: "2.0", Warning: calibrate.Warning{
			Code: stopIsLost,
			Text: "SIGTERM while a worker boots is lost on that worker: the server waits for it without end",
			Try:  "--workers-kill-timeout 10",
		}},
		{From: "2.0", Warning: calibrate.Warning{
			Code: threadsByDefault,
			Text: "without --blocking-threads a WSGI worker has a thread for each of 512 requests at once " +
				"(2.8: half of its backpressure, which is 1024 by the number of workers)",
			Try: "--blocking-threads with a number that was measured",
		}},
	}
}
