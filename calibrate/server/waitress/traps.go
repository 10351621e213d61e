package waitress

import (
	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

func (Server) Traps() []known.Trap {
	return []known.Trap{
		// Waitress 3.0.2 (server.py, run and readable).
		known.NoLimit(recycling),
		{Warning: calibrate.Warning{
			Code: "stopping-cuts",
			Text: "SIGTERM ends it at once, and cuts off requests that are under way: only SIGINT gives them 5 s to finish",
			Try:  "KillSignal=SIGINT in a systemd unit, STOPSIGNAL SIGINT in a Dockerfile",
		}},
		{Warning: calibrate.Warning{
			Code: "connections-wait",
			Text: "--connection-limit (100) counts idle connections, and two of its own: where 98 are open, the next one waits until one closes",
			Try:  "a higher --connection-limit, or fewer connections that the proxy keeps open",
		}},
	}
}
