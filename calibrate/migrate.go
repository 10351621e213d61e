package calibrate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// olderSchema is the schema that is still read, as far as its keys carry over: its reasons were sentences, without the
// figures that they were made of.
const olderSchema = "calibrate.result/1"

// migrated turns the JSON of an older schema into today's. It is the only place where words of a result are looked at,
// because that schema had nothing else.
func migrated(text []byte) ([]byte, error) {
	var r map[string]any
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber() // a float64 can't hold every count of bytes
	if err := numbers.Decode(&r); err != nil {
		return nil, err
	}
	renameKeys("", r)
	if odd := wordless(r); odd != "" {
		return nil, errors.New(odd)
	}
	r["schema"] = Schema
	migrateInterruption(r)
	target := part(r, "target")
	if words, ok := target["worker_rule"].(string); ok {
		target["worker_rule"] = map[string]any{"words": words}
	}
	worker := part(r, "worker")
	worker["marginal_source"] = migratedSource(worker["marginal_source"])
	if law := part(r, "law"); law["basis"] != string(BasisMeasured) && law["basis"] != string(BasisComputed) && law["basis"] != string(BasisGiven) {
		law["basis"] = "" // "none", or what the first versions wrote
	}
	delete(part(r, "creep"), "missing")
	rec := part(r, "recommendation")
	if words, _ := rec["withheld"].(string); words != "" {
		rec["withheld"] = Withheld{Kind: WithheldOlder, Words: words}
	} else {
		delete(rec, "withheld")
	}
	eachOf(r, "warnings", func(w map[string]any) { w["derived"] = slices.Contains(olderDerived, fmt.Sprint(w["code"])) })
	eachOf(r, "phases", migrateEnd)
	eachOf(part(r, "routes"), "runs", migrateSoak)
	eachOf(part(r, "triage"), "runs", migrateSoak)
	delete(part(r, "triage"), "reason")
	eachOf(part(r, "sweep"), "runs", migrateSoak)
	proof := part(r, "proof")
	migrateInterruption(proof)
	delete(proof, "reason")
	if holder, ok := proof["limit_held_by"].(string); ok && holder != string(LimitByKernel) {
		proof["limit_held_by"], proof["no_limit"] = LimitByCalibrate, holder
	}
	eachOf(proof, "trials", migrateSoak)
	return json.Marshal(r)
}

// The keys of the older schema that had no unit, or another name: wherever they stand, and in objects of a name.
var (
	renamed = map[string]string{
		"rate_asked": "rate_asked_per_second", "rate_sent": "rate_sent_per_second", "capacity": "capacity_per_second",
		"production_rate": "production_rate_per_second", "cpu_limit": "cpu_limit_cores", "pareto": "unbeaten",
	}
	renamedIn = map[string]map[string]string{
		"plan":     {"rate": "rate_per_second"},
		"creep":    {"low": "low_bytes_per_request", "high": "high_bytes_per_request"},
		"together": {"low": "low_bytes_per_request", "high": "high_bytes_per_request"},
		"rest":     {"low": "low_bytes_per_second", "high": "high_bytes_per_second"},
	}
)

// renameKeys gives the keys below a value of this name those of today.
func renameKeys(name string, value any) {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			renameKeys(name, one)
		}
	case map[string]any:
		for _, names := range []map[string]string{renamed, renamedIn[name]} {
			for old, now := range names {
				if figure, there := v[old]; there {
					v[now] = figure
					delete(v, old)
				}
			}
		}
		for key, below := range v {
			if text, is := below.(string); is && strings.HasSuffix(key, "_source") && olderPeaks[text] != "" {
				v[key] = olderPeaks[text]
			}
			renameKeys(key, below)
		}
	}
}

// part is an object below another; changes of one that isn't there are lost.
func part(of map[string]any, name string) map[string]any {
	if p, ok := of[name].(map[string]any); ok {
		return p
	}
	return map[string]any{}
}

func eachOf(of map[string]any, list string, change func(map[string]any)) {
	all, _ := of[list].([]any)
	for _, one := range all {
		if object, ok := one.(map[string]any); ok {
			change(object)
		}
	}
}

func migrateInterruption(of map[string]any) {
	if words, _ := of["interrupted_by"].(string); words != "" {
		of["interrupted"] = Interruption{Words: words}
	}
	delete(of, "interrupted_by")
}

func migrateSoak(run map[string]any) {
	migrateEnd(run)
	if words, _ := run["failed"].(string); words != "" {
		run["failed"] = Miss{Kind: MissOther, Words: words}
	} else {
		delete(run, "failed")
	}
}

// olderDerived are the codes of what the analysis found to doubt in the older schema.
var olderDerived = strings.Fields("errors law-off unbounded rate-not-reached quick no-requests idle recycled no-verdict cannot-recycle sweep-undecided " +
	"creeps-with-time comes-back hidden-creep memory-guard")

// The words of the older schema, and what they stand for today.
var (
	olderEnds = map[string]EndKind{
		"":                                     "", // of what went on as long as it was asked to
		"the app answered":                     EndAnswer,
		"enough seen":                          EndSeen,
		"the answer is good enough":            EndPrecision,
		"the time that was asked for":          EndDuration,
		"cut short":                            EndCut,
		"the app ended during the measurement": EndApp,
		"the kernel killed a process of it for memory":                                      EndKilled,
		"the kernel killed a process of it for memory before its first answer":              EndKilled,
		"it took more than the limit; under a real one the kernel would have killed for it": EndOverLimit,
	}
	olderPeaks = map[string]PeakSource{
		"VmHWM": PeakMark, "VmHWM since the worker's start": PeakMarkSince, "control group": PeakGroup, "page tables, once a second": PeakTables,
	}
	olderSources = map[string]MarginalSource{
		"RSS, an upper bound":                                MarginalRSS,
		"private dirty pages":                                MarginalDirty,
		"private dirty pages after load, raised to the peak": MarginalDirty,
		"private dirty pages and a second worker":            MarginalSecond,
	}
)

func migratedSource(words any) MarginalSource {
	text, _ := words.(string)
	var workers int
	if _, err := fmt.Sscanf(text, "private dirty pages, the mean of %d workers", &workers); err == nil {
		return MarginalMean
	}
	return olderSources[text]
}

func migrateEnd(phase map[string]any) {
	words, _ := phase["ended_because"].(string)
	delete(phase, "ended_because")
	phase["ended"] = migratedEnd(words)
}

func migratedEnd(words string) End {
	if kind, known := olderEnds[words]; known {
		return End{By: kind}
	}
	if limit, cut := strings.CutPrefix(words, "the limit of "); cut {
		if d, err := time.ParseDuration(limit); err == nil {
			return End{By: EndLimit, LimitSeconds: d.Seconds()}
		}
	}
	var held, free float64 // MB
	if _, err := fmt.Sscanf(words, "memory: the app holds %f MB of the %f MB that were free", &held, &free); err == nil {
		return End{By: EndMemory, HeldBytes: int64(held * (1 << 20)), FreeBytes: int64(free * (1 << 20))}
	}
	return End{By: EndOther, Words: words}
}
