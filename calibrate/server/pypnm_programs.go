package server

// programs: to ask it would import the app.
func (pypnm) programs() []product {
	return []product{{name: "pypnm", dist: "pypnm_docsis", command: "-- %s serve"}}
}
