package hypercorn

import (
	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Traps that depend on the command.
const (
	jitterIsLimit    = "jitter-is-limit"
	daemonStays      = "daemon-stays"
	limitNeedsParent = "limit-needs-parent"
)

func (Server) Traps() []known.Trap {
	return []known.Trap{
		// Hypercorn 0.18 (run.py, run; __main__.py, main, for the jitter). Limits are from 0.16 on, --daemon from 0.18 (its changelog).
		{Warning: calibrate.Warning{
			Code: known.WorkerEndsServer,
			Text: "one worker that fails or is killed ends the whole server, with status 0, " +
				"or with that of another worker which it ends then and which ends at once (241: by SIGTERM)",
			Try: "Restart=always (on-failure isn't enough)",
		}},
		{From: "0.16", Warning: calibrate.Warning{
			Code: known.RecyclingCuts,
			Text: "a worker that reaches --max-requests cuts off requests that are under way or just come in",
			Try:  "a limit that is seldom reached, and a proxy before it that asks again",
		}},
		{From: "0.16", Warning: calibrate.Warning{
			Code: jitterIsLimit,
			Text: "--max-requests-jitter takes the number of --max-requests, whatever it says: a limit of N is drawn from N to 2 N",
			Try:  "max_requests_jitter in the file of --config",
		}},
		{From: "0.16", Warning: calibrate.Warning{
			Code: limitNeedsParent,
			Text: "--workers 0 with --max-requests ends the server at the limit, with status 0",
			Try:  "--workers 1",
		}},
		{From: "0.18", Warning: calibrate.Warning{
			Code: daemonStays,
			Text: "--daemon does not send it to the background",
			Try:  "a service manager, and without --daemon",
		}},
	}
}
