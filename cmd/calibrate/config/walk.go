package config

import (
	"errors"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server/cli"
)

// The keys that are no options, at the top and under check.
const (
	keyCommand  = "command"
	keySetup    = "setup"
	keyEnv      = "env"
	keyCheck    = "check"
	keyProfiles = "profiles"
	keyLimits   = "limits"
	keyBaseline = "baseline"
	keyIgnore   = "ignore"
	keySchema   = "$schema" // for editors
)

// entry is a key and what stands behind it.
type entry struct {
	name string
	Place
	value *yaml.Node
}

// top reads what isn't indented.
func (r *reader) top(root *yaml.Node) (all Layer, profiles map[string]Layer) {
	for _, e := range r.entries(root, "the file", r.topKeys()) {
		if e.name == keyProfiles {
			profiles = r.profiles(e)
		} else {
			r.layered(&all, e)
		}
	}
	return all, profiles
}

func (r *reader) profiles(all entry) map[string]Layer {
	read := map[string]Layer{}
	for _, p := range r.entries(all.value, keyProfiles, nil) {
		var layer Layer
		r.profile = p.name
		for _, e := range r.entries(p.value, "profile "+short(p.name), without(r.topKeys(), keyProfiles)) {
			r.layered(&layer, e)
		}
		r.profile, read[p.name] = "", layer
	}
	return read
}

// layered reads a key of the top, or of a profile.
func (r *reader) layered(l *Layer, e entry) {
	switch e.name {
	case keySchema:
	case keyCommand:
		l.Command, l.At = r.command(e), e.Place
	case keySetup:
		l.Setup, _ = r.one(e.value, keySetup)
	case keyEnv:
		l.Env = r.env(e)
	case keyCheck:
		r.check(l, e)
	default:
		if key, ok := r.keyOf("", e.name); ok {
			r.option(l, key, e)
			return
		}
		for _, below := range r.entries(e.value, e.name, r.names(e.name)) {
			key, _ := r.keyOf(e.name, below.name)
			r.option(l, key, below)
		}
	}
}

// command is a line, which a shell takes apart if it is more than words, or the words themselves.
func (r *reader) command(e entry) []string {
	values, _ := r.values(e.value, keyCommand, true)
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = v.Text
	}
	if len(words) == 0 {
		return nil
	}
	if e.value.Kind == yaml.ScalarNode && strings.TrimSpace(words[0]) != "" {
		words = cli.Command(words[0])
	}
	if strings.TrimSpace(words[0]) == "" { // also in quotes
		r.complain(values[0].Place, "write what starts the app, such as gunicorn app:app", "the command is empty")
	}
	return words
}

func (r *reader) env(e entry) (all []Variable) {
	if len(e.value.Content) > 2*mostValues {
		r.complain(e.Place, "set them in a script that starts the app", "env has more than %s values", say.Count(mostValues))
		return nil
	}
	for _, below := range r.entries(e.value, keyEnv, nil) {
		v, ok := r.one(below.value, below.name)
		if strings.ContainsAny(below.name, "= \t\r\n\x00") || below.name == "" {
			r.complain(below.Place, "write NAME: value", "this is no name of a variable") // and is not repeated: it may hold the value
		} else if ok {
			all = append(all, Variable{below.name, v})
		}
	}
	return all
}

// option reads the values of an option. What is refused isn't kept.
func (r *reader) option(l *Layer, k Key, e entry) {
	if k.Refused != "" {
		r.complain(e.Place, "type --"+k.Name+" where it is needed", "%s can't be set in a file: %s", k.Name, k.Refused)
		return
	}
	values, ok := r.values(e.value, k.Name, k.Many)
	for _, v := range values {
		bad := k.Check(v.Text)
		if k.Switch && v.Text != "true" && v.Text != "false" {
			bad = calibrate.Usage("write true or false", "%s: %q is neither true nor false", k.Name, short(v.Text))
		}
		if bad != nil {
			r.refuse(v.Place, bad)
			ok = false
		}
	}
	if ok {
		l.Options = append(l.Options, Option{Key: k, Place: e.Place, Values: values})
	}
}

