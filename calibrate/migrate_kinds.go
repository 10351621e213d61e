package calibrate

import (
	"cmp"
	"fmt"
)

// wordless names what an older schema had in words, and a file has something else for: it would be lost without a word.
func wordless(r map[string]any) string {
	rec, triage, proof := part(r, "recommendation"), part(r, "triage"), part(r, "proof")
	odd := []string{
		notWords("interrupted_by", r["interrupted_by"]),
		notWords("worker.marginal_source", part(r, "worker")["marginal_source"]),
		notWords("target.worker_rule", part(r, "target")["worker_rule"]),
		notWords("law.basis", part(r, "law")["basis"]),
		notWords("creep.missing", part(r, "creep")["missing"]),
		notWords("recommendation.withheld", rec["withheld"]),
		notWords("triage.reason", triage["reason"]),
		notWords("proof.reason", proof["reason"]), notWords("proof.limit_held_by", proof["limit_held_by"]), notWords("proof.interrupted_by", proof["interrupted_by"]),
	}
	soak := func(of map[string]any, name, list string) {
		eachOf(of, list, func(run map[string]any) {
			odd = append(odd, notWords(name+".ended_because", run["ended_because"]), notWords(name+".failed", run["failed"]))
		})
	}
	soak(r, "phases", "phases")
	soak(part(r, "routes"), "routes.runs", "runs")
	soak(triage, "triage.runs", "runs")
	soak(part(r, "sweep"), "sweep.runs", "runs")
	soak(proof, "proof.trials", "trials")
	return cmp.Or(odd...)
}

// notWords is "" of words, and of what isn't there.
func notWords(key string, value any) string {
	if _, words := value.(string); words || value == nil {
		return ""
	}
	return fmt.Sprintf("%s is %v, and that schema has words there", key, value)
}
