package report

import (
	"encoding/json"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

func TestExplain(t *testing.T) {
	run := recorded(t)["creeping"]
	for metric, want := range map[string][]string{
		"peak":         {"unit         MB", "better       less", "105 MB", "high-water mark"},
		"creep":        {"bytes a request", "(1.98 to 2.14 KB a request)"},
		"max-requests": {"better       neither", "33 000"},
		"growth":       {"bytes an hour", "value        unknown"},
		"after(10k)":   {"write        after(10k)", "value        110 MB"},
	} {
		m, err := calibrate.ParseMetric(metric)
		if err != nil {
			t.Fatal(err)
		}
		text := drawn(t, Explain(m, &run), "text", Options{})
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q:\n%s", metric, part, text)
			}
		}
	}
}

// For programs a figure has its unit, and one that is not known is null.
func TestExplainData(t *testing.T) {
	run := recorded(t)["creeping"]
	for metric, want := range map[string]any{"boot": run.Target.BootSeconds, "growth": nil} {
		m, err := calibrate.ParseMetric(metric)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(drawn(t, Explain(m, &run), "json", Options{})), &got); err != nil {
			t.Fatal(err)
		}
		value, has := got["value"]
		if !has || value != want || got["metric"] != metric || got["unit"] != string(m.Unit) {
			t.Errorf("%s: %v", metric, got)
		}
	}
}

// Every metric has its line in both dialects.
func TestMetricsPage(t *testing.T) {
	text, page := drawn(t, Metrics(), "text", Options{}), strings.ReplaceAll(drawn(t, Metrics(), "markdown", Options{}), `\`, "")
	for _, m := range calibrate.Metrics() {
		if !strings.Contains(text, "  "+m.Name+" ") {
			t.Errorf("the list lacks %s:\n%s", m.Name, text)
		}
		if !strings.Contains(page, "| "+m.Name) || !strings.Contains(page, m.Meaning) {
			t.Errorf("the table lacks %s:\n%s", m.Name, page)
		}
	}
}

// The register knows a limit of requests exactly where the report says one, or that none is needed: a 0 is no doubt.
func TestMetricOfMaxRequestsAgrees(t *testing.T) {
	m, err := calibrate.ParseMetric("max-requests")
	if err != nil {
		t.Fatal(err)
	}
	said := map[bool]int{}
	for name, r := range recorded(t) {
		if refused(r) {
			continue
		}
		text := maxRequests(r)
		known := text != say.Unknown && text != "n/a"
		said[known]++
		if reading := m.Read(r); reading.Known() != known || known && (text == unlimitedWord) != (*reading.Value == 0) {
			t.Errorf("%s: the report says %s, the register %s", name, text, m.Say(reading))
		}
	}
	if said[true] < 3 || said[false] < 2 {
		t.Errorf("of too few runs: %v", said)
	}
}