func (r *reader) check(l *Layer, e entry) {
	for _, below := range r.entries(e.value, keyCheck, append([]string{keyLimits, keyBaseline, keyIgnore}, r.names(keyCheck)...)) {
		switch below.name {
		case keyLimits:
			l.Limits = r.limits(below)
		case keyBaseline:
			l.Baseline, _ = r.one(below.value, keyBaseline)
		case keyIgnore:
			l.Ignore = r.ignored(below)
		default:
			key, _ := r.keyOf(keyCheck, below.name)
			r.option(l, key, below)
		}
	}
}

// limits are read as --limit reads them.
func (r *reader) limits(e entry) (all []Limit) {
	if len(e.value.Content) > calibrate.MostLimits {
		r.complain(placeOf(e.value), "keep those that matter", "%s has more than %s values", keyLimits, say.Count(calibrate.MostLimits))
		return nil
	}
	values, _ := r.values(e.value, keyLimits, true)
	for _, v := range values {
		limit, err := calibrate.ParseLimit(v.Text)
		again := func(other Limit) bool { return err == nil && limit.Repeats(other.Limit) }
		switch at := slices.IndexFunc(all, again); {
		case err != nil:
			r.refuseIf(v.Place, err)
		case at >= 0:
			r.complain(v.Place, "leave one out", "%s: line %d limits it already", limit, all[at].Line)
		default:
			all = append(all, Limit{limit, v.Place})
		}
	}
	return all
}

func (r *reader) ignored(e entry) (all []Ignored) {
	const like = "write a list of metric, reason and until"
	if e.value.Kind != yaml.SequenceNode {
		r.complain(placeOf(e.value), like, "%s holds %s", keyIgnore, kindOf(e.value))
		return nil
	}
	for _, one := range e.value.Content {
		at := map[string]Place{"metric": placeOf(one), "reason": placeOf(one), "until": placeOf(one)}
		text := map[string]string{}
		before := len(r.wrong)
		if before >= mostWrong {
			break
		}
		for _, part := range r.entries(one, keyIgnore, []string{"metric", "reason", "until"}) {
			v, _ := r.one(part.value, part.name)
			at[part.name], text[part.name] = v.Place, v.Text
		}
		if len(r.wrong) > before {
			continue
		}
		i, metric, reason, until := calibrate.ParseIgnore(text["metric"], strings.TrimSpace(text["reason"]), text["until"], time.Now())
		r.refuseIf(at["metric"], metric)
		r.refuseIf(at["reason"], reason)
		r.refuseIf(at["until"], until)
		all = append(all, Ignored{i, r.at(placeOf(one))})
	}
	return all
}

func (r *reader) refuseIf(at Place, err error) {
	var f *calibrate.Failure
	if errors.As(err, &f) {
		r.refuse(at, f)
	}
}

func (r *reader) at(p Place) Place {
	p.Profile = r.profile
	return p
}

func (r *reader) keyOf(section, name string) (Key, bool) {
	at := slices.IndexFunc(r.keys, func(k Key) bool { return k.Section == section && k.Name == name })
	if at < 0 {
		return Key{}, false
	}
	return r.keys[at], true
}

// names are the keys of a section.
func (r *reader) names(section string) (all []string) {
	for _, k := range r.keys {
		if k.Section == section {
			all = append(all, k.Name)
		}
	}
	return all
}

func (r *reader) topKeys() []string {
	all := []string{keyCommand, keySetup, keyEnv, keyCheck, keyProfiles, keySchema}
	for _, k := range r.keys {
		if k.Section == "" {
			all = append(all, k.Name)
		} else if !slices.Contains(all, k.Section) {
			all = append(all, k.Section)
		}
	}
	return all
}

func without(all []string, name string) []string {
	return slices.DeleteFunc(all, func(one string) bool { return one == name })
}
