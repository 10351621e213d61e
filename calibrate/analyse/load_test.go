package analyse

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"workermem/calibrate"
)

// kept is a copy of a recorded run, its result changed.
func kept(t *testing.T, change func(map[string]any)) string {
	t.Helper()
	from, to := filepath.Join("..", "..", "fixtures", "runs", "creeping"), t.TempDir()
	for _, name := range []string{calibrate.ResultFile, calibrate.SamplesFile + ".gz", calibrate.LoadFile + ".gz"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == calibrate.ResultFile {
			var r map[string]any
			if err := json.Unmarshal(text, &r); err != nil {
				t.Fatal(err)
			}
			change(r)
			if text, err = json.Marshal(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(to, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// A run of today's rules comes to what its journals say, whatever stands in its result; one of others says so, too.
func TestLoadAnalyses(t *testing.T) {
	ours, err := Load(kept(t, func(map[string]any) {}))
	if err != nil || ours.Origin != nil || ours.Recommendation.Workers != 2 || ours.Recommendation.MaxRequests == 0 {
		t.Fatalf("%v: %+v, %+v", err, ours.Origin, ours.Recommendation)
	}
	older, err := Load(kept(t, func(r map[string]any) {
		section(r, "tool")["rules"] = calibrate.Rules - 1
		section(r, "creep")["verdict"] = "flat"
	}))
	if err != nil || older.Origin == nil || *older.Origin != (calibrate.Origin{Schema: calibrate.Schema, Rules: calibrate.Rules - 1, How: calibrate.ReadAgain}) || older.Creep.Verdict != calibrate.Creeping {
		t.Errorf("%v: %+v, %s", err, older.Origin, older.Creep.Verdict)
	}
	folder := kept(t, func(r map[string]any) { section(r, "tool")["rules"] = calibrate.Rules - 1 })
	alone, err := Load(filepath.Join(folder, calibrate.ResultFile))
	if err != nil || alone.Origin == nil || alone.Origin.How != calibrate.ReadAsIs {
		t.Errorf("%v: %+v", err, alone.Origin)
	}
}

// A result of the schema before is sized by its figures; its words come along where they are all that there is.
func TestLoadOlderSchema(t *testing.T) {
	r, err := Load(filepath.Join("..", "..", "fixtures", "older", "result-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Schema != calibrate.Schema || r.Origin == nil || *r.Origin != (calibrate.Origin{Schema: "calibrate.result/1", How: calibrate.ReadSized}) {
		t.Errorf("schema %s, %+v", r.Schema, r.Origin)
	}
	if rec := r.Recommendation; rec.Workers == 0 || rec.Sum.CPUs == 0 || rec.Budget.MemoryBytes == 0 || rec.Recycling.Kind == "" {
		t.Errorf("%+v", rec)
	}
	for _, p := range r.Phases {
		if p.Ended.By == "" {
			t.Errorf("phase %s was ended by nothing", p.Name)
		}
	}
	if r.Target.WorkerRule.Words == "" || r.Worker.MarginalSource != calibrate.MarginalSecond {
		t.Errorf("worker by %+v, one more by %s", r.Target.WorkerRule, r.Worker.MarginalSource)
	}
}

func TestLoadRefuses(t *testing.T) {
	for want, change := range map[string]func(map[string]any){
		`schema "calibrate.result/3", which is newer than "calibrate.result/2"`: func(r map[string]any) { r["schema"] = "calibrate.result/3" },
		`schema "x", and this calibrate reads "calibrate.result/2"`:             func(r map[string]any) { r["schema"] = "x" },
		`phases.ended.by is "boredom"`: func(r map[string]any) {
			r["phases"].([]any)[0].(map[string]any)["ended"] = map[string]any{"by": "boredom"}
		},
		`target.worker_rule.kind is "stars"`:     func(r map[string]any) { section(section(r, "target"), "worker_rule")["kind"] = "stars" },
		`recommendation.withheld.kind is "mood"`: func(r map[string]any) { section(r, "recommendation")["withheld"] = map[string]any{"kind": "mood"} },
		`law.basis is "hope"`:                    func(r map[string]any) { section(r, "law")["basis"] = "hope" },
	} {
		if _, err := Load(kept(t, change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func section(r map[string]any, key string) map[string]any { return r[key].(map[string]any) }

func TestFolderCutShortByAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	folder, err := calibrate.CreateFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Save(calibrate.Result{Schema: calibrate.Schema}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := folder.Sample(calibrate.Sample{PID: i, RSS: 1 << 20, Phase: calibrate.PhaseSoak}); err != nil {
			t.Fatal(err)
		}
	}
	folder.Close()
	samples := filepath.Join(path, calibrate.SamplesFile)
	text, err := os.ReadFile(samples)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(samples, text[:len(text)-7], 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := calibrate.LoadFolder(path)
	if err != nil || len(m.Samples) != 2 {
		t.Fatalf("%d samples, error %v; want the 2 whole ones", len(m.Samples), err)
	}
	r := Analyse(m)
	if r.Interrupted == nil || r.Recommendation.Withheld == nil || r.Worker.PeakRSSBytes != 1<<20 {
		t.Errorf("interrupted %+v, withheld %+v, peak %d", r.Interrupted, r.Recommendation.Withheld, r.Worker.PeakRSSBytes)
	}
}
