package main

import (
	"bytes"
	"cmp"
	"io/fs"

	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/report"
)

// pageFile is a file that a page is written to, beside what is shown: --html FILE.
type pageFile struct{ path string }

func (p *pageFile) register(flags *pflag.FlagSet) {
	flags.Var(p, report.HTML, "also write a page with charts to this file")
}

func (p *pageFile) String() string { return p.path }
func (p *pageFile) Type() string   { return "file" }

// Set refuses a file that can't be written before anything is measured. What is there stays as it is: a run may fail.
func (p *pageFile) Set(path string) error {
	if err := calibrate.CanWrite(path); err != nil {
		return calibrate.Usage("--html names a file in a folder that is there, and can be written to", "the page can't be written: %s", err)
	}
	p.path = path
	return nil
}

// write writes a page, if one was asked for. It comes last, and what is done has an outcome already: a page that can't be written is
// said, and counts only where that is no failure.
func (p *pageFile) write(env Env, d report.Document, outcome error) error {
	if p.path == "" {
		return outcome
	}
	err := p.draw(d)
	switch {
	case err == nil:
		note(env, "page with charts: %s", shown(env, p.path))
		return outcome
	case outcome != nil:
		note(env, "the page can't be written: %s", err)
		return outcome
	}
	try := cmp.Or(calibrate.TryDisk(err), "name another file with --html")
	return &calibrate.Failure{Kind: calibrate.KindTool, What: "the page can't be written", Why: err.Error(), Try: try, Err: err}
}

func (p *pageFile) draw(d report.Document) error {
	var page bytes.Buffer
	if err := report.Render(&page, d, report.HTML, report.Options{}); err != nil {
		return err
	}
	return calibrate.WriteText(p.path, page.Bytes(), pageMode)
}

// pageMode lets others read it: a page is made to be shown.
const pageMode fs.FileMode = 0o644

// curves are what a run's charts are drawn from, if they are to be drawn: its journals may be long.
func (f *formatFlag) curves(path string) calibrate.Curves {
	format, err := report.FormatNamed(f.name, report.Formats())
	if draws := err == nil && format.Draws; !draws && f.page.path == "" {
		return calibrate.Curves{}
	}
	m, err := calibrate.LoadFolder(path)
	if err != nil {
		return calibrate.Curves{} // its figures are there already, and say what is to be said
	}
	return m.Curves()
}
