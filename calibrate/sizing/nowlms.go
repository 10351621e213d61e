package sizing

// NowLMSWorkerMB is the worker memory that NOW LMS assumes where nothing is set (now_lms/worker_config.py).
const NowLMSWorkerMB = 200

// NowLMS is the formula as NOW LMS 2.x runs it (now_lms/worker_config.py, calculate_optimal_workers), which
// differs from its guide in taking available memory, not installed:
//
//	n = min(2c + 1, trunc(available / worker));  if t > 1: n = floor(n / t);  n = max(1, n)
//
// A worker of 0 MB leaves CPU alone to decide (the division fails and is swallowed there); a negative one makes
// the quotient negative, and so the answer 1. There is no headroom and no look at a cgroup's limit.
func NowLMS(cpus int, availableMB float64, workerMB, threads int) int {
	if workerMB < 0 {
		return 1
	}
	return Workers(cpus, availableMB, float64(workerMB), threads)
}
