package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"workermem/calibrate/say"
)

// markdownRows is the most candidates that a page lists.
const markdownRows = 40

// markdown is a page in Markdown. Every string is escaped on its way in.
type markdown struct {
	b      strings.Builder
	inList bool // what came last was a list, which the next block of its kind goes on with
}

func writeMarkdown(w io.Writer, d Document, _ Options) error { return write(w, d, &markdown{}) }

func (m *markdown) reader() Reader { return OfPage }

func (m *markdown) begin(d Document) {
	fmt.Fprintf(&m.b, "# %s%s\n", escape(d.Title), when(d.Subject != "", " %s", codeSpan(d.Subject)))
}

// put writes a block, apart from the one before it.
func (m *markdown) put(text string) {
	if text != "" {
		m.b.WriteString("\n" + strings.TrimRight(text, "\n") + "\n")
		m.inList = false
	}
}

// items writes lines of a list, together with those before.
func (m *markdown) items(lines string) {
	if m.inList {
		m.b.WriteString(lines)
		return
	}
	m.put(lines)
	m.inList = lines != ""
}

func (m *markdown) heading(h Heading) {
	m.put("## " + escape(h.Name))
	m.put(sentence(h.Detail))
}

func (m *markdown) answer(a Answer) {
	if a.Verdict != "" {
		m.put("**" + escape(a.Verdict) + "**" + when(a.Why != "", ": %s", escape(a.Why)))
	}
	t := Table{Columns: []Column{{Head: "setting", Left: true}, {Head: "value"}}}
	for _, s := range a.Settings {
		t.Rows = append(t.Rows, Row{Cells: []string{s.Name, s.Text}})
	}
	m.put(t.markdown())
}

func (m *markdown) facts(f Facts) {
	var b strings.Builder
	for _, row := range f.Rows {
		fmt.Fprintf(&b, "- **%s**: %s\n", escape(row.Name), escape(row.Text))
		for _, below := range row.Below {
			fmt.Fprintf(&b, "  - %s: %s\n", escape(below.Name), escape(below.Text))
		}
	}
	m.items(b.String())
}

func (m *markdown) table(t Table) {
	t, leftOut := t.top(markdownRows)
	m.put(t.markdown())
	m.put(escape(leftOut))
}

// chart draws a main one where Mermaid can, and says in words what it shows.
func (m *markdown) chart(c Chart) {
	if !c.Main {
		return
	}
	c, _ = c.sure()
	drawing, how := c.mermaid(), ""
	if drawing != "" {
		fit, _ := c.fit()
		how = " The chart shows the judged part alone. Its straight line is the slope that was fitted: " + fit.Name + "."
	}
	m.put(drawing)
	m.put(escape(c.Shows + how))
}

func (m *markdown) bars(Bars) {}

func (m *markdown) list(l List) {
	var b strings.Builder
	for _, item := range l.Items {
		fmt.Fprintf(&b, "- %s\n", inList(item))
	}
	m.items(b.String())
}

func (m *markdown) note(n Note) {
	text := sentence(n.Text)
	if n.Lead != "" {
		text = fmt.Sprintf("**%s:** %s", escape(n.Lead), stopped(escape(n.Text)))
	}
	if n.Mark == Doubtful || n.Mark == Bad {
		text = "> " + text
	}
	m.put(text)
}

func (m *markdown) code(c Code) { m.put(fenced(c.Text)) }

func (m *markdown) warning(w Warning) {
	m.items(fmt.Sprintf("- **%s**: %s%s\n", escape(w.Code), stopped(escape(w.Text)), when(w.Try != "", " Try: %s", stopped(escape(w.Try)))))
}

func (m *markdown) end() []byte { return []byte(m.b.String()) }

// sentence makes a paragraph of a text: it begins with a capital and ends with a stop.
func sentence(s string) string {
	s = inList(s)
	if s == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(s)
	return stopped(string(unicode.ToUpper(first)) + s[size:])
}

// stopped ends a sentence.
func stopped(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".?!:") {
		return s
	}
	return s + "."
}

// special is what Markdown (with GitHub's tables, strikethrough and mathematics) gives a meaning inside a line.
var special = regexp.MustCompile("[\\\\`*_\\[\\]|~$#]")

// entities keeps HTML out. A ">" alone opens nothing inside a line; at the start of one it would quote, see inList.
var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;")

// escape makes a string mean only itself, in a line or a table's cell.
func escape(s string) string {
	return entities.Replace(special.ReplaceAllString(say.Line(s), `\$0`))
}

// inList is escape for the start of a list's item or a paragraph, where "1." or "-" or "+" would begin another list.
func inList(s string) string {
	s = strings.TrimSpace(escape(s))
	if startsList.MatchString(s) {
		return "&#8203;" + s
	}
	return s
}

var startsList = regexp.MustCompile(`^([-+=>]|\d+[.)])`)

// codeSpan fences a string by more backticks than it has in a row.
func codeSpan(s string) string {
	s = say.Line(s)
	ticks := fence(s, 1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return ticks + s + ticks
}

// fenced is a block to copy; "" stays "".
func fenced(s string) string {
	if s == "" {
		return ""
	}
	s = say.Line(s)
	ticks := fence(s, 3)
	return ticks + "sh\n" + s + "\n" + ticks + "\n"
}

// fence is more backticks than a text has in a row, and at least so many.
func fence(s string, least int) string {
	ticks := strings.Repeat("`", least)
	for strings.Contains(s, ticks) {
		ticks += "`"
	}
	return ticks
}
