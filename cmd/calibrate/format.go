package main

import (
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/report"
)

// formatFlag is how a result is written: --format NAME, for which each name is a flag of its own.
type formatFlag struct {
	name  string
	given string // as it was typed
}

func (f *formatFlag) register(flags *pflag.FlagSet) {
	about(aboutOutput, flags, func(flags *pflag.FlagSet) {
		var names []string
		for _, format := range report.Formats() {
			names = append(names, format.Name+" ("+format.About+")")
		}
		flags.Var(f, "format", "write the result as "+strings.Join(names, ", "))
		for _, format := range report.Formats()[1:] {
			flags.VarPF(formatNamed{f, format.Name}, format.Name, "", "short for --format "+format.Name).NoOptDefVal = "true"
		}
	})
}

func (f *formatFlag) String() string { return f.name }
func (f *formatFlag) Type() string   { return "name" }

func (f *formatFlag) Set(name string) error { return f.set(name, "--format "+name) }

func (f *formatFlag) set(name, given string) error {
	if _, err := report.FormatNamed(name); err != nil {
		return err
	}
	if f.name != "" && f.name != name {
		return calibrate.Usage("leave one out", "%s with %s asks for two formats at once", f.given, given)
	}
	f.name, f.given = name, given
	return nil
}

// show writes a document in that format.
func (f *formatFlag) show(env Env, d report.Document) error {
	return report.Render(env.Stdout, d, f.name, report.Options{Color: env.Color})
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
