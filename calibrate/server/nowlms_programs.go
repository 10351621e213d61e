package server

// programs: its --version is Flask's, and imports the app.
func (nowLMS) programs() []product {
	return []product{{name: "lmsctl", dist: "now_lms", command: "-- %s serve --wsgi-server gunicorn"}}
}
