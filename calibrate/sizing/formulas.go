package sizing

import (
	"fmt"
	"math"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// The constants of the rules, each from the source named in Formulas.
const (
	nowLMSWorkerMB   = 200 // where nothing is set
	herokuWorkerMB   = 256
	passengerShare   = 0.75
	passengerProcess = 0.9
	passengerThread  = 10.0 // a thread costs a tenth of a process
	pumaThreads      = 5
	phpShare         = 0.6
	// code.org sets its headroom in its own configuration; calibrate's default reserve stands in for it.
	codeDotOrgHeadroom = 0.2
)

// Formulas answers every rule in a fixed order. A rule that assumes a worker's memory keeps its assumption, one
// that asks for a measurement gets q's; a rule that says nothing of threads keeps q.Threads. Where now-lms's guide
// (installed memory) and code (available memory) come to different counts, both are there.
func Formulas(box calibrate.Host, q Question) []calibrate.Formula {
	q = q.sound()
	f := field{soundBox(box), q}
	rules := []calibrate.Formula{f.nowLMS()}
	if guide := f.nowLMSGuide(); guide.Workers != rules[0].Workers {
		rules = append(rules, guide)
	}
	rules = append(rules, f.nowLMSTuned(), f.pypnm(), f.gunicorn(), f.heroku(), f.passenger(), f.puma(), f.codeDotOrg(),
		f.apache2buddy(), f.phpFPM())
	for i := range rules {
		r := &rules[i]
		r.Served = q.served(r.Workers, r.Threads)
		if q.CostUnknown && r.Threads > q.Threads {
			continue // nobody knows what so many would take
		}
		// Fewer threads than measured are not reckoned cheaper unless they are a choice.
		threads := r.Threads
		if threads < q.Threads && !slices.Contains(q.ThreadChoices, threads) {
			threads = q.Threads
		}
		r.TotalBytes = q.Law.Total(r.Workers, threads)
		r.Fits = q.BudgetBytes > 0 && r.TotalBytes <= q.BudgetBytes
	}
	return rules
}

// soundBox takes a box with no CPU for one with 1, memory below zero for none, and installed for available memory where
// that isn't known.
func soundBox(b calibrate.Host) calibrate.Host {
	b.CPUs = clamp(b.CPUs, 1, mostCPUs)
	b.MemoryBytes, b.MemoryLimitBytes = max(b.MemoryBytes, 0), max(b.MemoryLimitBytes, 0)
	if b.AvailableBytes <= 0 {
		b.AvailableBytes = b.MemoryBytes
	}
	return b
}

// field is what the rules look at: the box, and the measurement.
type field struct {
	box calibrate.Host
	q   Question
}

// measured is the worker's memory as the field's tools read it: resident, at its highest.
func (f field) measured() float64 { return float64(f.q.peak(f.q.Threads)) }

// nowLMS is the formula as NOW LMS 2.x runs it (calculate_optimal_workers), which differs from its guide in taking available
// memory, not installed. There is no headroom and no look at a cgroup's limit.
func (f field) nowLMS() calibrate.Formula {
	n := Workers(f.box.CPUs, megabytes(f.box.AvailableBytes), nowLMSWorkerMB, f.q.Threads)
	return calibrate.Formula{Name: "now-lms", Workers: n, Threads: f.q.Threads,
		Source: "min(2c+1, available / 200 MB) / threads; now_lms/worker_config.py"}
}

func (f field) nowLMSGuide() calibrate.Formula {
	n := Workers(f.box.CPUs, megabytes(f.box.MemoryBytes), nowLMSWorkerMB, f.q.Threads)
	return calibrate.Formula{Name: "now-lms guide", Workers: n, Threads: f.q.Threads,
		Source: "min(2c+1, installed / 200 MB) / threads; RAM optimization guide"}
}

// nowLMSTuned is what the guide asks for in its last step: its own formula, with the worker's memory set to what this
// one takes.
func (f field) nowLMSTuned() calibrate.Formula {
	worker := math.Ceil(f.measured() / calibrate.MiB)
	n := Workers(f.box.CPUs, megabytes(f.box.MemoryBytes), worker, f.q.Threads)
	return calibrate.Formula{Name: "now-lms tuned", Workers: n, Threads: f.q.Threads,
		Source: fmt.Sprintf("min(2c+1, installed / %s MB) / threads; RAM optimization guide, WORKER_MEMORY_MB set", say.Number(worker))}
}

func (f field) pypnm() calibrate.Formula {
	n, limit := PyPNM(f.box.CPUs, megabytes(f.box.MemoryBytes)/1024)
	source := fmt.Sprintf("min(4, c, band of installed memory), limit-max-requests %d; seed-fastapi-worker-profile.py", limit)
	return calibrate.Formula{Name: "pypnm", Workers: n, Threads: f.q.Threads, Source: source}
}

func (f field) gunicorn() calibrate.Formula {
	return calibrate.Formula{Name: "gunicorn", Workers: cpuRule(float64(f.box.CPUs)), Threads: f.q.Threads,
		Source: "2c+1; Gunicorn's design page, How Many Workers?"}
}

// heroku looks at the cgroup's limit; without one the script does nothing, and installed memory stands in.
func (f field) heroku() calibrate.Formula {
	memory := f.box.MemoryBytes
	if f.box.MemoryLimitBytes > 0 {
		memory = f.box.MemoryLimitBytes
	}
	n := Workers(f.box.CPUs, megabytes(memory), herokuWorkerMB, 1)
	return calibrate.Formula{Name: "heroku-python", Workers: n, Threads: f.q.Threads,
		Source: "min(2c+1, limit / 256 MB); heroku-buildpack-python, WEB_CONCURRENCY.sh"}
}

// passenger has two rules: as many single-threaded processes as fit, or a process a core and as many threads.
func (f field) passenger() calibrate.Formula {
	memory := float64(f.box.MemoryBytes)
	r := calibrate.Formula{Name: "passenger", Threads: 1,
		Source: "0.75 x installed / worker; Passenger's server optimization guide"}
	r.Workers = PassengerProcesses(memory, f.measured())
	if f.q.Threads > 1 {
		r.Workers = f.box.CPUs
		r.Threads = PassengerThreads(memory, f.measured(), f.box.CPUs)
		r.Source = "c processes, (0.75 x installed - 0.9 x c x worker) / (worker / 10) / c threads; " +
			"Passenger's server optimization guide"
	}
	return r
}

// PassengerProcesses is Passenger's rule for single-threaded processes, floor(0.75 ram / worker), at least 1. Any
// unit will do as long as both have it. A worker of unknown memory (0 or less) gives 1.
func PassengerProcesses(ram, worker float64) int { return quotient(passengerShare*ram, worker) }

// PassengerThreads is Passenger's rule for threads in each of p processes, at least 1:
//
//	floor((0.75 ram - 0.9 p worker) / (worker / 10) / p)
func PassengerThreads(ram, worker float64, processes int) int {
	p := float64(max(processes, 1))
	return quotient(passengerShare*ram-passengerProcess*p*worker, worker/passengerThread*p)
}

func (f field) puma() calibrate.Formula {
	return calibrate.Formula{Name: "puma", Workers: f.box.CPUs, Threads: pumaThreads,
		Source: "c workers, 5 threads; Puma's deployment page"}
}

// codeDotOrg asks for a worker's share of the used memory (PSS), which the law's marginal worker is closest to.
func (f field) codeDotOrg() calibrate.Formula {
	free := float64(f.box.MemoryBytes) * (1 - codeDotOrgHeadroom)
	n := f.box.CPUs
	if worker := f.q.Law.Worker(f.q.Threads); worker > 0 {
		n = min(n, quotient(free, float64(worker)))
	}
	return calibrate.Formula{Name: "code-dot-org", Workers: n, Threads: f.q.Threads,
		Source: "min(c, 0.8 x installed / PSS), headroom taken as 20 %; code-dot-org, puma_worker_count.rb"}
}

// apache2buddy and php-fpm size processes without threads; others' memory is what is installed and not available.
func (f field) apache2buddy() calibrate.Formula {
	return calibrate.Formula{Name: "apache2buddy", Workers: quotient(float64(f.box.AvailableBytes), f.measured()), Threads: 1,
		Source: "(installed - others) / largest worker, single-threaded; apache2buddy.pl"}
}

func (f field) phpFPM() calibrate.Formula {
	return calibrate.Formula{Name: "php-fpm", Workers: quotient(phpShare*float64(f.box.AvailableBytes), f.measured()), Threads: 1,
		Source: "0.6 x available / average worker, single-threaded; CFEngine's policy for pm.max_children"}
}

func megabytes(bytes int64) float64 { return float64(bytes) / calibrate.MiB }

// quotient is floor(memory / each), at least 1, which it also is where each is unknown.
func quotient(memory, each float64) int {
	if !(each > 0) {
		return 1
	}
	return max(1, floorCount(memory/each))
}
