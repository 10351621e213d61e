package uvicorn

import (
	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

func (Server) Traps() []known.Trap {
	return []known.Trap{
		// Uvicorn 0.17 and 0.29.
		{Below: "0.30", Warning: calibrate.Warning{
			Code: "workers-not-replaced",
			Text: "with 2 workers or more, one that ends is never replaced: the port listens on, and clients hang",
			Try:  "uvicorn 0.30 or newer, or gunicorn -k uvicorn.workers.UvicornWorker",
		}},
		{From: "0.30", Below: "0.41", Warning: calibrate.Warning{
			Code: "no-jitter",
			Text: "request limits have no jitter: workers that started together restart together",
			Try:  "uvicorn 0.41 or newer, and --limit-max-requests-jitter",
		}},
		// Uvicorn 0.29 and 0.54.
		{Warning: calibrate.Warning{
			Code: known.LimitEndsServer,
			Text: "one worker with --limit-max-requests ends the server at the limit, with status 0",
			Try:  "Restart=always (on-failure isn't enough), or --workers 2 of uvicorn 0.30 or newer",
		}},
	}
}
