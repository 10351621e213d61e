package server

import "slices"

// Names are those of the servers that calibrate knows, as a result calls them.
func Names() []string {
	var names []string
	for _, s := range servers {
		if name := s.name(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
