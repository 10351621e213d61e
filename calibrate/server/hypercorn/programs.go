package hypercorn

import "workermem/calibrate/server/known"

// Programs are asked by their distribution: Hypercorn has no --version.
func (Server) Programs() []known.Product {
	return []known.Product{{Name: "hypercorn", Dist: "hypercorn", Command: "-- %s --bind {host}:{port} app:app"}}
}
