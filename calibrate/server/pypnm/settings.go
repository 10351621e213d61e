package pypnm

import (
	"strconv"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/sizing"
)

// Settings by their options' names. A limit that is left out is PyPNM's own, and one worker with a limit ends the server:
// so it is told that there is none. PyPNM passes no jitter on.
func (Server) Settings(w calibrate.Wanted, _ calibrate.TargetInfo) []calibrate.Setting {
	all := []calibrate.Setting{known.Setting("workers", w.Workers)}
	switch {
	case w.MaxRequests > 0 && w.Workers > 1:
		all = append(all, known.Setting("limit-max-requests", w.MaxRequests))
	case w.Workers == 1 || w.NoLimit:
		all = append(all, known.Setting("limit-max-requests", 0))
	}
	return all
}

func (y Server) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	return calibrate.Typed{Words: known.Options(y.Settings(w, t))}
}

func (Server) File() calibrate.File {
	return calibrate.File{For: "pypnm", Name: "pypnm-serve.env", Without: "the address"}
}

func (y Server) Configuration(w calibrate.Wanted, _ calibrate.TargetInfo) (c calibrate.Lines) {
	if w.MaxRequests > 0 {
		c.About(calibrate.NoteLimit, "PYPNM_SERVE_LIMIT_MAX_REQUESTS")
	} else {
		c.Note("All four keys are required. This run asks for no limit; the one below is at most PyPNM's own for such a host.")
	}
	if w.Workers < 2 {
		c.Note("With one worker pypnm serve ends at its limit, with status 0: Restart=always must bring it back.")
	}
	known.SetAll(&c, y.keys(w), "=")
	return c
}

// keys: PyPNM's start script stops if one of the four is missing. If there is to be no limit, it is PyPNM's own, or less if
// the headroom doesn't last so long.
func (Server) keys(w calibrate.Wanted) []calibrate.Setting {
	gib := float64(w.MemoryBytes) / (1 << 30)
	limit := w.MaxRequests
	if limit == 0 {
		_, own := sizing.PyPNM(w.CPUs, gib)
		if limit = int64(own); w.SafeRequests > 0 {
			limit = min(limit, int64(w.SafeRequests))
		}
	}
	return []calibrate.Setting{
		known.Setting("PYPNM_SERVE_CPU_COUNT", w.CPUs),
		{Name: "PYPNM_SERVE_TOTAL_MEMORY_GIB", Value: strconv.FormatFloat(gib, 'f', 2, 64)},
		known.Setting("PYPNM_SERVE_WORKERS", w.Workers),
		known.Setting("PYPNM_SERVE_LIMIT_MAX_REQUESTS", limit),
	}
}

func (y Server) Environment(w calibrate.Wanted, _ calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	return y.keys(w), nil
}
