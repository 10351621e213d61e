package calibrate

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Curves are what a run's pictures are drawn from: its journals, or of a page as much of them as can be seen in a picture.
type Curves struct {
	Samples []Sample `json:"samples"`
	Buckets []Bucket `json:"load"`
}

// PageSchema names the shape of the data in an HTML page. Keys may join freely.
const PageSchema = "calibrate.page/1"

// Page is what an HTML page holds for programs, so that a report of it can be made again.
type Page struct {
	Schema string          `json:"schema"`
	Data   json.RawMessage `json:"data"` // the same as --json writes: of a run, result.json
	Curves Curves          `json:"curves"`
}

// What stands about that data in a page. It is JSON without "<", so that nothing in it can be taken for the end.
const (
	PageBegins = `<template id="calibrate">`
	PageEnds   = `</template>`
)

// inPage is the data of an HTML page; ok is false of what is none.
func inPage(text []byte) (p Page, ok bool, err error) {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("<")) {
		return p, false, nil
	}
	_, after, _ := bytes.Cut(text, []byte(PageBegins))
	data, _, ok := bytes.Cut(after, []byte(PageEnds))
	if !ok {
		return p, true, errors.New("it is a page without the data of a run")
	}
	if much := tooMuch(data); much != "" {
		return p, true, errors.New("it has " + much)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return p, true, err
	}
	if p.Schema != PageSchema {
		return p, true, errors.New("it has the schema " + p.Schema)
	}
	return p, true, p.Curves.check()
}

// check refuses curves that no run has.
func (c Curves) check() error {
	for _, s := range c.Samples {
		if !s.plausible() {
			return errors.New("it has a sample that no run has")
		}
	}
	for _, b := range c.Buckets {
		if !b.plausible() {
			return errors.New("it has a second of load that no run has")
		}
	}
	return nil
}
