package main

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/report"
)

// formatFlag is how a result is written: --format NAME. Those for people, and json, are flags of their own, too; html's names a file.
type formatFlag struct {
	name    string
	given   string // as it was typed
	exports bool   // of a run: the formats of other programs are offered
	rows    bool   // of a run, or of several: CSV is offered
	verbose bool   // at a terminal, all of the page
	app     string // by which they know it
	page    pageFile
	missed  error // what a CI's files didn't take of it
}

// register offers the formats of a page, and if it is one of a run those that need one.
func (f *formatFlag) register(flags *pflag.FlagSet) {
	about(aboutOutput, flags, func(flags *pflag.FlagSet) {
		usage := "write the result as " + described(f.pages())
		if f.exports {
			usage += ",\nor as others read it (calibrate guide ci): " + strings.Join(report.FormatNames(offeredExports()), ", ")
			flags.StringVar(&f.app, "app", "", "the app's name for others (default: its server's)")
		}
		flags.Var(f, "format", usage)
		f.page.register(flags)
		for _, format := range report.Formats()[1:] { // --csv takes a folder
			if format.Name == report.HTML {
				continue
			}
			flags.VarPF(formatNamed{f, format.Name}, format.Name, "", "short for --format "+format.Name).NoOptDefVal = "true"
		}
	})
}

// registerVerbose offers all of a page that is short without: of a report as text, of a verdict in any format.
func (f *formatFlag) registerVerbose(flags *pflag.FlagSet) {
	about(aboutOutput, flags, func(flags *pflag.FlagSet) {
		flags.BoolVar(&f.verbose, "verbose", false, "show all of it, not the short form")
	})
}

// pages are what any page may be written as.
func (f *formatFlag) pages() []report.Format {
	if f.rows {
		return append(slices.Clone(report.Formats()), report.Rows)
	}
	return report.Formats()
}

func described(formats []report.Format) string {
	names := make([]string, len(formats))
	for i, format := range formats {
		names[i] = format.Name + " (" + format.About + ")"
	}
	return strings.Join(names, ", ")
}

// offeredExports are what a run can be written as for others, in a stream or in files.
func offeredExports() []report.Format {
	all := slices.Clone(report.Exports())
	for _, p := range platforms {
		all = append(all, report.Format{Name: p.name, About: p.about})
	}
	return all
}

// forOthers says that the format is one of other programs, and was asked for.
func (f *formatFlag) forOthers() bool {
	return slices.ContainsFunc(offeredExports(), func(format report.Format) bool { return format.Name == f.name })
}

func (f *formatFlag) String() string { return f.name }
func (f *formatFlag) Type() string   { return "name" }

func (f *formatFlag) Set(name string) error { return f.set(name, "--format "+name) }

func (f *formatFlag) set(name, given string) error {
	offered := f.pages()
	if f.exports {
		offered = slices.Concat(offered, offeredExports())
	}
	if _, err := report.FormatNamed(name, offered); err != nil {
		return err
	}
	if f.name != "" && f.name != name {
		return calibrate.Usage("leave one out", "%s with %s asks for two formats at once", f.given, given)
	}
	f.name, f.given = name, given
	return nil
}

// show writes a document in that format, and the page beside it.
func (f *formatFlag) show(env Env, d report.Document) error { return f.showAs(env, d, nil) }

// showAs is show of what came to an outcome, nil for none but the document. It is what is returned if all is written.
func (f *formatFlag) showAs(env Env, d report.Document, outcome error) error {
	if err := f.render(env, d); err != nil {
		return err
	}
	return f.finish(env, d, outcome)
}

// render writes a document. What the files of a CI don't take of it is left to finish.
func (f *formatFlag) render(env Env, d report.Document) error {
	d = f.named(d)
	p := platformNamed(f.name)
	if p == nil {
		return report.Render(env.Stdout, d, f.name, report.Options{Color: env.Color, Width: env.columns(), Verbose: f.verbose})
	}
	err := p.write(env, env.Stdout, d)
	if _, ofFile := errors.AsType[*calibrate.Failure](err); !ofFile {
		return err
	}
	f.missed = err
	return nil
}

// finish writes the page beside what was shown. What is done has an outcome already: a file that can't be written for a CI is said, and
// counts only where that is no failure.
func (f *formatFlag) finish(env Env, d report.Document, outcome error) error {
	switch {
	case f.missed != nil && outcome != nil:
		note(env, "not told to %s: %s", f.name, f.missed)
	case f.missed != nil:
		outcome = f.missed
	}
	return f.page.write(env, d, outcome)
}

// complain complains of a format whose files can't be written, before anything is started.
func (f *formatFlag) complain(env Env, w *complaints) {
	p := platformNamed(f.name)
	if p == nil {
		return
	}
	for _, file := range p.files(env) {
		err := canOpen(file.path)
		w.add(err != nil, "let it be written, or leave "+f.given+" out", "%s can't be written: %v", file.name, err)
	}
}

// named gives a run's export the app's name.
func (f *formatFlag) named(d report.Document) report.Document {
	if d.Export != nil {
		export := *d.Export
		export.App = cmp.Or(f.app, export.App)
		d.Export = &export
	}
	return d
}

// formatNamed is a short form.
type formatNamed struct {
	format *formatFlag
	name   string
}

func (n formatNamed) String() string { return "" }
func (n formatNamed) Type() string   { return "bool" }

func (n formatNamed) Set(text string) error {
	wanted, err := strconv.ParseBool(text)
	if err != nil || !wanted {
		return err
	}
	return n.format.set(n.name, "--"+n.name)
}
