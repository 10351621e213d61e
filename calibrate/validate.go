package calibrate

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"workermem/calibrate/knob"

	"workermem/calibrate/say"
)

// More than any run comes to. Beyond, sums of a result that was written or changed by hand would overflow.
const (
	mostBytes    = 1 << 60
	mostPlaces   = 1 << 20 // workers, threads, cores
	mostRequests = 1 << 40
	mostSeconds  = 1 << 32
)

// implausible says what no run of calibrate can have written, "" where there is no such thing: a result is read back from a
// file, and what is reckoned from it is taken for an answer.
func (r Result) implausible() string {
	if r.Mode == ModeAttach && r.Complete && r.Watch == nil {
		return "a watched server without its watch"
	}
	if r.Complete && r.Law.Basis != BasisGiven && r.Creep.Verdict == "" { // of numbers that were given, creep need not be known
		return "a complete run without a verdict on creep"
	}
	if odd := cmp.Or(unknownKind("", reflect.ValueOf(r)), each("", reflect.ValueOf(r), beyondAny)); odd != "" {
		return odd
	}
	rec := r.Recommendation
	for _, f := range []struct {
		name  string
		value int64
		most  int64
	}{
		{"plan.reserve_bytes", r.Plan.ReserveBytes, mostBytes},
		{"host.memory_bytes", r.Host.MemoryBytes, mostBytes},
		{"host.memory_limit_bytes", r.Host.MemoryLimitBytes, math.MaxInt64}, // v1 writes no limit so
		{"worker.peak_rss_bytes", r.Worker.PeakRSSBytes, mostBytes},
		{"law.shared_bytes", r.Law.SharedBytes, mostBytes}, {"law.worker_bytes", r.Law.WorkerBytes, mostBytes}, {"law.thread_bytes", r.Law.ThreadBytes, mostBytes},
		{"worker.virtual", r.Worker.Virtual.least(), mostBytes},
		{"worker.leaving_bytes", r.Worker.LeavingBytes, mostBytes},
		{"recommendation.max_requests", int64(rec.MaxRequests), mostRequests}, {"recommendation.max_requests_jitter", int64(rec.MaxRequestsJitter), mostRequests},
		{"recommendation.worker_memory_mb", int64(rec.WorkerMemoryMB), mostBytes >> 20},
		{"recommendation.total_bytes", rec.TotalBytes, math.MaxInt64}, {"recommendation.budget_bytes", rec.BudgetBytes, math.MaxInt64},
	} {
		if f.value < 0 || f.value > f.most {
			return fmt.Sprintf("%s is %s", f.name, say.Count(f.value))
		}
	}
	return cmp.Or(r.Plan.implausible(), r.Law.implausible(), r.besideImplausible(), r.Creep.implausible(), r.speedImplausible())
}

// beyondAny names a count, a size or a time that none can be, by the last word of its key.
func beyondAny(key string, v reflect.Value) string {
	least, most := int64(0), int64(mostPlaces)
	switch name := key[strings.LastIndexByte(key, '.')+1:]; name {
	case "cpus", "workers", "threads", "processes", "children", "clients", "pool", "worker_cores", "busy_cores_ratio", "needed_cores":
	case "seconds", "low_seconds", "high_seconds", "alone_seconds", "mean_seconds", "times_seconds", "times_alone_seconds", "steal_seconds", "waited_seconds", "stalled_seconds",
		"demand_cpu_seconds", "cost_cpu_seconds", "rest_cpu_seconds", "beside_cpu_seconds", "load_cpu_seconds", "workers_cpu_seconds", "system_cpu_seconds", "own_cpu_seconds", "others_cpu_seconds",
		"p50_seconds", "p99_seconds", "predicted_p99_seconds", "p50", "p95", "p99", "max":
		most = mostSeconds
	case "success_ratio":
		most = 1
	case "rate_per_second", "rate_low_per_second", "rate_high_per_second", "predicted_rate_per_second", "rate_asked_per_second", "rate_sent_per_second",
		"worker_rate_per_second", "capacity_per_second":
		most = mostRequests
	case "requests", "succeeded", "answered", "answers":
		most = mostRequests
	case "memory_limit_bytes", "total_bytes", "budget_bytes": // there may be no limit
		return ""
	default:
		least, most = -mostBytes, mostBytes // some are differences
		if name != "bytes" && !strings.HasSuffix(name, "_bytes") {
			return ""
		}
	}
	if v.CanInt() && (v.Int() < least || v.Int() > most) {
		return fmt.Sprintf("%s is %s", key, say.Count(v.Int()))
	}
	if v.CanFloat() && !(v.Float() >= float64(least) && v.Float() <= float64(most)) {
		return fmt.Sprintf("%s is %g", key, v.Float())
	}
	return ""
}

