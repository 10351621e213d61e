package report

import (
	"encoding/json"
	"io"
	"strings"

	"workermem/calibrate"
)

// Options are what a terminal can show. Other formats pass over them.
type Options struct {
	Color bool
	Width int // columns of the terminal, 0 for 80
}

// A Format is a way to write a document. Its name is that of --format, and a flag of its own.
type Format struct {
	Name  string
	About string // a line of help
	write func(io.Writer, Document, Options) error
}

// formats are all there are, the default first. A new one is a row here, and a file with its dialect.
var formats = []Format{
	{"text", "for a terminal", writeTerminal},
	{"markdown", "a page to keep, as Markdown", writeMarkdown},
	{"json", "the figures, for programs", writeData},
}

// Formats lists the ways to write a document, the default first.
func Formats() []Format { return formats }

// FormatNamed is the format of that name, "" for the default.
func FormatNamed(name string) (Format, error) {
	names := make([]string, len(formats))
	for i, f := range formats {
		if f.Name == name || name == "" {
			return f, nil
		}
		names[i] = f.Name
	}
	return Format{}, calibrate.Usage("one of "+strings.Join(names, ", "), "there is no format %q", name)
}

// Render writes a document in the format of that name.
func Render(w io.Writer, d Document, format string, o Options) error {
	f, err := FormatNamed(format)
	if err != nil {
		return err
	}
	return f.write(w, d, o)
}

// writeData writes a document's data as JSON.
func writeData(w io.Writer, d Document, _ Options) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d.Data)
}
