package analyse

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	ends := map[string]calibrate.EndKind{calibrate.PhaseBoot: calibrate.EndAnswer, calibrate.PhaseIdle: "", calibrate.PhaseSoak: calibrate.EndPrecision}
	for _, p := range r.Phases {
		want, special := ends[p.Name]
		if !special {
			want = calibrate.EndSeen
		}
		if p.Ended != (calibrate.End{By: want}) {
			t.Errorf("phase %s was ended by %+v", p.Name, p.Ended)
		}
	}
	if r.Target.WorkerRule.Words == "" || r.Worker.MarginalSource != calibrate.MarginalSecond {
		t.Errorf("worker by %+v, one more by %s", r.Target.WorkerRule, r.Worker.MarginalSource)
	}
}

// older reads a result of the schema before, changed.
func older(t *testing.T, name string, change func(map[string]any)) calibrate.Result {
	t.Helper()
	loaded, err := loadOlder(t, name, change)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func loadOlder(t *testing.T, name string, change func(map[string]any)) (calibrate.Result, error) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "fixtures", "older", name+"-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
		if text, err = json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), calibrate.ResultFile)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestLoadOlderAttach(t *testing.T) {
	r := older(t, "attach", nil)
	if r.Mode != calibrate.ModeAttach || r.Watch == nil || r.Worker.MarginalSource != calibrate.MarginalMean || r.Recommendation.Workers == 0 {
		t.Errorf("mode %s, watch %+v, one more worker by %q, %d workers", r.Mode, r.Watch, r.Worker.MarginalSource, r.Recommendation.Workers)
	}
	if len(r.Phases) != 1 || r.Phases[0].Ended.By != calibrate.EndDuration && r.Phases[0].Ended.By != calibrate.EndPrecision {
		t.Errorf("%+v", r.Phases)
	}
}

func TestLoadOlderPartial(t *testing.T) {
	r := older(t, "partial", nil)
	if r.Complete || r.Interrupted == nil || r.Interrupted.Words != "Ctrl-C" || r.Recommendation.Withheld == nil || r.Worker.PeakRSSBytes == 0 {
		t.Errorf("complete %v, interrupted %+v, %+v, %+v", r.Complete, r.Interrupted, r.Recommendation.Withheld, r.Worker)
	}
}

func TestLoadOlderProof(t *testing.T) {
	p := older(t, "proof", nil).Proof
	if p == nil || p.Verdict == "" || p.Reason == "" || p.Trials[0].Ended.By == "" || p.Trials[0].PeakSource != calibrate.PeakGroup {
		t.Fatalf("%+v", p)
	}
	killed := 0
	for _, trial := range p.Trials {
		if trial.Ended.By == calibrate.EndKilled && trial.OOMKills > 0 {
			killed++
		}
	}
	if killed != 2 {
		t.Errorf("%d trials were ended by the kernel, want 2: %+v", killed, p.Trials)
	}
}

// Whatever ended a phase of an older run is said with its figures, or in its own words.
func TestLoadOlderEnds(t *testing.T) {
	for words, want := range map[string]calibrate.End{
		"":                   {},
		"the limit of 2m30s": {By: calibrate.EndLimit, LimitSeconds: 150},
		"memory: the app holds 812 MB of the 1500 MB that were free":                        {By: calibrate.EndMemory, HeldBytes: 812 << 20, FreeBytes: 1500 << 20},
		"the kernel killed a process of it for memory before its first answer":              {By: calibrate.EndKilled},
		"the app ended during the measurement":                                              {By: calibrate.EndApp},
		"it took more than the limit; under a real one the kernel would have killed for it": {By: calibrate.EndOverLimit},
		"the limit of patience": {By: calibrate.EndOther, Words: "the limit of patience"},
	} {
		r := older(t, "result", func(r map[string]any) { r["phases"].([]any)[3].(map[string]any)["ended_because"] = words })
		if got := r.Phases[3].Ended; got != want {
			t.Errorf("%q is read as %+v", words, got)
		}
	}
}

