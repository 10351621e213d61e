package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

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
	if err := noOtherFile(path); err != nil {
		return calibrate.Usage("name a new file for the page", "the page can't be written: %s", err)
	}
	p.path = path
	return nil
}

// ownPage are what tells calibrate's pages from others, such as the app's own: who made it, and in older ones how its style began.
var ownPage = []string{`<meta name="generator" content="calibrate">`, "<style>\n:root{color-scheme:light dark;--ink:#1b1f24;"}

// noOtherFile refuses a file that holds something else than a page of calibrate's. It was meant for another flag, most likely: as --html
// result.json would be the end of a run. One that may be written, and not read, is its owner's business.
func noOtherFile(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	const head = 16 << 10 // has the title, too
	begin, err := io.ReadAll(io.LimitReader(file, head))
	has := func(mark string) bool { return bytes.Contains(begin, []byte(mark)) }
	if err == nil && len(begin) > 0 && !slices.ContainsFunc(ownPage, has) {
		err = fmt.Errorf("%s is there and is no page of calibrate's", path)
	}
	return err
}

// is says that a path leads to where the page will be, whether anything is there yet or not.
func (p *pageFile) is(path string) bool {
	if p.path == "" {
		return false
	}
	ours, err := filepath.Abs(p.path)
	theirs, otherErr := filepath.Abs(path)
	if err != nil || otherErr != nil || filepath.Base(ours) != filepath.Base(theirs) {
		return false
	}
	return sameFile(filepath.Dir(ours), filepath.Dir(theirs))
}

// sameFile says that two paths lead to one file or folder.
func sameFile(one, other string) bool {
	ours, err := os.Stat(one)
	theirs, otherErr := os.Stat(other)
	return err == nil && otherErr == nil && os.SameFile(ours, theirs)
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
