package analyse

import "workermem/calibrate"

// hiddenCreep says that the routes creep by more, at the least, than the soak of all together has shown at the most: by so much.
// An allocator keeps the room of a large request for a while, and what other requests leave behind may go there first,
// where no reading sees it.
func hiddenCreep(s *calibrate.Routes, c calibrate.Creep) (least float64, hidden bool) {
	_, low, ok := s.Creep()
	if !ok || c.BytesPerRequest == nil || c.High == nil || c.Verdict != calibrate.Creeping && c.Verdict != calibrate.Flat {
		return 0, false
	}
	return low, low > max(c.Together().High, leastHidden)
}

// leastHidden is the least creep, in bytes a request, that is worth a word: what the verdict counts as creeping.
const leastHidden = 250