// The guard's warning is made anew from its figures.
func TestLoadOlderMemoryGuard(t *testing.T) {
	r := older(t, "result", func(r map[string]any) {
		r["phases"].([]any)[3].(map[string]any)["ended_because"] = "memory: the app holds 812 MB of the 1500 MB that were free"
	})
	i := slices.IndexFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == "memory-guard" })
	if i < 0 || !strings.Contains(r.Warnings[i].Text, "the app holds 812 MB of the 1 500 MB that were free") {
		t.Errorf("%+v", r.Warnings)
	}
}

func TestLoadOlderMarginalSource(t *testing.T) {
	for words, want := range map[string]calibrate.MarginalSource{
		"RSS, an upper bound": calibrate.MarginalRSS, "private dirty pages": calibrate.MarginalDirty, "": "",
		"private dirty pages after load, raised to the peak": calibrate.MarginalDirty, "private dirty pages, the mean of 3 workers": calibrate.MarginalMean,
	} {
		if got := older(t, "result", func(r map[string]any) { section(r, "worker")["marginal_source"] = words }).Worker.MarginalSource; got != want {
			t.Errorf("%q is read as %q", words, got)
		}
	}
}

// Keys that have got their unit since are found in an older result.
func TestLoadOlderKeys(t *testing.T) {
	r := older(t, "result", func(r map[string]any) {
		section(r, "host")["cpu_limit"] = 1.5
		section(r, "plan")["production_rate"] = 40
		section(r, "load")["rate_asked"] = 99
		section(r, "creep")["rest"] = map[string]any{"low": -3, "high": 3, "together": map[string]any{"low": 1, "high": 2}}
	})
	if r.Creep.Low == nil || r.Creep.High == nil || r.Load.RateSent == 0 || r.Host.CPULimit != 1.5 || r.Plan.ProductionRate != 40 || r.Load.RateAsked != 99 {
		t.Errorf("%+v, %+v, %+v, %+v", r.Creep, r.Load, r.Host, r.Plan.Box)
	}
	if rest := r.Creep.Rest; rest == nil || rest.Low != -3 || rest.High != 3 || rest.Together.Low != 1 || rest.Together.High != 2 {
		t.Errorf("%+v", rest)
	}
	if trial := older(t, "proof", nil).Proof.Trials[0]; trial.Creep != nil && trial.Creep.High == 0 {
		t.Errorf("%+v", trial.Creep)
	}
}

// A number of an older result comes through to the last digit: control groups of version 1 write "no limit" as the largest.
func TestLoadOlderNumbers(t *testing.T) {
	r := older(t, "result", func(r map[string]any) { section(r, "host")["memory_limit_bytes"] = int64(math.MaxInt64) })
	if r.Host.MemoryLimitBytes != math.MaxInt64 {
		t.Errorf("%d", r.Host.MemoryLimitBytes)
	}
}

