package calibrate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a hand or a broken disk makes of a result is refused, not sized by.
func TestImplausibleResults(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "fixtures", "runs", "creeping", "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tamper := range map[string]func(r map[string]any){
		"a watched server without its watch": func(r map[string]any) { r["mode"] = "attach" },
		"law.worker_bytes":                   func(r map[string]any) { in(r, "law")["worker_bytes"] = -1e9 },
		"law.shared_bytes":                   func(r map[string]any) { in(r, "law")["shared_bytes"] = -(1 << 60) },
		"recommendation.workers":             func(r map[string]any) { in(r, "recommendation")["workers"] = 1_000_000_000 },
		"recommendation.max_requests_jitter": func(r map[string]any) { in(r, "recommendation")["max_requests_jitter"] = -5 },
		"recommendation.max_requests is":     func(r map[string]any) { in(r, "recommendation")["max_requests"] = int64(1) << 62 },
		"worker.requests":                    func(r map[string]any) { in(r, "worker")["requests"] = -5 },
		"law.runs.threads is -1":             func(r map[string]any) { in(r, "law")["runs"] = []any{map[string]any{"threads": -1}} },
		"books.peak_bytes is":                func(r map[string]any) { r["books"] = []any{map[string]any{"peak_bytes": int64(-1) << 62}} },
		"worker.idle_books.rest.processes": func(r map[string]any) {
			in(r, "worker")["idle_books"] = map[string]any{"rest": map[string]any{"processes": -1}}
		},
		"beside_workers.bytes":            func(r map[string]any) { r["beside_workers"] = []any{map[string]any{"bytes": int64(1) << 62}} },
		"concurrency.steps.clients is -1": func(r map[string]any) { in(r, "concurrency")["steps"] = []any{map[string]any{"clients": -1}} },
		"load.refusals.answers is -1": func(r map[string]any) {
			in(r, "load")["refusals"] = []any{map[string]any{"answers": -1, "kind": "host"}}
		},
		"plan.reserve_ratio is 10":             func(r map[string]any) { in(r, "plan")["reserve_ratio"] = 10 },
		"plan.reserve_ratio is -0.5":           func(r map[string]any) { in(r, "plan")["reserve_ratio"] = -0.5 },
		"a complete run without its target":    func(r map[string]any) { r["target"] = nil },
		"a complete run without its phases":    func(r map[string]any) { delete(r, "phases") },
		"plan.cpus":                            func(r map[string]any) { in(r, "plan")["cpus"] = -2 },
		"outside of its interval":              func(r map[string]any) { in(r, "creep")["bytes_per_request"] = -1e6 },
		"creep.bytes_per_request is 1e+308":    func(r map[string]any) { in(r, "creep")["bytes_per_request"] = 1e308 },
		`creep.verdict is "whatever"`:          func(r map[string]any) { in(r, "creep")["verdict"] = "whatever" },
		"without a verdict on creep":           func(r map[string]any) { r["creep"] = nil },
		"a complete run without a verdict":     func(r map[string]any) { in(r, "creep")["verdict"] = "" },
		"speed.demand.seconds is -1":           func(r map[string]any) { r["speed"] = map[string]any{"demand": map[string]any{"seconds": -1}} },
		"speed.demand.seconds is 2, outside":   func(r map[string]any) { r["speed"] = map[string]any{"demand": map[string]any{"seconds": 2}} },
		"speed.waiting.high_seconds is 1e+300": func(r map[string]any) { r["speed"] = map[string]any{"waiting": map[string]any{"high_seconds": 1e300}} },
		"load.capacity_per_second is -1":       func(r map[string]any) { in(r, "load")["capacity_per_second"] = -1 },
		"load.rate_sent_per_second is 1e+300":  func(r map[string]any) { in(r, "load")["rate_sent_per_second"] = 1e300 },
		"load.success_ratio is 7":              func(r map[string]any) { in(r, "load")["success_ratio"] = 7 },
		"load.latency_seconds.p99 is -1":       func(r map[string]any) { in(in(r, "load"), "latency_seconds")["p99"] = -1 },
		"speed.worker_cores is -1":             func(r map[string]any) { r["speed"] = map[string]any{"worker_cores": -1} },
		"speed.pool is -1":                     func(r map[string]any) { r["speed"] = map[string]any{"pool": -1} },
		"speed.threads do not rise": func(r map[string]any) {
			r["speed"] = map[string]any{"threads": []any{map[string]any{"threads": 4}, map[string]any{"threads": 1}}}
		},
		"speed.times_alone_seconds has 100 000": func(r map[string]any) { r["speed"] = map[string]any{"times_alone_seconds": make([]float64, 100_000)} },
		"speed.times_alone_seconds do not rise": func(r map[string]any) { r["speed"] = map[string]any{"times_alone_seconds": []float64{2, 1}} },
		"alone.mean_seconds is -1": func(r map[string]any) {
			r["alone"] = map[string]any{"mean_seconds": -1, "work": map[string]any{"source": "clocks"}}
		},
		"alone.work.own_cpu_seconds is -1": func(r map[string]any) {
			r["alone"] = map[string]any{"work": map[string]any{"own_cpu_seconds": -1, "source": "clocks"}}
		},
		"candidates.rate_per_second is 1e+300":  func(r map[string]any) { r["candidates"] = []any{map[string]any{"rate_per_second": 1e300}} },
		"one of them is missing":                func(r map[string]any) { in(r, "creep")["by"] = "request and time" },
		"not a result of calibrate: unexpected": nil,
	} {
		file := filepath.Join(t.TempDir(), "result.json")
		written := text[:len(text)/2]
		if tamper != nil {
			var r map[string]any
			if err := json.Unmarshal(text, &r); err != nil {
				t.Fatal(err)
			}
			tamper(r)
			if written, err = json.Marshal(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(file, written, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadFolder(file); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func in(r map[string]any, key string) map[string]any { return r[key].(map[string]any) }
