package pypnm

import (
	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

func (Server) Traps() []known.Trap {
	return []known.Trap{
		// PyPNM's own table has one worker with a limit for less than 6 GiB.
		{Warning: calibrate.Warning{
			Code: known.LimitEndsServer,
			Text: "its uvicorn ends with status 0 where one worker reaches --limit-max-requests",
			Try:  "Restart=always (on-failure isn't enough), or --workers 2",
		}},
		// PyPNM 1.6 pins Uvicorn 0.34.2; a later one has the option, but pypnm serve doesn't pass it on.
		{Warning: calibrate.Warning{
			Code: "no-jitter",
			Text: "request limits have no jitter: workers that started together restart together",
			Try:  "a limit so high that a worker lives for hours, or workers behind a proxy, one service each",
		}},
	}
}
