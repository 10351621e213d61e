package puma

import (
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// Where the command is started, the file of the environment is before the one for all.
func TestPumaConfigFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"APP_ENV", "RACK_ENV", "RAILS_ENV"} {
		t.Setenv(name, "")
	}
	files := func(env []string, words string) string {
		l := &known.Launch{Env: env}
		return strings.Join(configFiles(l, cli.Program{}, syntax.Scan(strings.Fields(words))), " ")
	}
	if got := files(nil, ""); got != "" {
		t.Errorf("without any file: %s", got)
	}
	servertest.Write(t, "config/puma.rb", "")
	servertest.Write(t, "config/puma/production.rb", "")
	for _, c := range []struct{ env, words, want string }{
		{"", "", "-C config/puma.rb"},
		{"RACK_ENV=production", "", "-C config/puma/production.rb"},
		{"RAILS_ENV=production", "", "-C config/puma/production.rb"},
		{"RACK_ENV=production", "-e staging", "-C config/puma.rb"},
		{"", "-e production", "-C config/puma/production.rb"},
		{"", "-C a.rb --config b.rb", "-C a.rb -C b.rb"},
		{"", "-C -", ""},
		{"", "--no-config", ""},
	} {
		if got := files([]string{c.env}, c.words); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.env, c.words, got, c.want)
		}
	}
}

// Whatever the user's own configuration prints before, what ours says counts.
func FuzzParseConfig(f *testing.F) {
	f.Add("calibrate.workers=9\n", "3")
	f.Add("\x1b[1mcalibrate.", "tcp://0.0.0.0:9292, unix:///x=y")
	f.Fuzz(func(t *testing.T, printed, value string) {
		lines := known.LogOf([]byte("calibrate.binds=" + value))
		if len(lines) != 1 {
			t.Skip("Puma writes one line")
		}
		if got := parseConfig([]byte(printed + "\ncalibrate.binds=" + value)).Text("binds"); "calibrate.binds="+got != lines[0] {
			t.Errorf("%q of %q", got, value)
		}
	})
}
