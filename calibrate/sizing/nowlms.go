package sizing

import (
	"strconv"
	"strings"
)

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

// NowLMSEnv is what NOW LMS would start with, given its environment: the explicit workers as they are, even 0
// or negative and never divided by threads, else NowLMS. NOW_LMS_X goes before X; an empty or unreadable one is
// as good as none, so 187.5 or 250MB silently become 200. That is why calibrate emits a whole number of MB.
func NowLMSEnv(getenv func(string) string, cpus int, availableMB float64) (workers, threads int) {
	read := func(name string, otherwise int) int {
		text := getenv("NOW_LMS_" + name)
		if text == "" {
			text = getenv(name)
		}
		if n, ok := pythonInt(text); ok {
			return n
		}
		return otherwise
	}
	threads = max(1, read("THREADS", 1))
	workers = NowLMS(cpus, availableMB, read("WORKER_MEMORY_MB", NowLMSWorkerMB), threads)
	return read("WORKERS", workers), threads
}

// pythonInt reads what Python's int() reads in base ten: spaces around, a sign, single underscores inside.
func pythonInt(text string) (int, bool) {
	text = strings.TrimSpace(text)
	digits := strings.TrimLeft(text, "+-")
	if strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") {
		return 0, false
	}
	n, err := strconv.Atoi(strings.ReplaceAll(text, "_", ""))
	return n, err == nil
}
