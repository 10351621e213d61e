package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/knob"
	"workermem/cmd/calibrate/config"
)

// The variables that stand for --config and --profile, for a CI job that can't change the command line.
const (
	configVariable  = "CALIBRATE_CONFIG"
	profileVariable = "CALIBRATE_PROFILE"
)

// configFlags say which calibrate.yaml holds.
type configFlags struct {
	path, profile string
	none          bool
}

func (f *configFlags) register(flags *pflag.FlagSet) {
	about(aboutConfig, flags, func(flags *pflag.FlagSet) {
		naming(flags, &f.path, "config", "take options from this file (default: calibrate.yaml, in this folder or above it)")
		flags.BoolVar(&f.none, "no-config", false, "take none from a file")
		naming(flags, &f.profile, "profile", "with the options of this profile of the file over the others")
	})
}

// settings are what calibrate.yaml says. Without a file they say nothing.
type settings struct {
	config.Layer
	taken  *calibrate.Config // from it; nil without a file
	file   config.File
	folder string // of the file, relative to the working directory
	named  bool   // somebody said which file
}

// settings finds the file and reads it.
func (f *configFlags) settings(env Env) (s settings, err error) {
	path, profile := cmp.Or(f.path, env.Getenv(configVariable)), cmp.Or(f.profile, env.Getenv(profileVariable))
	s.named = path != ""
	switch {
	case f.none && f.path != "":
		return s, calibrate.Usage("leave one out", "--config with --no-config asks for a file and for none")
	case f.none && f.profile != "":
		return s, calibrate.Usage("leave one out", "--profile with --no-config: a profile is a part of the file")
	case f.none:
		return s, nil
	case path == "":
		path = config.Find(env.Dir, env.Getenv("HOME"))
	case !filepath.IsAbs(path):
		path = filepath.Join(env.Dir, path)
	}
	if path == "" && profile != "" {
		return s, calibrate.Usage("calibrate init writes one", "there is no calibrate.yaml, and --profile asks for a part of it")
	}
	if path == "" {
		return s, nil
	}
	shown := relative(env, path)
	if s.file, err = config.Read(path, shown, configKeys()); err != nil {
		return s, err
	}
	s.folder = filepath.Dir(shown)
	s.Layer, err = s.file.With(profile, apart)
	s.taken = &calibrate.Config{File: shown, Profile: profile, Options: []calibrate.ConfigOption{}}
	return s, err
}

// relative is a path as seen from where calibrate was started.
func relative(env Env, path string) string {
	folder, err := filepath.Abs(env.Dir)
	if err != nil {
		return path
	}
	if path, err = filepath.Abs(path); err != nil {
		return path
	}
	short, err := filepath.Rel(folder, path)
	if err != nil {
		return path
	}
	return short
}

// rivals are options of which a command takes one. The one that was said nearer to the command line holds.
var rivals = [][2]string{
	{"path", "targets"}, {"path", "methods"}, {"quick", "duration"}, {"quick", "requests"}, {"quick", "sweep"}, {"prefer", "sweep"},
	{"host", "cpus"}, {"host", "memory"},
}

func areRivals(a, b string) bool {
	return slices.Contains(rivals, [2]string{a, b}) || slices.Contains(rivals, [2]string{b, a})
}

// apart says that an option of a profile takes the place of another.
func apart(over, under config.Option) bool {
	return areRivals(over.Name, under.Name) && over.Values[0].Text != "false"
}

// take sets the options about these subjects that the command line doesn't set itself, as if they stood on it.
func (s settings) take(flags *pflag.FlagSet, subjects ...subject) error {
	for _, o := range s.Options {
		flag := flags.Lookup(o.Name)
		if flag == nil || !slices.Contains(subjects, subjectOf(flag)) || sections[subjectOf(flag)] != o.Section || overruled(flags, o.Name) {
			continue
		}
		if err := s.set(flags, flag, o); err != nil {
			return err
		}
	}
	if !slices.Contains(subjects, aboutApp) || flags.Lookup("env") == nil {
		return nil
	}
	return s.takeEnv(flags, func(string) bool { return true })
}

