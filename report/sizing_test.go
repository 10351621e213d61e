package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/knob"
	"workermem/calibrate/server"
)

const gib = 1 << 30

// sizings are what `calibrate size` shows, by name: one host and several, of numbers and of a run.
func sizings(t testing.TB) map[string][]calibrate.Result {
	plan := calibrate.PlanInfo{Box: knob.Box{Reserve: knob.Reserve{ReserveRatio: 0.2}}}
	leak := 16.0 * 1024
	guide := analyse.Given{WorkerBytes: 209 * mb, Threads: []int{1, 4}}
	leaking := analyse.Given{SharedBytes: 30 * mb, WorkerBytes: 140 * mb, ThreadBytes: 6 * mb, Threads: []int{4}, Creep: &leak, BootSeconds: 2}
	run, async := recorded(t)["creeping"], recorded(t)["flat"]
	wished := run
	wished.Plan.MinWorkers, wished.Plan.MaxWorkers, wished.Plan.Prefer, wished.Plan.ThreadChoices = 1, 3, "threads", []int{4, 8}
	async.Target.Threads, async.Target.HasThreads, async.Target.ConcurrencyFlag = 0, false, "--limit-concurrency"
	async.Concurrency.Steps = []calibrate.ConcurrencyStep{{Clients: 8, PeakRSSBytes: 60 * mb}, {Clients: 128, PeakRSSBytes: 660 * mb}}
	refused := plan
	refused.MinWorkers, refused.ReserveBytes = 6, 100*mb
	rated := plan
	rated.ProductionRate = 80
	return map[string][]calibrate.Result{
		"size-given":         hosted(guide.Result(calibrate.Host{}, plan), 4, 2*gib),
		"size-given-creep":   hosted(leaking.Result(calibrate.Host{}, rated), 4, 2*gib),
		"size-given-refused": hosted(guide.Result(calibrate.Host{}, refused), 4, gib),
		"size-given-hosts":   hosted(leaking.Result(calibrate.Host{}, rated), 1, gib/8, 1, gib/2, 2, gib, 4, 8*gib, 8, 16*gib, 1, 100*mb+1),
		"size-run":           hosted(run, 8, 16*gib),
		"size-run-own":       {analyse.Resized(run)},
		"size-run-hosts":     hosted(wished, 1, gib/4, 2, gib, 4, 8*gib),
		"size-async-hosts":   hosted(async, 1, gib/2, 2, gib, 4, 8*gib),
	}
}

// hosted is r sized for hosts, each by its cores and its memory.
func hosted(r calibrate.Result, coresAndMemory ...int64) []calibrate.Result {
	var all []calibrate.Result
	for i := 0; i < len(coresAndMemory); i += 2 {
		r.Plan.CPUs, r.Plan.MemoryBytes = float64(coresAndMemory[i]), coresAndMemory[i+1]
		all = append(all, analyse.Resized(r))
	}
	return all
}

func sizeText(t testing.TB, sized []calibrate.Result, o Options) string {
	o.Verbose = true
	return drawn(t, Sizing(sized, server.Known()), "text", o)
}

func TestSizeGolden(t *testing.T) {
	for name, sized := range sizings(t) {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".txt", sizeText(t, sized, Options{}))
			golden(t, name+".md", drawn(t, Sizing(sized, server.Known()), "markdown", Options{}))
		})
	}
}

func TestSizeJSONGolden(t *testing.T) {
	for _, name := range []string{"size-given", "size-run-hosts"} {
		golden(t, name+".json", drawn(t, Sizing(sizings(t)[name], server.Known()), "json", Options{}))
	}
}

