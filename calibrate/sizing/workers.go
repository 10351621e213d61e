package sizing

import "math"

const (
	mostCPUs    = 1 << 16 // more than any host has; keeps 2c+1 and what is multiplied by it in range
	mostThreads = 1 << 16
)

// Workers is the formula of the seeds, exactly (now-lms-ram-optimization.txt, "Automatic Worker Calculation"; its
// first term is Gunicorn's own advice, in gunicorn-workers-that-matter.txt):
//
//	workers = max(1, floor(min(2c + 1, floor(ram / worker)) / t))
//
//	c       CPU cores; below 1 counts as 1
//	ram     memory for the workers, MB; zero, negative or NaN holds none, which leaves the minimum of 1
//	worker  memory of one worker, MB; not above zero, or NaN, is unknown: CPU alone decides, as now-lms does for 0
//	t       threads a worker; below 1 counts as 1
func Workers(cpus int, ramMB, workerMB float64, threads int) int {
	most := cpuRule(float64(max(cpus, 1)))
	if workerMB > 0 {
		most = min(most, floorCount(ramMB/workerMB))
	}
	return max(1, most/clamp(threads, 1, mostThreads))
}

// cpuRule is 2c + 1, rounded down: while one worker of a core waits for its socket the other works, and one to spare
// (Gunicorn's "How Many Workers?"). Workers are whole; cores need not be: a quarter of one, 2 x 0.25 + 1 = 1.5, asks for one
// worker, where rounding the core up would ask for three.
func cpuRule(cpus float64) int { return int(2*soundCPUs(cpus) + 1) }

// soundCPUs takes what is not above zero, or no number, for one core.
func soundCPUs(cpus float64) float64 {
	if !(cpus > 0) {
		return 1
	}
	return min(cpus, mostCPUs)
}

// floorCount rounds a quotient down to a count: NaN and what is below zero are 0, what is vast is mostCount.
func floorCount(x float64) int {
	if !(x > 0) {
		return 0
	}
	return int(math.Min(x, mostCount))
}

// mostCount bounds every computed count of workers and threads and every count of requests: a billion requests is
// eleven days at 1000 a second for one worker, and still fits the 32-bit settings of the servers.
const mostCount = 1_000_000_000

func clamp[T int | int64 | float64](v, low, high T) T { return min(max(v, low), high) }
