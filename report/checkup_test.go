package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate"
)

// checkups were recorded: as root in a CI, as nobody with few descriptors and nowhere to write, without a /proc.
func checkups(t testing.TB) map[string]calibrate.Checkup {
	t.Helper()
	files, err := filepath.Glob("../fixtures/checkups/*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("recorded checkups: %d, %v", len(files), err)
	}
	all := map[string]calibrate.Checkup{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		var c calibrate.Checkup
		if err := d.Decode(&c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = c
	}
	return all
}

func checkupText(t testing.TB, c calibrate.Checkup, o Options) string {
	return drawn(t, Checkup(c), "text", o)
}

func TestCheckupGolden(t *testing.T) {
	for name, c := range checkups(t) {
		t.Run(name, func(t *testing.T) {
			golden(t, "doctor-"+name+".txt", checkupText(t, c, Options{}))
			golden(t, "doctor-"+name+".md", drawn(t, Checkup(c), "markdown", Options{}))
		})
	}
}

// The colours only repeat what the words say.
func TestCheckupColors(t *testing.T) {
	for name, c := range checkups(t) {
		plain, color := checkupText(t, c, Options{}), checkupText(t, c, Options{Color: true})
		if color == plain || colored.ReplaceAllString(color, "") != plain {
			t.Errorf("%s: without its colours it is another text", name)
		}
	}
}

func TestCheckupFitsEveryWidth(t *testing.T) {
	for _, c := range checkups(t) {
		for _, width := range []int{40, 57, 80, 100} {
			fits(t, checkupText(t, c, Options{Width: width, Color: true}), width)
		}
	}
}

// The last line is the one that scripts and people in a hurry read.
func TestConclusion(t *testing.T) {
	limited := calibrate.Finding{Area: "load", Name: "a", State: calibrate.StateLimited, Text: "x", Try: "y"}
	server := []calibrate.Server{{Name: "gunicorn", Known: true, State: calibrate.StateOK}}
	for _, tt := range []struct {
		findings []calibrate.Finding
		want     string
	}{
		{nil, "calibrate run works here; nothing limits it"},
		{[]calibrate.Finding{limited}, "calibrate run works here; 1 limit, see above"},
		{[]calibrate.Finding{limited, limited}, "calibrate run works here; 2 limits, see above"},
		{[]calibrate.Finding{limited, {State: calibrate.StateMissing, Text: "no loopback", Stops: true}}, "calibrate run can't work here: no loopback"},
	} {
		out := checkupText(t, calibrate.NewCheckup(calibrate.Tool{}, calibrate.Host{}, tt.findings, server, nil), Options{})
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if last := lines[len(lines)-1]; last != tt.want {
			t.Errorf("%q, want %q", last, tt.want)
		}
	}
}

// What the kernel, a server or a path says can't steer the terminal, nor widen the page.
func TestCheckupOfHostileStrings(t *testing.T) {
	recorded := checkups(t)["root-in-ci"]
	rapid.Check(t, func(t *rapid.T) {
		bad := func(label string) string { return rapid.SampledFrom(hostile).Draw(t, label) }
		c := recorded
		c.Findings = []calibrate.Finding{{Area: bad("area"), Name: "x", State: calibrate.StateLimited, Text: bad("text"), Try: bad("try")}}
		c.Servers = []calibrate.Server{{Name: bad("name"), Path: bad("path"), Version: bad("version"), With: bad("with"), Command: bad("command"),
			State: calibrate.StateLimited, Doubt: bad("doubt"), Traps: []calibrate.Warning{{Code: "x", Text: bad("trap"), Try: bad("way out")}}}}
		c.ServersMissing = []string{bad("missing")}
		for _, format := range []string{"text", "markdown"} {
			var b bytes.Buffer
			if err := Render(&b, Checkup(c), format, Options{}); err != nil {
				t.Fatal(err)
			}
			if format == "text" {
				fits(t, b.String(), 80)
			} else {
				wellFormed(t, b.String())
			}
		}
	})
}

func TestCheckupJSONReadsBack(t *testing.T) {
	for name, c := range checkups(t) {
		got := drawn(t, Checkup(c), "json", Options{})
		want, err := os.ReadFile("../fixtures/checkups/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is not written as it was recorded", name)
		}
	}
}
