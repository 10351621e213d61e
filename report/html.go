package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// htmlPage is a page that opens anywhere: one file without script, image or outside address. What it looks like stands in the
// attributes of its drawings, for whoever forbids styles (as Jenkins does), and in a style block, for dark, print and phone.
// Every string is cleaned on its way in, and escaped by the template.
type htmlPage struct {
	title, subject string
	body           bytes.Buffer
	lead           int // bytes of the body before the second heading, where the contents stand
	headings       []htmlHeading
	charts         int
	doc            Document
	err            error
}

// mostPage is what a page may have. One that would have more goes without the data, and is refused if it has more yet: a run that
// calibrate has measured has a fifth of that.
const mostPage = 300 << 10

//go:embed page.gohtml
var pageText string

var pageTemplates = template.Must(template.New("page").Funcs(template.FuncMap{"marked": markName}).Parse(pageText))

// markName is a mark as a class of the style block.
func markName(m Mark) string {
	return map[Mark]string{Strong: "strong", Good: "good", Doubtful: "doubtful", Bad: "bad"}[m]
}

func writeHTML(w io.Writer, d Document, _ Options) error {
	h := &htmlPage{}
	h.begin(d)
	drawAll(h, d.Blocks)
	page := h.end()
	if h.err != nil {
		return h.err
	}
	if len(page) > mostPage {
		return calibrate.Usage("calibrate report --json, or --markdown", "the page would have %s, more than a browser is to be given", say.MB(len(page)))
	}
	_, err := w.Write(page)
	return err
}

func (h *htmlPage) reader() Reader { return OfPage }

func (h *htmlPage) begin(d Document) {
	h.doc, h.title, h.subject = d, said(d.Title), said(d.Subject)
}

// put writes a block by its template.
func (h *htmlPage) put(name string, block any) {
	if err := pageTemplates.ExecuteTemplate(&h.body, name, block); err != nil && h.err == nil {
		h.err = err
	}
}

type htmlHeading struct {
	ID           int
	Name, Detail string
	Warns        string // the names of the warnings below it
}

func (h *htmlPage) heading(b Heading) {
	if len(h.headings) == 1 {
		h.lead = h.body.Len()
	}
	heading := htmlHeading{ID: len(h.headings) + 1, Name: said(b.Name), Detail: said(b.Detail)}
	h.headings = append(h.headings, heading)
	h.put("heading", heading)
}

func (h *htmlPage) answer(a Answer) {
	a.Verdict, a.Why, a.Settings = said(a.Verdict), said(a.Why), saidFacts(a.Settings)
	h.put("answer", a)
}

func (h *htmlPage) facts(f Facts) {
	if f.Rows = saidFacts(f.Rows); len(f.Rows) > 0 {
		h.put("facts", f)
	}
}

func saidFacts(rows []Fact) []Fact {
	all := make([]Fact, len(rows))
	for i, row := range rows {
		all[i] = Fact{Name: said(row.Name), Text: said(row.Text), Mark: row.Mark, Below: saidFacts(row.Below)}
	}
	return all
}

// longestCell is where a cell of a table ends.
const longestCell = 300

// rowsUnfolded is how many rows a page shows of a table that says which are worth a look. The others are folded up below it.
const rowsUnfolded = 12

// htmlTable is a table and its name.
type htmlTable struct {
	Table
	Caption string
}

func (h *htmlPage) table(t Table) {
	if len(t.Rows) == 0 {
		return
	}
	t, leftOut := t.top(markdownRows)
	first, others := t.parted(rowsUnfolded)
	caption := "Table"
	if n := len(h.headings); n > 0 {
		caption = h.headings[n-1].Name
	}
	h.put("table", htmlTable{saidTable(first), caption})
	if len(others.Rows) > 0 {
		h.put("others", htmlTable{saidTable(others), said(say.Plural(len(others.Rows), "more "+t.Of))})
	}
	if leftOut != "" {
		h.note(Note{Text: leftOut})
	}
}

func saidTable(t Table) Table {
	columns := make([]Column, len(t.Columns))
	for i, c := range t.Columns {
		c.Head, c.Unit = said(c.Head), said(c.Unit)
		columns[i] = c
	}
	t = t.mapped(func(s string) string { return said(cut(s, longestCell)) })
	t.Columns = columns
	return t
}

func (h *htmlPage) chart(c Chart) { h.figure(c.drawn()) }
func (h *htmlPage) bars(b Bars)   { h.figure(b.drawn()) }

func (h *htmlPage) figure(f figure) {
	if len(f.Shapes) == 0 {
		return
	}
	h.charts++
	f.ID, f.Top, f.Title, f.Shows = h.charts, len(h.headings) == 0, said(f.Title), said(f.Shows)
	for i := range f.Notes {
		f.Notes[i] = said(f.Notes[i])
	}
	f.Numbers = saidTable(f.Numbers)
	h.put("figure", f)
}

func (h *htmlPage) list(l List) {
	items := make([]string, len(l.Items))
	for i, item := range l.Items {
		items[i] = said(item)
	}
	h.put("list", items)
}

func (h *htmlPage) note(n Note) {
	n.Lead, n.Text = said(n.Lead), said(n.Text)
	h.put("note", n)
}

func (h *htmlPage) code(c Code) {
	h.put("code", Code{said(c.Label), cut(say.Line(c.Text), longestText)}) // as it is to be pasted, with no other spaces
}

// warning also stands in the contents, by its name: they are above all else that whoever decides looks at.
func (h *htmlPage) warning(w Warning) {
	if n := len(h.headings); n > 0 {
		below := &h.headings[n-1].Warns
		*below += when(*below != "", ", ") + said(w.Code)
	}
	h.put("warning", Warning{said(w.Code), said(w.Text), said(w.Try)})
}

// said is a text as a browser is to show it: on one line, no longer than somebody reads, numbers with their units.
func said(s string) string {
	return strings.ReplaceAll(unbroken(cut(say.Line(s), longestText)), hold, "\u00a0")
}

func (h *htmlPage) end() []byte {
	data, err := pageData(h.doc)
	if err != nil && h.err == nil {
		h.err = err
	}
	page := h.whole(data)
	if len(page) > mostPage {
		page = h.whole("")
	}
	return page
}

func (h *htmlPage) whole(data template.HTML) []byte {
	var page bytes.Buffer
	body := h.body.Bytes()
	err := pageTemplates.ExecuteTemplate(&page, "page", map[string]any{
		"Title": h.title, "Subject": h.subject, "Headings": h.headings, "Data": data,
		"Lead": template.HTML(body[:h.lead]), "Rest": template.HTML(body[h.lead:]), // the templates' own work
		"TooLarge": data == "", "Most": say.Bytes(float64(mostPage)),
	})
	if err != nil && h.err == nil {
		h.err = err
	}
	return page.Bytes()
}

// pageData is what a page holds for programs. Go's encoder writes "<", ">" and "&" as escapes, so that no text ends it; what steers
// a terminal stands there as an escape, too.
func pageData(d Document) (template.HTML, error) {
	data, err := json.Marshal(d.Data)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(calibrate.Page{Schema: calibrate.PageSchema, Data: data, Curves: d.Curves})
	return template.HTML(calibrate.PageBegins + string(unsteering(text)) + calibrate.PageEnds), err
}
