package sizing

// PyPNM is the rule as PyPNM's installer runs it (scripts/seed-fastapi-worker-profile.py, build_worker_profile):
//
//	workers = max(1, min(4, c, band))
//	band    = 1 below 6 GiB, 2 below 12, 4 below 24, else 8 (which the 4 never lets through)
//	limit   = 1000 below 12 GiB; 4000 from 64 GiB with 8 CPUs; else 2000
//
// Its guide's table differs in two rows: 4 cores and 8 GB (limit 2000 there) and 16+ cores and 64+ GB (4-8
// workers and 2000-4000 there).
func PyPNM(cpus int, totalGiB float64) (workers, limit int) {
	return max(1, min(4, cpus, pypnmBand(totalGiB))), pypnmLimit(cpus, totalGiB)
}

func pypnmBand(totalGiB float64) int {
	switch {
	case totalGiB >= 24:
		return 8
	case totalGiB >= 12:
		return 4
	case totalGiB >= 6:
		return 2
	}
	return 1
}

func pypnmLimit(cpus int, totalGiB float64) int {
	switch {
	case totalGiB >= 64 && cpus >= 8:
		return 4000
	case totalGiB >= 12:
		return 2000
	}
	return 1000
}