// set sets an option as if it stood on the command line.
func (s settings) set(flags *pflag.FlagSet, flag *pflag.Flag, o config.Option) error {
	for _, text := range s.texts(flag, o) {
		if err := flags.Set(o.Name, text); err != nil {
			return calibrate.Usage("", "%s:%d: %s", s.file.Path, o.Line, err)
		}
	}
	s.note(o.Name, o.Place)
	return nil
}

// takeEnv sets the variables that the command line doesn't set itself.
func (s settings) takeEnv(flags *pflag.FlagSet, wanted func(name string) bool) error {
	own := valuesOf(flags.Lookup("env"))
	for _, v := range s.Env {
		given := slices.ContainsFunc(own, func(one string) bool { return strings.HasPrefix(one, v.Name+"=") })
		if given || !wanted(v.Name) {
			continue
		}
		if err := flags.Set("env", v.Name+"="+v.Text); err != nil {
			return err
		}
		s.note("env "+v.Name, v.Place)
	}
	return nil
}

// takeSecrets sets what a run had from this file and doesn't keep, for it may be secret: variables and headers. What the
// command line of the run or of this one had instead isn't the file's to say.
func (s settings) takeSecrets(flags *pflag.FlagSet, plan calibrate.PlanInfo) error {
	if s.taken == nil || plan.Config == nil || plan.Config.File != s.taken.File {
		return nil
	}
	var err error
	if s.Layer, err = s.file.With(cmp.Or(s.taken.Profile, plan.Config.Profile), apart); err != nil {
		return err
	}
	if err := s.takeEnv(flags, func(name string) bool { return plan.Config.Has("env " + name) }); err != nil {
		return err
	}
	if !plan.Config.Has("header") || overruled(flags, "header") {
		return nil
	}
	for _, o := range s.Options {
		if o.Name != "header" {
			continue
		}
		if err := s.set(flags, flags.Lookup(o.Name), o); err != nil {
			return err
		}
	}
	return nil
}

func (s settings) note(name string, at config.Place) {
	s.taken.Options = append(s.taken.Options, calibrate.ConfigOption{Name: name, Line: at.Line, Profile: at.Profile != ""})
}

// overruled says that the command line has the option, or one that it can't go together with.
func overruled(flags *pflag.FlagSet, name string) bool {
	found := false
	flags.Visit(func(f *pflag.Flag) {
		found = found || f.Name == name || areRivals(f.Name, name) && f.Value.String() != "false"
	})
	return found
}

// texts are an option's values as the command line would have them. A file's name is written as seen from calibrate.yaml.
func (s settings) texts(flag *pflag.Flag, o config.Option) (all []string) {
	for _, v := range o.Values {
		if isFile := o.Name == "targets" || o.Name == "before"; isFile && !filepath.IsAbs(v.Text) {
			v.Text = filepath.Join(s.folder, v.Text)
		}
		all = append(all, v.Text)
	}
	if commas(flag) {
		return []string{strings.Join(all, ",")}
	}
	return all
}

// command is what is to be started: as typed, else the file's. That of a file which was found above is meant for its folder.
func (s settings) command(typed []string) ([]string, error) {
	switch {
	case len(typed) > 0:
		return typed, nil
	case s.taken == nil || len(s.Command) == 0:
		return nil, calibrate.Usage("calibrate run -- gunicorn app:app; or calibrate init, which writes it into calibrate.yaml", "no command to measure was given")
	case s.folder != "." && !s.named:
		return nil, calibrate.Usage("cd "+s.folder, "the command of %s is started in its folder, not in this one", s.file.Path)
	}
	s.note("command", s.At)
	return s.Command, nil
}

var mentioned = regexp.MustCompile(`--([a-z0-9][a-z0-9-]*)`)

