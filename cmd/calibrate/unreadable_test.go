package main

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestReasonFirst(t *testing.T) {
	for want, err := range map[string]error{
		"law.basis is 7 (result.json is not a result of calibrate)": errors.New("/runs/a/result.json is not a result of calibrate: law.basis is 7"),
		"file does not exist (open result.json)":                    fmt.Errorf("open /runs/a/result.json: %w", fs.ErrNotExist),
		"samples.jsonl is not a regular file":                       errors.New("/runs/a/samples.jsonl is not a regular file"),
	} {
		if got := reasonFirst(err, "/runs/a"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
