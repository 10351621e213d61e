package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"

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

// Set refuses a file that can't be written before anything is measured. What isn't there is not left behind: a run may fail.
func (p *pageFile) Set(path string) error {
	_, missing := os.Stat(path)
	file, err := openOutput(path, 0)
	if err != nil {
		return pageNotWritten(err)
	}
	if p.path = path; missing != nil {
		_ = os.Remove(path)
	}
	return file.Close()
}

func pageNotWritten(err error) error {
	return calibrate.Usage("--html names a file in a folder that is there, and can be written to", "the page can't be written: %s", err)
}

// write writes a page, if one was asked for.
func (p *pageFile) write(env Env, d report.Document) error {
	if p.path == "" {
		return nil
	}
	var page bytes.Buffer
	if err := report.Render(&page, d, report.HTML, report.Options{}); err != nil {
		return err
	}
	if info, err := os.Stat(p.path); err == nil && !info.Mode().IsRegular() {
		return pageNotWritten(fmt.Errorf("%s is not a regular file", p.path))
	}
	if err := calibrate.WriteText(p.path, page.Bytes(), pageMode); err != nil {
		return pageNotWritten(err)
	}
	note(env, "page with charts: %s", shown(env, p.path))
	return nil
}

// pageMode lets others read it: a page is made to be shown.
const pageMode fs.FileMode = 0o644

// curves are what a run's charts are drawn from, if they are to be drawn: its journals may be long.
func (f *formatFlag) curves(path string) calibrate.Curves {
	if f.page.path == "" && f.name != report.HTML {
		return calibrate.Curves{}
	}
	m, err := calibrate.LoadFolder(path)
	if err != nil {
		return calibrate.Curves{} // its figures are there already, and say what is to be said
	}
	return m.Curves()
}
