package server

import "workermem/calibrate"

func (gunicorn) traps() []trap {
	return []trap{
		// Gunicorn 27.0: config.py, ControlSocket; since 25.1.
		{from: "25.1", Warning: calibrate.Warning{
			Code: "control-socket",
			Text: "a master takes over ~/.gunicorn/gunicorn.ctl from any other of the same user (calibrate turns that off)",
			Try:  "a --control-socket of its own for each, or --no-control-socket",
		}},
	}
}
