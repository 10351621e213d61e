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
		"plan.reserve_ratio is 10":              func(r map[string]any) { in(r, "plan")["reserve_ratio"] = 10 },
		"plan.reserve_ratio is -0.5":            func(r map[string]any) { in(r, "plan")["reserve_ratio"] = -0.5 },
		"a complete run without its target":     func(r map[string]any) { r["target"] = nil },
		"a complete run without its phases":     func(r map[string]any) { delete(r, "phases") },
		"plan.cpus":                             func(r map[string]any) { in(r, "plan")["cpus"] = -2 },
		"outside of its interval":               func(r map[string]any) { in(r, "creep")["bytes_per_request"] = -1e6 },
		"creep.bytes_per_request is 1e+308":     func(r map[string]any) { in(r, "creep")["bytes_per_request"] = 1e308 },
		`creep.verdict is "whatever"`:           func(r map[string]any) { in(r, "creep")["verdict"] = "whatever" },
		"without a verdict on creep":            func(r map[string]any) { r["creep"] = nil },
		"a complete run without a verdict":      func(r map[string]any) { in(r, "creep")["verdict"] = "" },
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
