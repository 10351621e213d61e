package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"workermem/calibrate"
)

// Options are what a terminal can show. Other formats pass over them.
type Options struct {
	Color   bool
	Width   int  // columns of the terminal, 0 for 80
	Verbose bool // all of a page, not one screen of it
}

// A Format is a way to write a document. Its name is that of --format.
type Format struct {
	Name  string
	About string // a line of help
	Draws bool   // what was recorded, in charts: the others need none of it
	write func(io.Writer, Document, Options) error
}

// formats are all there are, the default first. A new one is a row here, and a file with its dialect.
var formats = []Format{
	{"text", "for a terminal", true, writeTerminal},
	{"markdown", "a page to keep, as Markdown", true, writeMarkdown},
	{"json", "the figures, for programs", false, writeData},
	{HTML, "a page with charts, for a browser", true, writeHTML},
}

// HTML is the format of a page that is written to a file, beside what is shown.
const HTML = "html"

// exports are the ways to write what a run has for the programs of others.
var exports = []Format{
	{"benchfmt", "for benchstat", false, exporting(writeBenchfmt)},
	{"gab", "for github-action-benchmark's customSmallerIsBetter", false, exporting(writeGAB)},
	{"bmf", "for Bencher", false, exporting(writeBMF)},
	{"openmetrics", "for GitLab's metrics report, Prometheus", false, exporting(writeOpenMetrics)},
	{"junit", "for any CI's test report", false, exporting(writeJUnit)},
}

// Rows is the format of a page of runs for spreadsheets, data frames and databases.
var Rows = Format{"csv", "a row a run, as CSV", false, writeCSV}

// Annotations is the format of a GitHub job's log. A step's summary goes with it, so it isn't offered alone.
const Annotations = "annotations"

var annotating = Format{Name: Annotations, write: exporting(writeAnnotations)}

// Formats lists the ways to write a document, the default first.
func Formats() []Format { return formats }

// Exports lists the ways to write what a run has for the programs of others.
func Exports() []Format { return exports }

// exporting writes a document's export. Pages of no run have none.
func exporting(dialect func(io.Writer, Export) error) func(io.Writer, Document, Options) error {
	return func(w io.Writer, d Document, _ Options) error {
		if d.Export == nil {
			return calibrate.Usage("calibrate report, of a run", "this page is of no run, and has nothing for the programs of others")
		}
		return dialect(w, *d.Export)
	}
}

// Render writes a document in the format of that name, "" for the default.
func Render(w io.Writer, d Document, format string, o Options) error {
	f, err := FormatNamed(format, slices.Concat(formats, exports, []Format{Rows, annotating}))
	if err != nil {
		return err
	}
	return f.write(w, d, o)
}

// FormatNamed is the one of that name among some, "" for the first.
func FormatNamed(name string, among []Format) (Format, error) {
	for _, f := range among {
		if f.Name == name || name == "" {
			return f, nil
		}
	}
	return Format{}, calibrate.Usage("one of "+strings.Join(FormatNames(among), ", "), "there is no format %q", name)
}

// FormatNames are those of some formats.
func FormatNames(formats []Format) []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	return names
}

// writeData writes a document's data as JSON.
func writeData(w io.Writer, d Document, _ Options) error { return writeJSON(w, d.Data) }

func writeJSON(w io.Writer, data any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(data); err != nil {
		return err
	}
	_, err := w.Write(unsteering(text.Bytes()))
	return err
}

// unsteering writes what steers a terminal beyond ASCII as JSON's \u escapes: it stands in texts only.
func unsteering(text []byte) []byte {
	steers := func(r rune) bool { return r == 0x7f || r > unicode.MaxASCII && r < 0x10000 && !unicode.IsPrint(r) }
	if !bytes.ContainsFunc(text, steers) {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		if steers(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.Bytes()
}