// explained is a complaint about options with what nobody sees on the command line: which of them the file has.
func (s settings) explained(err error) error {
	var f *calibrate.Failure
	if s.taken == nil || !errors.As(err, &f) || f.Kind != calibrate.KindUsage || f.Why != "" {
		return err
	}
	var parts []string
	for _, m := range mentioned.FindAllStringSubmatch(f.What, -1) {
		for _, o := range s.taken.Options {
			part := fmt.Sprintf("--%s is from %s:%d", o.Name, s.file.Path, o.Line)
			if o.Name == m[1] && !slices.Contains(parts, part) {
				parts = append(parts, part)
			}
		}
	}
	f.Why = strings.Join(parts, ", ")
	return err
}

// sections are where a file has what options are about; the rest it doesn't have.
var sections = map[subject]string{
	aboutApp: "", aboutWarnings: "", aboutRequests: "load", aboutLoad: "load", aboutSizing: "host", aboutEffort: "measure", aboutProof: "prove", aboutCheck: "check",
}

// optionSets are the options that a file may have: those of a run, of a proof, and of what a check takes for deployed.
type optionSets struct {
	runFlags
	proving
	production
}

// all registers them. The sets are apart, for a name may mean one thing in each.
func (o *optionSets) all() []*pflag.FlagSet {
	var run cobra.Command
	o.runFlags.register(&run)
	return append([]*pflag.FlagSet{run.Flags()}, o.beside()...)
}

// beside are those that calibrate run doesn't have.
func (o *optionSets) beside() []*pflag.FlagSet {
	prove, check := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	prove.SortFlags, check.SortFlags = false, false
	about(aboutProof, prove, func(flags *pflag.FlagSet) { knobs(flags, &o.proving) })
	about(aboutCheck, check, func(flags *pflag.FlagSet) { knobs(flags, &o.production) })
	return []*pflag.FlagSet{prove, check}
}

// configKeys are the options that a file may have.
func configKeys() (all []config.Key) {
	var options optionSets
	for _, set := range options.all() {
		set.VisitAll(func(f *pflag.Flag) {
			if section, ok := sections[subjectOf(f)]; ok && f.Name != "env" {
				all = append(all, options.key(section, f))
			}
		})
	}
	return all
}

func (o *optionSets) key(section string, f *pflag.Flag) config.Key {
	_, list := f.Value.(pflag.SliceValue)
	key := config.Key{
		Section: section, Name: f.Name, Help: f.Usage, Many: list || commas(f), Switch: f.Value.Type() == "bool",
		Check: func(text string) *calibrate.Failure { return o.wrongValue(f, text) },
	}
	if f.Name == "allow-remote" {
		key.Refused = "a file that comes with a repository must not send load to other machines"
	}
	return key
}

// commas says that an option takes several values with commas between them.
func commas(f *pflag.Flag) bool {
	return slices.Contains([]string{new(threadCounts).Type(), new(methods).Type()}, f.Value.Type())
}

// wrongValue says what is wrong with a value by itself, nil if nothing is.
func (f *runFlags) wrongValue(flag *pflag.Flag, text string) *calibrate.Failure {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		_ = list.Replace(nil) // of texts, which can be any
	}
	if err := flag.Value.Set(text); err != nil {
		return cmp.Or(badValue(flag, text, err), calibrate.Usage("", "%s: %s", flag.Name, err))
	}
	if k, ok := flag.Value.(knob.Knob); ok && k.Outside() {
		return outside(k)
	}
	for _, check := range slices.Concat(f.requestFlags.checks(), f.appFlags.checks(), []flagCheck{
		{slices.ContainsFunc(f.headers, func(line string) bool { _, _, ok := cutHeader(line); return !ok }), "--header", "it as 'Name: value', such as 'Accept: text/html'"},
	}) {
		if check.bad && check.flag == "--"+flag.Name {
			return calibrate.Usage("give "+check.try, "%s is not valid", check.flag)
		}
	}
	return nil
}
