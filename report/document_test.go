package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server"
)

// outline is a dialect that names each block, and keeps every text that it was given.
type outline struct {
	whom  Reader
	kinds map[string]int
	texts []string
}

func (o *outline) reader() Reader { return o.whom }
func (o *outline) begin(d Document) {
	o.saw("title", d.Title, d.Subject)
}
func (o *outline) heading(b Heading) { o.saw("heading", b.Name, b.Detail) }
func (o *outline) answer(b Answer)   { o.saw("answer", b.Verdict, b.Why); o.rows(b.Settings) }
func (o *outline) facts(b Facts)     { o.saw("facts"); o.rows(b.Rows) }
func (o *outline) table(b Table) {
	o.saw("table")
	for _, row := range b.Rows {
		o.texts = append(o.texts, row.Cells...)
	}
}
func (o *outline) chart(b Chart)     { o.saw("chart", b.Title, b.Shows) }
func (o *outline) bars(b Bars)       { o.saw("bars", b.Title, b.Shows) }
func (o *outline) list(b List)       { o.saw("list", b.Items...) }
func (o *outline) note(b Note)       { o.saw("note", b.Lead, b.Text) }
func (o *outline) code(b Code)       { o.saw("code", b.Label, b.Text) }
func (o *outline) warning(b Warning) { o.saw("warning", b.Code, b.Text, b.Try) }
func (o *outline) end() []byte       { return nil }

func (o *outline) saw(kind string, texts ...string) {
	o.kinds[kind]++
	o.texts = append(o.texts, texts...)
}

func (o *outline) rows(rows []Fact) {
	for _, f := range rows {
		o.texts = append(o.texts, f.Name, f.Text)
		o.rows(f.Below)
	}
}

func documents(t *testing.T) map[string]Document {
	all := map[string]Document{"runs": Runs([]SavedRun{{ID: "a", State: "whole"}}, time.Now()), "proof": Proof(recorded(t)["proof"])}
	for name, r := range recorded(t) {
		all["run "+name] = Run(r, server.Known())
	}
	for name, sized := range sizings(t) {
		all[name] = Sizing(sized, server.Known())
	}
	for name, c := range checkups(t) {
		all["checkup "+name] = Checkup(c)
	}
	return all
}

// A dialect gets texts that are free of every other: another one needs nothing but itself.
func TestDocumentsKnowNoDialect(t *testing.T) {
	kinds := map[string]int{}
	for name, d := range documents(t) {
		for _, whom := range []Reader{AtTerminal, OfPage} {
			o := &outline{whom: whom, kinds: kinds}
			if err := write(&strings.Builder{}, d, o); err != nil {
				t.Fatal(err)
			}
			for _, text := range o.texts {
				text = strings.ReplaceAll(text, calibrate.Redacted, "x")
				for _, escape := range []string{"\x1b", "\n", "**", "&amp;", "&lt;", `\_`, `\|`, "  "} {
					if strings.Contains(text, escape) {
						t.Errorf("%s: %q in %q", name, escape, text)
					}
				}
			}
			if len(o.texts) == 0 || d.Data == nil || d.Title == "" {
				t.Errorf("%s: %d texts, data %T, title %q", name, len(o.texts), d.Data, d.Title)
			}
		}
	}
	for _, kind := range []string{"title", "heading", "answer", "facts", "table", "chart", "bars", "list", "note", "code", "warning"} {
		if kinds[kind] == 0 {
			t.Errorf("no document has a %s", kind)
		}
	}
}

// What the other reader alone needs is left out, whether it is a block or a column.
func TestOnlyForItsReader(t *testing.T) {
	d := Document{Blocks: []Block{
		Note{Text: "all"}, Only{AtTerminal, []Block{Note{Text: "screen"}}}, Only{OfPage, []Block{Note{Text: "paper"}}},
		Table{Columns: []Column{{Head: "a"}, {Head: "b", For: OfPage}}, Rows: []Row{{Cells: []string{"1", "2"}}}},
	}}
	for whom, want := range map[Reader]string{AtTerminal: "[ all  screen 1]", OfPage: "[ all  paper 1 2]"} {
		o := &outline{whom: whom, kinds: map[string]int{}}
		if err := write(&strings.Builder{}, d, o); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(o.texts[2:]); got != want {
			t.Errorf("%v: %s, want %s", whom, got, want)
		}
	}
}
