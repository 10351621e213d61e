package pypnm

import "workermem/calibrate/server/known"

// Programs are asked by their distribution: to run pypnm would import the app.
func (Server) Programs() []known.Product {
	return []known.Product{{Name: "pypnm", Dist: "pypnm_docsis", Command: "-- %s serve"}}
}
