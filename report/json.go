package report

import (
	"encoding/json"
	"io"
)

// writeData writes a document's data as JSON.
func writeData(w io.Writer, d Document, _ Options) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d.Data)
}
