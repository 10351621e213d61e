package report

import (
	"math"
	"slices"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// runOf is the column that every table begins with.
func runOf[T any]() csvColumn[T] {
	return csvColumn[T]{"run", func(s SavedRun, _ T) any { return s.ID }}
}

// at is when something was, so many seconds after its run began.
func at(s SavedRun, seconds float64) any {
	if s.StartedAt == nil {
		return nil
	}
	return s.StartedAt.Add(time.Duration(seconds * float64(time.Second)))
}

var sampleColumns = []csvColumn[calibrate.Sample]{
	runOf[calibrate.Sample](),
	{"time", func(s SavedRun, x calibrate.Sample) any { return at(s, x.Seconds) }},
	{"since_start_seconds", func(_ SavedRun, x calibrate.Sample) any { return x.Seconds }},
	{"phase", func(_ SavedRun, x calibrate.Sample) any { return x.Phase }},
	{"generation", func(_ SavedRun, x calibrate.Sample) any { return x.Generation }},
	{"pid", func(_ SavedRun, x calibrate.Sample) any { return someCount(x.PID) }},
	{"workers", func(_ SavedRun, x calibrate.Sample) any { return x.Workers }},
	{"requests", func(_ SavedRun, x calibrate.Sample) any { return x.Requests }},
	{"rss_bytes", func(_ SavedRun, x calibrate.Sample) any { return someCount(x.RSS) }},
	{"anonymous_bytes", func(_ SavedRun, x calibrate.Sample) any { return someCount(x.Anon) }},
	{"children", func(_ SavedRun, x calibrate.Sample) any { return x.Children }},
	{"children_bytes", func(_ SavedRun, x calibrate.Sample) any { return x.Below }},
	{"mapped_shared_bytes", func(_ SavedRun, x calibrate.Sample) any { return x.Mapped }},
	{"tree_bytes", func(_ SavedRun, x calibrate.Sample) any { return someCount(x.Held) }},
	{"tree_shared_bytes", func(_ SavedRun, x calibrate.Sample) any { return ofTree(x, x.Shmem) }},
	{"tree_kernel_bytes", func(_ SavedRun, x calibrate.Sample) any { return ofTree(x, x.Kernel) }},
	{"cpu_seconds", func(_ SavedRun, x calibrate.Sample) any { return someAmount(x.CPU) }},
}

// ofTree is a part of what the kernel charges the app's control group, if it has one.
func ofTree(x calibrate.Sample, bytes int64) any {
	if x.Held == 0 {
		return nil
	}
	return bytes
}

// loadColumns has one for each way to fail: most seconds have none.
func loadColumns() []csvColumn[calibrate.Bucket] {
	columns := []csvColumn[calibrate.Bucket]{
		runOf[calibrate.Bucket](),
		{"time", func(s SavedRun, b calibrate.Bucket) any { return at(s, b.Seconds) }},
		{"since_start_seconds", func(_ SavedRun, b calibrate.Bucket) any { return b.Seconds }},
		{"phase", func(_ SavedRun, b calibrate.Bucket) any { return b.Phase }},
		{"requests", func(_ SavedRun, b calibrate.Bucket) any { return b.Requests }},
		{"succeeded", func(_ SavedRun, b calibrate.Bucket) any { return b.Succeeded }},
		{"p50_seconds", func(_ SavedRun, b calibrate.Bucket) any { return someAmount(b.P50) }},
		{"p99_seconds", func(_ SavedRun, b calibrate.Bucket) any { return someAmount(b.P99) }},
		{"paused_seconds", func(_ SavedRun, b calibrate.Bucket) any { return b.Paused }},
	}
	for _, class := range calibrate.ErrorClasses {
		columns = append(columns, csvColumn[calibrate.Bucket]{"errors_" + string(class), func(_ SavedRun, b calibrate.Bucket) any { return b.Errors[class] }})
	}
	return columns
}

var candidateColumns = []csvColumn[calibrate.Candidate]{
	runOf[calibrate.Candidate](),
	{"workers", func(_ SavedRun, c calibrate.Candidate) any { return c.Workers }},
	{"threads", func(_ SavedRun, c calibrate.Candidate) any { return someCount(c.Threads) }},
	{"recommended", func(_ SavedRun, c calibrate.Candidate) any { return c.Recommended }},
	{"fits", func(_ SavedRun, c calibrate.Candidate) any { return c.Fits }},
	{"total_bytes", func(_ SavedRun, c calibrate.Candidate) any { return c.TotalBytes }},
	{"worker_bytes", func(_ SavedRun, c calibrate.Candidate) any { return c.WorkerBytes }},
	{"budget_bytes", func(s SavedRun, _ calibrate.Candidate) any { return someCount(s.result.Recommendation.BudgetBytes) }},
	{"budget_ratio", func(_ SavedRun, c calibrate.Candidate) any { return someAmount(c.BudgetRatio) }},
	{"at_once", func(_ SavedRun, c calibrate.Candidate) any { return someCount(c.Concurrency) }},
	{"max_requests", func(_ SavedRun, c calibrate.Candidate) any { return someCount(c.MaxRequests) }},
	{"requests_per_second", func(_ SavedRun, c calibrate.Candidate) any { return someAmount(c.Rate) }},
	{"low_requests_per_second", func(_ SavedRun, c calibrate.Candidate) any { return someAmount(c.RateLow) }},
	{"high_requests_per_second", func(_ SavedRun, c calibrate.Candidate) any { return someAmount(c.RateHigh) }},
	{"rate_apart_ratio", func(_ SavedRun, c calibrate.Candidate) any { return someAmount(c.RateApart) }},
	{"used_ratio", func(_ SavedRun, c calibrate.Candidate) any { return someAmount(c.UsedRatio) }},
	{"p50_seconds", func(_ SavedRun, c calibrate.Candidate) any { return someAmount(c.P50) }},
	{"p99_seconds", func(_ SavedRun, c calibrate.Candidate) any { return someAmount(c.P99) }},
	{"p99_low_seconds", func(_ SavedRun, c calibrate.Candidate) any { return someAmount(c.P99Low) }},
	{"p99_high_seconds", func(_ SavedRun, c calibrate.Candidate) any { return someAmount(c.P99High) }},
	{"cost_cpu_seconds", func(_ SavedRun, c calibrate.Candidate) any { return someAmount(c.CPUCost) }},
	{"bound_by", func(_ SavedRun, c calibrate.Candidate) any { return string(c.BoundBy) }},
	{"rate_bound_by", func(_ SavedRun, c calibrate.Candidate) any { return string(c.RateBy) }},
	{"basis", func(_ SavedRun, c calibrate.Candidate) any { return string(c.Basis) }},
}

var routeColumns = []csvColumn[calibrate.RouteRun]{
	runOf[calibrate.RouteRun](),
	{"route", func(_ SavedRun, r calibrate.RouteRun) any { return r.Name }},
	{"load_ratio", func(_ SavedRun, r calibrate.RouteRun) any { return r.Share }},
	{"requests", func(_ SavedRun, r calibrate.RouteRun) any { return r.Requests }},
	{"seconds", func(_ SavedRun, r calibrate.RouteRun) any { return r.Seconds }},
	{"idle_rss_bytes", func(_ SavedRun, r calibrate.RouteRun) any { return someCount(r.IdleRSSBytes) }},
	{"peak_rss_bytes", func(_ SavedRun, r calibrate.RouteRun) any { return someCount(r.PeakRSSBytes) }},
	{"cost_bytes", func(_ SavedRun, r calibrate.RouteRun) any {
		if r.PeakRSSBytes == 0 {
			return nil
		}
		return r.Bill()
	}},
	{"verdict", func(_ SavedRun, r calibrate.RouteRun) any { return string(routeCreep(r).Verdict) }},
	{"creep_bytes_per_request", func(_ SavedRun, r calibrate.RouteRun) any { return creepFigure(r, routeCreep(r).BytesPerRequest) }},
	{"low_bytes_per_request", func(_ SavedRun, r calibrate.RouteRun) any { return creepFigure(r, routeCreep(r).Low) }},
	{"high_bytes_per_request", func(_ SavedRun, r calibrate.RouteRun) any { return creepFigure(r, routeCreep(r).High) }},
	{"failed", func(_ SavedRun, r calibrate.RouteRun) any {
		if r.Failed == nil {
			return nil
		}
		return failedWords(r.Failed)
	}},
}

// routeCreep is what creep there was; empty where that can't be told.
func routeCreep(r calibrate.RouteRun) calibrate.CreepSeen {
	if r.Creep == nil {
		return calibrate.CreepSeen{}
	}
	return *r.Creep
}

func creepFigure(r calibrate.RouteRun, of float64) any {
	if r.Creep == nil {
		return nil
	}
	return of
}

// runColumns are a run, what runs now, what is proposed, and the register's figures.
func runColumns() []csvColumn[SavedRun] {
	columns := []csvColumn[SavedRun]{
		runOf[SavedRun](),
		{"service", func(s, _ SavedRun) any { return s.Service }},
		{"state", func(s, _ SavedRun) any { return string(s.State) }},
		{"started_at", func(s, _ SavedRun) any { return at(s, 0) }},
		{"duration_seconds", func(s, _ SavedRun) any { return someAmount(s.Seconds) }},
		{"mode", func(s, _ SavedRun) any { return string(s.result.Mode) }},
		{"server", func(s, _ SavedRun) any { return s.Server }},
		{"server_version", func(s, _ SavedRun) any { return s.ServerVersion }},
		{"command", func(s, _ SavedRun) any { return say.Shell(s.Command...) }},
		{"verdict", func(s, _ SavedRun) any { return string(s.Verdict) }},
		{"budget_bytes", func(s, _ SavedRun) any { return someCount(s.result.Recommendation.BudgetBytes) }},
		{"now_workers", func(s, _ SavedRun) any { return someCount(orNone(s.Now).Workers) }},
		{"now_threads", func(s, _ SavedRun) any { return someCount(orNone(s.Now).Threads) }},
		{"now_max_requests", func(s, _ SavedRun) any { return someCount(orNone(s.Now).MaxRequests) }},
		{"now_bytes", func(s, _ SavedRun) any { return countOf(orNone(s.Now).TotalBytes) }},
		{"proposed_bytes", func(s, _ SavedRun) any { return countOf(orNone(s.Proposed).TotalBytes) }},
		{"saved_bytes", func(s, _ SavedRun) any { return countOf(s.SavedBytes) }},
		{"why", func(s, _ SavedRun) any { return s.Why }},
	}
	for _, m := range exported() {
		columns = slices.Concat(columns, metricColumns(m))
	}
	return columns
}

func orNone(s *RunSetup) RunSetup {
	if s == nil {
		return RunSetup{}
	}
	return *s
}

func countOf(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}

// metricColumns are a figure, and its interval if it is more than a count.
func metricColumns(m calibrate.Metric) []csvColumn[SavedRun] {
	of := func(part func(calibrate.Reading) *float64) func(s, _ SavedRun) any {
		return func(s, _ SavedRun) any {
			v := part(m.Read(s.result))
			if v != nil && (m.Unit == calibrate.UnitBytes || m.Unit == calibrate.UnitNumber) {
				return int64(math.Round(*v))
			}
			return v
		}
	}
	unit := metricUnits[m.Unit]
	head := slug(m, "_") + when(unit != "", "_%s", unit)
	columns := []csvColumn[SavedRun]{{head, of(func(r calibrate.Reading) *float64 { return r.Value })}}
	if m.Unit == calibrate.UnitNumber {
		return columns
	}
	return append(columns, csvColumn[SavedRun]{head + "_low", of(func(r calibrate.Reading) *float64 { return r.Low })},
		csvColumn[SavedRun]{head + "_high", of(func(r calibrate.Reading) *float64 { return r.High })})
}
