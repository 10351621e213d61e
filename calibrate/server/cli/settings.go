package cli

import "slices"

// Settings are what a command would run with: layers of sources, the one that counts first, and how the server reads what
// stands there.
type Settings struct {
	Layers  []Layer
	Reading Reading
}

// Layer is what one source says: a command line, an environment, a configuration file. The keys are settings.
type Layer map[string]Value

// Value is what one source says of a setting.
type Value struct {
	Texts []string // more than one if an option is repeated; the last counts, unless the server collects them
	From  string   // how to name it to the user: "--daemon", "WEB_CONCURRENCY", "workers in gunicorn.conf.py"
}

// Text is the one that counts, "" for none.
func (v Value) Text() string {
	if len(v.Texts) == 0 {
		return ""
	}
	return v.Texts[len(v.Texts)-1]
}

// Layer is what the words say. Of a command line that stands in a variable, in is its name.
func (args Args) Layer(in string) Layer {
	layer := Layer{}
	for _, arg := range args {
		if arg.Name == "" {
			continue
		}
		v := Value{Texts: append(slices.Clip(layer[arg.Name].Texts), arg.Value), From: arg.Written}
		if in != "" {
			v.From += " in " + in
		}
		layer[arg.Name] = v
	}
	return layer
}

// Settings are what the words alone say.
func (args Args) Settings() Settings { return Settings{Layers: []Layer{args.Layer("")}} }

// FromEnv is what an environment says. The keys of variables are settings. An empty variable counts for nothing.
func FromEnv(env []string, variables map[string]string) Layer {
	layer := Layer{}
	for setting, variable := range variables {
		if text := Getenv(env, variable); text != "" {
			layer[setting] = Value{[]string{text}, variable}
		}
	}
	return layer
}

// Variables are the variables of all settings, by the server's rule for their names.
func (o Options) Variables(name func(setting string) string) map[string]string {
	variables := map[string]string{}
	for _, option := range o.All {
		variables[option.Name] = name(option.Name)
	}
	return variables
}

// Value is what the first layer that has a setting says of it.
func (s Settings) Value(setting string) Value {
	for _, layer := range s.Layers {
		if v, ok := layer[setting]; ok {
			return v
		}
	}
	return Value{}
}

// Has says whether a setting is set.
func (s Settings) Has(setting string) bool { return s.From(setting) != "" }

// Text is the value that counts, "" for none.
func (s Settings) Text(setting string) string { return s.Value(setting).Text() }

// List is all that the source that counts says.
func (s Settings) List(setting string) []string { return s.Value(setting).Texts }

// From names to the user where a setting comes from, "" for nowhere.
func (s Settings) From(setting string) string { return s.Value(setting).From }

// Number is otherwise if the setting isn't set, or is no number to the server.
func (s Settings) Number(setting string, otherwise int) int {
	if s.Has(setting) {
		if n, ok := s.Reading.Number(s.Text(setting)); ok {
			return n
		}
	}
	return otherwise
}

// On says whether a setting is set to what the server takes for yes.
func (s Settings) On(setting string) bool { return s.Has(setting) && s.Reading.Yes(s.Text(setting)) }