// One host has its candidates; of many they would be tens of megabytes.
func TestSizeJSONKeys(t *testing.T) {
	for name, sized := range sizings(t) {
		var got sizing
		text := drawn(t, Sizing(sized, server.Known()), "json", Options{})
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(got.Hosts) != len(sized) || (len(got.Hosts[0].Candidates) > 0) != (len(sized) == 1) || got.Schema != "calibrate.sizing/2" {
			t.Errorf("%s: %d hosts, %d candidates of the first, schema %q", name, len(got.Hosts), len(got.Hosts[0].Candidates), got.Schema)
		}
		if given := strings.HasPrefix(name, "size-given"); given != (got.MeasuredOn == nil) || given != (got.Run == "") {
			t.Errorf("%s: measured on %v, run %q", name, got.MeasuredOn, got.Run)
		}
		// What the page says of what it rests on is there as figures.
		on, page := got.RestsOn, sizeText(t, sized, Options{Width: 1000})
		if (on.Basis == calibrate.BasisGiven) != strings.Contains(page, "  given ") || on.ThreadsFree != strings.Contains(page, "--thread-memory") ||
			on.Elsewhere != strings.Contains(page, "untested") || on.Checked == nil || (len(on.Checked) > 0) != strings.Contains(page, "it was fitted to") {
			t.Errorf("%s: rests on %+v, and its page says\n%s", name, on, page)
		}
	}
}

func TestSizeFitsEveryWidth(t *testing.T) {
	for _, sized := range sizings(t) {
		for _, width := range []int{40, 57, 80, 100} {
			out := sizeText(t, sized, Options{Width: width, Color: true})
			fits(t, out, width)
			if !strings.Contains(out, "workers") || !strings.Contains(out, "What this rests on") {
				t.Errorf("%d columns: %s", width, out)
			}
		}
	}
}

// The colours only repeat what the words say.
func TestSizeColors(t *testing.T) {
	for name, sized := range sizings(t) {
		if plain, color := sizeText(t, sized, Options{}), sizeText(t, sized, Options{Color: true}); color == plain || colored.ReplaceAllString(color, "") != plain {
			t.Errorf("%s: without its colours it is another text", name)
		}
	}
}

// What a run's app or server says can't steer the terminal, nor widen the page.
func TestSizeOfHostileStrings(t *testing.T) {
	run := recorded(t)["creeping"]
	rapid.Check(t, func(t *rapid.T) {
		r := poisoned(t, run)
		r.ID = rapid.SampledFrom(hostile).Draw(t, "id")
		for _, sized := range [][]calibrate.Result{{r}, {r, r}} {
			var b bytes.Buffer
			if err := Render(&b, Sizing(sized, server.Known()), "text", Options{Verbose: rapid.Bool().Draw(t, "verbose")}); err != nil {
				t.Fatal(err)
			}
			fits(t, b.String(), 80)
			b.Reset()
			if err := Render(&b, Sizing(sized, server.Known()), "markdown", Options{}); err != nil {
				t.Fatal(err)
			}
			wellFormed(t, b.String())
		}
	})
}

// Which figures are another machine's is said where a host is not the one that was measured, and only there.
func TestSizeSaysWhatIsUntested(t *testing.T) {
	run := recorded(t)["creeping"] // on 4 cores with 2 GB
	for _, tc := range []struct {
		name  string
		sized []calibrate.Result
		want  bool
	}{
		{"its own host", []calibrate.Result{analyse.Resized(run)}, false},
		{"its own host, by its figures", hosted(run, 4, 2*gib), false},
		{"more memory", hosted(run, 4, 4*gib), true},
		{"one of several", hosted(run, 4, 2*gib, 2, 2*gib), true},
	} {
		if got := strings.Contains(sizeText(t, tc.sized, Options{}), "untested"); got != tc.want {
			t.Errorf("%s: says so %v, want %v", tc.name, got, tc.want)
		}
	}
}

// A warning of one host isn't shown for all.
func TestSizeWarnings(t *testing.T) {
	sized := sizings(t)["size-async-hosts"]
	if len(sized[0].Warnings) == 0 || strings.Contains(sizeText(t, sized, Options{}), "the budget allows") {
		t.Errorf("%+v", sized[0].Warnings)
	}
	if out := sizeText(t, sized[:1], Options{}); !strings.Contains(out, "the budget allows") {
		t.Errorf("one host: %s", out)
	}
}
