package nowlms

import "workermem/calibrate/server/known"

// Programs are asked by their distribution: lmsctl --version is Flask's, and imports the app.
func (Server) Programs() []known.Product {
	return []known.Product{{Name: "lmsctl", Dist: "now_lms", Command: "-- %s serve --wsgi-server gunicorn"}}
}
