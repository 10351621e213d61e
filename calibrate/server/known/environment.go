package known

import (
	"maps"
	"slices"
	"strings"

	"workermem/calibrate/server/cli"
)

// TakeOut takes variables out of the app's environment, unless the user set them for this run, and says so.
func (l *Launch) TakeOut(why string, names ...string) {
	for _, name := range names {
		if _, given := l.Spec.Env[name]; given {
			continue
		}
		before := len(l.Env)
		l.Env = slices.DeleteFunc(l.Env, func(v string) bool { return strings.HasPrefix(v, name+"=") })
		if len(l.Env) < before {
			l.Change("%s is taken out of the environment: %s", name, why)
		}
	}
}

// SetEnv sets variables in the app's environment, whatever the user or an env in the command sets them to. Placeholders
// count in the values.
func (l *Launch) SetEnv(set map[string]string) {
	l.Env = cli.Environment(l.Env, set)
	given := maps.Clone(l.Spec.Env)
	if given == nil {
		given = map[string]string{}
	}
	maps.Copy(given, set)
	l.Spec.Env = given
}
