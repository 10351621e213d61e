package main

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/cmd/calibrate/config"
	"workermem/report"
)

func newConfigCmd(env Env) *cobra.Command {
	var f optionSets
	cmd := &cobra.Command{
		Use:   "config [flags] [-- COMMAND...]",
		Short: "Print every option as it holds, and where its value came from",
		Long: "config prints what calibrate run would take each option to be with the same flags: from the command line, from\n" +
			"calibrate.yaml or a profile of it, from the environment, or by default. It starts nothing. What may be secret is\n" +
			"left out.",
		Example: "  calibrate config\n  calibrate config --profile quick --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.show(env, cmd.Flags(), args)
		},
	}
	f.runFlags.register(cmd)
	f.wrong.collect(cmd.Flags())
	return cmd
}

func (f *optionSets) show(env Env, flags *pflag.FlagSet, typed []string) error {
	typedFlags := map[string]bool{}
	flags.Visit(func(flag *pflag.Flag) { typedFlags[flag.Name] = true })
	if err := f.wrong.err("calibrate run --help lists the flags"); err != nil {
		return err
	}
	s, err := f.configFlags.settings(env)
	if err != nil {
		return err
	}
	sets := append([]*pflag.FlagSet{flags}, f.beside()...)
	for _, set := range sets {
		if err := s.take(set, allSubjects()...); err != nil {
			return err
		}
	}
	f.shorten(flags)
	e := effective{settings: s, typed: typedFlags}
	e.chosen(env, f.configFlags)
	e.words("command", typed, s.Layer.Command, s.At)
	e.one("setup", s.Setup)
	for _, set := range sets {
		set.VisitAll(e.option)
	}
	e.gate()
	slices.SortStableFunc(e.all, func(a, b report.EffectiveOption) int { return sectionOrder(a.Key) - sectionOrder(b.Key) })
	page := report.Effective{Options: e.all}
	if s.taken != nil {
		page.File, page.Profile = s.taken.File, s.taken.Profile
	}
	return f.format.show(env, report.EffectiveOptions(page))
}

func allSubjects() (all []subject) {
	for what := range sections {
		all = append(all, what)
	}
	return all
}

// effective gathers the options as they hold.
type effective struct {
	settings
	typed map[string]bool
	all   []report.EffectiveOption
}

// chosen are the file and the profile themselves, where something chose them.
func (e *effective) chosen(env Env, f configFlags) {
	if e.taken == nil {
		return
	}
	for _, one := range []struct{ name, value, flag, variable string }{
		{"config", e.taken.File, f.path, configVariable}, {"profile", e.taken.Profile, f.profile, profileVariable},
	} {
		o := report.EffectiveOption{Key: one.name, Value: one.value, From: report.FromDefault}
		switch {
		case one.flag != "":
			o.From = report.FromFlag
		case env.Getenv(one.variable) != "":
			o.From, o.Variable = report.FromEnvironment, one.variable
		}
		e.all = append(e.all, o)
	}
}

func (e *effective) add(key, value string, from report.Source, line int) {
	e.all = append(e.all, report.EffectiveOption{Key: key, Value: value, From: from, Line: line})
}

func (e *effective) words(key string, typed, inFile []string, at config.Place) {
	switch {
	case len(typed) > 0:
		e.add(key, cli.Quoted(calibrate.Redact(typed)), report.FromFlag, 0)
	case len(inFile) > 0:
		e.add(key, cli.Quoted(calibrate.Redact(inFile)), sourceIn(at), at.Line)
	default:
		e.add(key, "", report.FromDefault, 0)
	}
}

// one is a value that no option of a run has.
func (e *effective) one(key string, v config.Value) {
	if v.Line > 0 {
		e.add(key, calibrate.RedactText(v.Text), sourceIn(v.Place), v.Line)
	}
}

func sourceIn(at config.Place) report.Source {
	if at.Profile != "" {
		return report.FromProfile
	}
	return report.FromFile
}

// option is a flag's value: that of a list by each of its own.
func (e *effective) option(f *pflag.Flag) {
	section, ok := sections[subjectOf(f)]
	if !ok {
		return
	}
	key := strings.TrimPrefix(section+"."+f.Name, ".")
	switch {
	case f.Name == "env":
		e.variables(f)
	case !f.Changed:
		e.add(key, defaultOf(f), report.FromDefault, 0)
	case e.typed[f.Name]:
		e.values(key, f, report.FromFlag, 0)
	default:
		at := slices.IndexFunc(e.Options, func(o config.Option) bool { return o.Name == f.Name && o.Section == section })
		e.values(key, f, sourceIn(e.Options[at].Place), e.Options[at].Line)
	}
}

func (e *effective) values(key string, f *pflag.Flag, from report.Source, line int) {
	for _, value := range valuesOf(f) {
		e.add(key, withoutSecret(f.Name, value), from, line)
	}
}

func (e *effective) variables(f *pflag.Flag) {
	for _, pair := range valuesOf(f) {
		name, value, _ := strings.Cut(pair, "=")
		from, line := report.FromFlag, 0
		for _, v := range e.Env {
			if pair == v.Name+"="+v.Text {
				from, line = sourceIn(v.Place), v.Line
			}
		}
		e.add("env."+name, calibrate.RedactValue(value), from, line)
	}
}

// gate is what check holds a run to.
func (e *effective) gate() {
	for _, l := range e.Limits {
		e.add("check.limits", l.String(), sourceIn(l.Place), l.Line)
	}
	e.one("check.baseline", e.Baseline)
	for _, i := range e.Ignore {
		text := i.String()
		if i.Expired(time.Now()) {
			text = "expired: " + text
		}
		e.add("check.ignore", text, sourceIn(i.Place), i.Line)
	}
}

var saidDefault = regexp.MustCompile(`\(default:? ([^()]*)\)`)

// defaultOf is the value of an option that nobody set: what its help says of that, if that is more than a value.
func defaultOf(f *pflag.Flag) string {
	if now := f.Value.String(); now != f.DefValue { // --quick has it so
		return now
	}
	if said := saidDefault.FindStringSubmatch(f.Usage); said != nil {
		return strings.Join(strings.Fields(said[1]), " ")
	}
	if f.DefValue == "[]" || f.DefValue == "0" || f.DefValue == "0s" {
		return ""
	}
	return f.DefValue
}

// sectionOrder has the options in the order in which a file has its sections.
func sectionOrder(key string) int {
	section, _, in := strings.Cut(key, ".")
	if !in {
		return 0
	}
	return 1 + slices.Index([]string{"env", "load", "host", "measure", "prove", "check"}, section)
}