// A proof of an older run is saved by today's schema, and says the same when it is read again.
func TestLoadOlderProofSavedAgain(t *testing.T) {
	first := older(t, "proof", nil)
	path := filepath.Join(t.TempDir(), "run")
	folder, err := calibrate.CreateFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Save(first); err != nil {
		t.Fatal(err)
	}
	folder.Close()
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.Whole(), again.Whole()); diff != "" {
		t.Errorf("(-first +again):\n%s", diff)
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
		`load.mode is "ajar"`:                    func(r map[string]any) { section(r, "load")["mode"] = "ajar" },
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

// A recommendation that an older version withheld stays withheld if there are no journals to find the reason anew.
func TestLoadOlderWithheld(t *testing.T) {
	words := "2 000 of 4 418 requests failed"
	r := older(t, "result", func(r map[string]any) { section(r, "recommendation")["withheld"] = words })
	if rec := r.Recommendation; rec.Withheld == nil || *rec.Withheld != (calibrate.Withheld{Kind: calibrate.WithheldOlder, Words: words}) || rec.Workers != 0 {
		t.Errorf("%+v: %d workers", rec.Withheld, rec.Workers)
	}
	if len(r.Candidates) > 0 || Resized(r).Recommendation.Withheld == nil {
		t.Errorf("%d candidates; sized again it is %+v", len(r.Candidates), Resized(r).Recommendation)
	}
}

// What the older schema had in words is not lost if a file has something else there.
func TestLoadOlderWrongKinds(t *testing.T) {
	for key, change := range map[string]func(map[string]any){
		"interrupted_by is 5":                 func(r map[string]any) { r["interrupted_by"] = 5 },
		"interrupted_by is map[]":             func(r map[string]any) { r["interrupted_by"] = map[string]any{} },
		"phases.ended_because is 7":           func(r map[string]any) { r["phases"].([]any)[1].(map[string]any)["ended_because"] = 7 },
		"law.basis is [1]":                    func(r map[string]any) { section(r, "law")["basis"] = []int{1} },
		"worker.marginal_source is [1]":       func(r map[string]any) { section(r, "worker")["marginal_source"] = []int{1} },
		"worker.marginal_source is map[a:1]":  func(r map[string]any) { section(r, "worker")["marginal_source"] = map[string]int{"a": 1} },
		"recommendation.withheld is map[a:1]": func(r map[string]any) { section(r, "recommendation")["withheld"] = map[string]int{"a": 1} },
	} {
		if _, err := loadOlder(t, "result", change); err == nil || !strings.Contains(err.Error(), "is not a result of calibrate: "+key) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// Whatever one figure of a saved run is, it is refused, or analysed in bounded time to what can be saved and read again.
func FuzzFigure(f *testing.F) {
	runs := []string{"creeping", "sweep", "front", "async", "proof", "attach-time"}
	var texts [][]byte
	var journals []calibrate.Measured
	for _, name := range runs {
		folder := filepath.Join("..", "..", "fixtures", "runs", name)
		m, err := calibrate.LoadFolder(folder)
		if err != nil {
			f.Fatal(err)
		}
		text, err := json.Marshal(m.Result)
		if err != nil {
			f.Fatal(err)
		}
		texts, journals = append(texts, text), append(journals, m)
	}
	for i, value := range []string{"-1", "1e18", "0", "1e-300", `"x"`, "null", "true", "[]", "{}"} {
		f.Add(uint8(i), uint16(97*i), value)
	}
	f.Fuzz(func(t *testing.T, run uint8, leaf uint16, value string) {
		at := int(run) % len(runs)
		text := withLeaf(texts[at], int(leaf), value)
		path := filepath.Join(t.TempDir(), calibrate.ResultFile)
		read := func(text []byte) (calibrate.Measured, error) {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			return calibrate.LoadFolder(path)
		}
		m, err := read(text)
		if err != nil {
			return
		}
		m.Samples, m.Buckets = journals[at].Samples, journals[at].Buckets
		began := time.Now()
		r := Today(m)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("analysed in %s", took)
		}
		for _, c := range r.Candidates {
			if c.Fits && c.TotalBytes > r.Recommendation.BudgetBytes {
				t.Errorf("it is said to fit %d: %+v", r.Recommendation.BudgetBytes, c)
			}
		}
		saved, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(saved); err != nil {
			t.Errorf("what is saved of it can't be read: %v", err)
		}
	})
}

// withLeaf has another value in place of one figure, word or switch of a result: of all, the one of that number.
func withLeaf(text []byte, number int, value string) []byte {
	type span struct{ from, to int64 }
	var leaves []span
	in := json.NewDecoder(bytes.NewReader(text))
	for from := in.InputOffset(); ; from = in.InputOffset() {
		token, err := in.Token()
		if err != nil {
			break
		}
		if c := text[from]; c == ':' || c == ',' {
			from++
		}
		if _, bracket := token.(json.Delim); !bracket && text[in.InputOffset()] != ':' { // else it is a key
			leaves = append(leaves, span{from, in.InputOffset()})
		}
	}
	one := leaves[number%len(leaves)]
	return slices.Concat(text[:one.from], []byte(value), text[one.to:])
}

// BenchmarkLoad reads a saved run, and analyses it.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(filepath.Join("..", "..", "fixtures", "runs", "creeping")); err != nil {
			b.Fatal(err)
		}
	}
}
