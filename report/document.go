package report

import (
	"io"
	"slices"

	"workermem/calibrate"
)

// A Document is what a page says, block by block, before a dialect draws it. Its texts are plain: no escapes, no
// colours, no padding. A dialect cleans them, since many come from the app.
type Document struct {
	Title   string // "Workers and memory of"
	Subject string // the command that the title is about; "" for none
	Blocks  []Block
	Again   string           // the command that shows the page again; "" for the one that was typed
	Data    any              // the same for programs
	Curves  calibrate.Curves // that its charts are drawn from; empty of a page of no run
	Export  *Export          // what other programs take of it; nil of a page of no run
	Saved   []SavedRun       // a row each in CSV; nil of a page that has none
}

// A Block is one part of a page.
type Block interface{ draw(dialect) }

// A dialect draws every kind of block. A new one doesn't compile until it draws them all.
type dialect interface {
	reader() Reader
	begin(Document)
	heading(Heading)
	answer(Answer)
	facts(Facts)
	table(Table)
	chart(Chart)
	bars(Bars)
	list(List)
	note(Note)
	code(Code)
	warning(Warning)
	end() []byte
}

// A Mark emphasises. It never carries a meaning that the words don't.
type Mark int

// The marks.
const (
	Plain Mark = iota
	Strong
	Good
	Doubtful
	Bad
)

// A Reader is whom a block is for, if it isn't for everybody.
type Reader int

// The readers.
const (
	Everybody  Reader = iota
	InFull            // who wants all of it: of a page, or at a terminal with --verbose
	AtTerminal        // who has just measured, and a screen
	OfPage            // who finds the page later, and doesn't know what was measured
)

// Only is for one reader: what others needn't or can't read.
type Only struct {
	Reader Reader
	Blocks []Block
}

// A Heading opens a section: a short name, and if that isn't enough, what it is of.
type Heading struct{ Name, Detail string }

// An Answer is what is to be read at one glance: a verdict, or settings, or both.
type Answer struct {
	Mark     Mark
	Verdict  string // "NOTHING FITS"
	Why      string
	Settings []Fact
}

// Facts are names and what is said of each.
type Facts struct {
	Rows  []Fact
	Brief bool // names of a few letters, below an answer
}

// A Fact is a name and a sentence, and what is said below that.
type Fact struct {
	Name, Text string
	Mark       Mark
	Below      []Fact
	For        Reader // Everybody or InFull
}

// A List has one item a line.
type List struct{ Items []string }

// A Note is a paragraph. Its lead, if it has one, says what kind it is.
type Note struct {
	Lead, Text string
	Mark       Mark
}

// Code is a line to copy. Its label, if it has one, says what to do with it.
type Code struct{ Label, Text string }

// A Warning has a name that it can be silenced by, and the next thing to try.
type Warning struct{ Code, Text, Try string }

func (b Only) draw(d dialect) {
	if b.Reader == InFull || b.Reader == d.reader() {
		drawAll(d, b.Blocks)
	}
}
func (b Heading) draw(d dialect) { d.heading(b) }
func (b Answer) draw(d dialect)  { d.answer(b) }
func (b Facts) draw(d dialect)   { d.facts(b) }
func (b Table) draw(d dialect)   { d.table(b.of(d.reader())) }
func (b Chart) draw(d dialect)   { d.chart(b) }
func (b Bars) draw(d dialect)    { d.bars(b) }
func (b List) draw(d dialect)    { d.list(b) }
func (b Note) draw(d dialect)    { d.note(b) }
func (b Code) draw(d dialect)    { d.code(b) }
func (b Warning) draw(d dialect) { d.warning(b) }

func drawAll(d dialect, blocks []Block) {
	for _, b := range blocks {
		short(b).draw(d)
	}
}

// write draws a whole document.
func write(w io.Writer, doc Document, d dialect) error {
	d.begin(doc)
	drawAll(d, doc.Blocks)
	_, err := w.Write(d.end())
	return err
}

// section is a heading and what stands below it; nothing if nothing does.
func section(h Heading, blocks ...Block) []Block {
	if len(blocks) == 0 {
		return nil
	}
	return append([]Block{h}, blocks...)
}

// factsOf leaves out the facts that have nothing to say.
func factsOf(rows ...Fact) []Fact {
	return slices.DeleteFunc(rows, func(f Fact) bool { return f.Text == "" })
}

func fact(name, text string) Fact { return Fact{Name: name, Text: text} }

// detail is a fact that a short report leaves out.
func detail(name, text string) Fact { return Fact{Name: name, Text: text, For: InFull} }

// inFull is a section that a short report leaves out.
func inFull(blocks []Block) []Block {
	if len(blocks) == 0 {
		return nil
	}
	return []Block{Only{InFull, blocks}}
}
