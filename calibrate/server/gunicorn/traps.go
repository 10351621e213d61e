package gunicorn

import (
	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

func (Server) Traps() []known.Trap {
	return []known.Trap{
		// Gunicorn 27.0: config.py, ControlSocket; since 25.1.
		{From: "25.1", Warning: calibrate.Warning{
			Code: "control-socket",
			Text: "a master takes over ~/.gunicorn/gunicorn.ctl from any other of the same user (calibrate turns that off)",
			Try:  "a --control-socket of its own for each, or --no-control-socket",
		}},
	}
}