func (p PlanInfo) implausible() string {
	if !(p.ReserveRatio >= 0 && p.ReserveRatio < 1) {
		return fmt.Sprintf("plan.reserve_ratio is %g", p.ReserveRatio)
	}
	for _, group := range []any{&p.Load, &p.Box, &p.Wishes, &p.Closeness, &p.Effort} {
		for _, k := range knob.Of(group) {
			if k.Outside() {
				return fmt.Sprintf("plan.%s is %s", k.Key, k)
			}
		}
	}
	return ""
}

// besideImplausible looks at what ran beside the main app.
func (r Result) besideImplausible() string {
	var all []Soaked
	if r.Routes != nil {
		for _, run := range r.Routes.Runs {
			if !(run.Share >= 0 && run.Share <= 1) {
				return fmt.Sprintf("routes.runs: a share of the load is %g", run.Share)
			}
			all = append(all, run.Soaked)
		}
	}
	if r.Triage != nil {
		for _, run := range r.Triage.Runs {
			if run.Threads < 0 {
				return fmt.Sprintf("triage.runs: %s", say.Plural(run.Threads, "thread"))
			}
			all = append(all, run.Soaked)
		}
	}
	for _, s := range all {
		if s.implausible() {
			return "routes.runs or triage.runs: a run has a figure that none can have"
		}
	}
	return ""
}

func (s Soaked) implausible() bool {
	const most = 1 << 50
	for _, n := range []int64{s.IdleRSSBytes, s.PeakRSSBytes, s.Requests} {
		if n < 0 || n > most {
			return true
		}
	}
	return !(s.Seconds >= 0 && s.Seconds < most) || s.Creep != nil && !(s.Creep.Low <= s.Creep.BytesPerRequest && s.Creep.BytesPerRequest <= s.Creep.High)
}

func (c Creep) implausible() string {
	if c.By == ByBoth && !c.knownApart() {
		return "creep.by is both request and time, and one of them is missing"
	}
	const most = 1 << 45 // bytes a request
	bounds := map[string]*float64{"bytes_per_request": c.BytesPerRequest, "low_bytes_per_request": c.Low, "high_bytes_per_request": c.High, "bytes_per_second": c.BytesPerSecond,
		"low_bytes_per_second": c.LowBytesPerSecond, "high_bytes_per_second": c.HighBytesPerSecond}
	if r := c.Rest; r != nil {
		bounds["rest.together.bytes_per_request"], bounds["rest.together.high_bytes_per_request"] = &r.Together.BytesPerRequest, &r.Together.High
	}
	for name, bound := range bounds {
		if bound != nil && !(math.Abs(*bound) <= most) {
			return fmt.Sprintf("creep.%s is %g", name, *bound)
		}
	}
	if s, low, high := c.BytesPerRequest, c.Low, c.High; s != nil && low != nil && high != nil && (*low > *s || *s > *high) {
		return fmt.Sprintf("creep.bytes_per_request is %g, outside of its interval", *s)
	}
	return ""
}

// knownApart says that the creep by request and that by time are both there.
func (c Creep) knownApart() bool {
	return c.Rest != nil && !slices.Contains([]*float64{c.BytesPerRequest, c.Low, c.High, c.BytesPerSecond, c.LowBytesPerSecond, c.HighBytesPerSecond}, nil)
}
