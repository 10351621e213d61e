package report

import (
	"encoding/json"
	"io"

	"workermem/calibrate"
)

// JSON writes the result as result.json has it.
func JSON(w io.Writer, r calibrate.Result) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r.Whole())
}
