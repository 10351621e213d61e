package sizing

import "workermem/calibrate"

// mostAtOnce requests are the most of which a shape's rate is asked for: some rules of the field ask for whatever memory holds.
const mostAtOnce = 1 << 14

// serve is Question.Serve.
type serve = func(workers, threads int) calibrate.Served

// Remembered asks once for each shape: an answer takes from a millisecond to some twenty.
func Remembered(ask serve) serve {
	if ask == nil {
		return nil
	}
	known := map[calibrate.Shape]calibrate.Served{}
	return func(workers, threads int) calibrate.Served {
		shape := calibrate.Shape{Workers: workers, Threads: threads}
		s, asked := known[shape]
		if !asked {
			s = ask(workers, threads)
			known[shape] = s
		}
		return s
	}
}

// rememberedOn does so on any number of cores.
func rememberedOn(on func(cores float64) serve) func(cores float64) serve {
	known := map[float64]serve{}
	return func(cores float64) serve {
		if known[cores] == nil {
			known[cores] = Remembered(on(cores))
		}
		return known[cores]
	}
}

// served is what a shape serves; zero where that isn't known.
func (q Question) served(workers, threads int) calibrate.Served {
	if q.Serve == nil || workers > mostAtOnce/threads {
		return calibrate.Served{}
	}
	if s := q.Serve(workers, threads); finite(s.Rate) && s.Rate > 0 {
		return s
	}
	return calibrate.Served{}
}
