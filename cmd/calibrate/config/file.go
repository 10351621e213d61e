package config

import (
	"maps"
	"slices"

	"workermem/calibrate"
)

// Name is what the file is called.
const Name = "calibrate.yaml"

// Key is what may stand in a section.
type Key struct {
	Section string // "" at the top
	Name    string // the long name of an option
	Help    string
	Many    bool                                  // it takes a list, too
	Switch  bool                                  // it is true or false
	Refused string                                // why no file may have it, "" if one may
	Check   func(value string) *calibrate.Failure // what is wrong with a value, nil if nothing is
}

// Place is where in the file something stands.
type Place struct {
	Line, Column int
	Profile      string // "" outside of all
}

// Value is a text, and where it stands.
type Value struct {
	Text string
	Place
}

// Option is a key with its values.
type Option struct {
	Key
	Place
	Values []Value
}

// Variable is one of the app's environment.
type Variable struct {
	Name string
	Value
}

// Limit is one of check's limits.
type Limit struct {
	calibrate.Limit
	Place
}

// Ignored is an entry of check's ignore.
type Ignored struct {
	calibrate.Ignore
	Place
}

// Layer is what a file says, or one of its profiles. What it doesn't say is empty.
type Layer struct {
	Command  []string
	At       Place // of the command
	Setup    Value
	Options  []Option
	Env      []Variable
	Limits   []Limit
	Baseline Value
	Ignore   []Ignored
}

// File is a calibrate.yaml.
type File struct {
	Path string
	Layer
	Profiles map[string]Layer
}

// With is what the file says with a profile over it, "" for none. An option of the profile also takes the place of those that
// it can't go together with.
func (f File) With(profile string, apart func(a, b Option) bool) (Layer, error) {
	if profile == "" {
		return f.Layer, nil
	}
	over, ok := f.Profiles[profile]
	if !ok {
		return Layer{}, f.noProfile(profile)
	}
	under := f.Layer
	return Layer{
		Command: either(over.Command, under.Command), At: eitherPlace(over, under),
		Setup: eitherValue(over.Setup, under.Setup), Baseline: eitherValue(over.Baseline, under.Baseline),
		Limits: either(over.Limits, under.Limits), Ignore: either(over.Ignore, under.Ignore),
		Env:     overlaid(over.Env, under.Env, func(a, b Variable) bool { return a.Name == b.Name }),
		Options: overlaid(over.Options, under.Options, func(a, b Option) bool { return a.same(b) || apart(a, b) }),
	}, nil
}

func (f File) noProfile(profile string) error {
	names := slices.Sorted(maps.Keys(f.Profiles))
	if len(names) == 0 {
		return calibrate.Usage("leave --profile out, or add it under profiles:", "%s has no profiles", f.Path)
	}
	return calibrate.Usage("the nearest is "+nearest(profile, names), "%s has no profile %q", f.Path, short(profile))
}

func (o Option) same(other Option) bool { return o.Section == other.Section && o.Name == other.Name }

func either[T any](over, under []T) []T {
	if over != nil {
		return over
	}
	return under
}

func eitherValue(over, under Value) Value {
	if over.Line > 0 {
		return over
	}
	return under
}

func eitherPlace(over, under Layer) Place {
	if over.Command != nil {
		return over.At
	}
	return under.At
}

// overlaid are those of a profile, and those of the rest of the file that none of them replaces.
func overlaid[T any](over, under []T, replaces func(over, under T) bool) []T {
	all := slices.Clone(over)
	for _, one := range under {
		if !slices.ContainsFunc(over, func(o T) bool { return replaces(o, one) }) {
			all = append(all, one)
		}
	}
	return all
}
