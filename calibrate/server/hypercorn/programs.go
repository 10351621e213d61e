package hypercorn

import "workermem/calibrate/server/known"

// Programs: it has no --version.
func (Server) Programs() []known.Product {
	return []known.Product{{Name: "hypercorn", Dist: "hypercorn", Command: "-- %s --bind {host}:{port} app:app"}}
}
