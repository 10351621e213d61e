package server

// programs: it has no --version.
func (hypercorn) programs() []product {
	return []product{{name: "hypercorn", dist: "hypercorn", command: "-- %s --bind {host}:{port} app:app"}}
}
