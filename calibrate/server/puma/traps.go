package puma

import (
	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// preloadFromEnv is a trap that only a run in which it is sprung is warned of, respawnsForEver one that has its own failure.
const (
	preloadFromEnv  = "preload-by-variable"
	respawnsForEver = "respawns-for-ever"
)

func (Server) Traps() []known.Trap {
	return []known.Trap{
		// Puma 5.6.
		known.NoLimit("puma_worker_killer, or a memory limit of the supervisor"),
		{Warning: calibrate.Warning{
			Code: respawnsForEver,
			Text: "where the app can't be loaded, a cluster starts its workers over and over without a pause, never ends, and doesn't say why",
			Try:  "preload_app!, with which it says why and ends",
		}},
		// Puma 5.6; 6 by its source (configuration.rb, Configuration#initialize), issue 3044 of puma/puma.
		{From: "5.0", Below: "7.0", Warning: calibrate.Warning{
			Code: preloadFromEnv,
			Text: "WEB_CONCURRENCY above 1 turns preload_app! on, and the same number in -w or workers doesn't",
			Try:  "write preload_app! in config/puma.rb, so that what was measured doesn't hang on a variable",
		}},
	}
}

// Traps are none of its own: they are Puma's.
func (Rack) Traps() []known.Trap { return nil }
