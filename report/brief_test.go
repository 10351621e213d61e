package report

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/say"
	"workermem/calibrate/server"
)

// Every section of the verbose report, and every fact in it, is in the short one, or its section is named there with the command that
// shows it.
func TestTheShortReportLosesNothing(t *testing.T) {
	pages := map[string]Document{"proof alone": Proof(recorded(t)["proof"]), "sized": Sizing([]calibrate.Result{analyse.Resized(recorded(t)["cores"])}, server.Known())}
	for name := range recorded(t) {
		pages[name] = recordedPage(t, name)
	}
	for name, page := range pages {
		shown, named, _ := strings.Cut(squeezed(drawn(t, page, "text", Options{})), "--verbose has all of ")
		seen := map[string]bool{}
		each(page.Blocks, "the verdict", func(section string, b Block, inFull bool) {
			seen[section] = true
			switch b := b.(type) {
			case Heading:
				if !strings.Contains(shown, b.Name) && !strings.Contains(named, b.Name) {
					t.Errorf("%s: %q is neither shown nor named", name, b.Name)
				}
			case Facts:
				for _, row := range b.Rows {
					if !strings.Contains(shown, squeezed(say.Line(row.Text))) && !strings.Contains(named, section) {
						t.Errorf("%s: %q of %q is neither shown nor named", name, row.Name, section)
					}
				}
			default:
				if inFull && !strings.Contains(named, section) {
					t.Errorf("%s: a %T of %q is left out, and not named", name, b, section)
				}
			}
		})
		if len(seen) < 2 {
			t.Errorf("%s: only %v", name, seen)
		}
	}
}

// each walks over all that a verbose report has, with the section that it is in.
func each(blocks []Block, section string, visit func(section string, b Block, inFull bool)) {
	var walk func(blocks []Block, inFull bool)
	walk = func(blocks []Block, inFull bool) {
		for _, b := range blocks {
			switch b := b.(type) {
			case Only:
				if b.Reader != OfPage {
					walk(b.Blocks, inFull || b.Reader == InFull)
				}
				continue
			case Heading:
				section = b.Name
			}
			visit(section, b, inFull)
		}
	}
	walk(blocks, false)
}

func squeezed(s string) string { return strings.Join(strings.Fields(s), " ") }

// No heading is left of a section of which nothing is shown, and a run's report is no longer than a screen, its warnings, and what was asked
// for beside: a sweep, a triage, a proof, the demo's truth.
func TestTheShortReportIsShort(t *testing.T) {
	const most = 42
	for name, r := range recorded(t) {
		page := recordedPage(t, name)
		kept, _ := page.short()
		for i, b := range kept {
			if isHeading(b) && (i+1 == len(kept) || isHeading(kept[i+1])) {
				t.Errorf("%s: nothing stands below %v", name, b)
			}
		}
		extra := slices.Concat(warningsSection(r.Warnings, nil), triageSection(r), sweepSection(r), proofSection(r), truthSection(r))
		lines, more := strings.Count(drawn(t, page, "text", Options{}), "\n"), strings.Count(drawn(t, Document{Blocks: extra}, "text", Options{}), "\n")
		if lines-more > most {
			t.Errorf("%s: %d lines, without %d of warnings and the like", name, lines-more, more)
		}
	}
}

func isHeading(b Block) bool {
	_, is := b.(Heading)
	return is
}

func TestNothingIsNamedWhereNothingIsLeftOut(t *testing.T) {
	d := Document{Again: "calibrate report", Blocks: []Block{Note{Text: "all"}, Heading{Name: "One"}, Facts{Rows: []Fact{fact("a", "b")}}}}
	if _, more := d.short(); more != "" {
		t.Errorf("%q", more)
	}
	d.Blocks = append(d.Blocks, Facts{Rows: []Fact{detail("c", "d")}}, Only{InFull, []Block{Heading{Name: "Two"}, Note{Text: "e"}}}, Only{OfPage, []Block{Heading{Name: "Three"}}})
	const want = "calibrate report --verbose has all of One, Two; --html FILE writes it as a page with charts"
	if _, more := d.short(); more != want {
		t.Errorf("%q, want %q", more, want)
	}
}
