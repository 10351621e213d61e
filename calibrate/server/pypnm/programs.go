package pypnm

import "workermem/calibrate/server/known"

// Programs: to ask it would import the app.
func (Server) Programs() []known.Product {
	return []known.Product{{Name: "pypnm", Dist: "pypnm_docsis", Command: "-- %s serve"}}
}
