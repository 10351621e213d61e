package puma

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// To ask why the app can't be loaded is to start Puma beside production's, also where it can be loaded this time.
func TestE2EPumaLoadErrorWritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	config, ours := file("puma.rb"), file("ours.rb")
	servertest.Write(t, config, "pidfile '"+file("pid")+"'\nstate_path '"+file("state")+"'\nactivate_control_app 'unix://"+file("control")+"'\n"+
		"stdout_redirect '"+file("out")+"', '"+file("err")+"'\n")
	rackApp := servertest.Fixture(t, "rack", "config.ru")
	p := cli.SeeThrough([]string{servertest.OnPath(t, "puma"), "-C", config, rackApp})
	args := syntax.Scan(p.Args())
	l := known.NewLaunch(t.Context(), known.Spec{Command: p.Argv}, known.Address{Host: known.Loopback}, nil)
	l.Env = os.Environ()
	if why := whyNotLoaded(l, p, args); why != "" {
		t.Errorf("it can be loaded: %s", why)
	}
	settings := func(text string) cli.Settings {
		servertest.Write(t, ours, text+question)
		out, err := l.Ask(slices.Concat(p.Argv[:p.Index+1], wordsWith(l, p, args, ours)), known.ConfigTime, nil)
		if err != nil {
			t.Fatal(err)
		}
		return parseConfig(out)
	}
	before, after := settings(""), settings(alone)
	for _, name := range []string{"pidfile", "state", "control_url", "redirect_stdout", "redirect_stderr"} {
		if before.Text(name) == "" || after.Text(name) != "" || after.Text("version") == "" {
			t.Errorf("%s: %q, and with ours %q", name, before.Text(name), after.Text(name))
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("it wrote %v", files)
	}
}

// Plugins of Puma's own, and of a gem.
func TestE2EPumaPlugins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	servertest.Write(t, filepath.Join(dir, "puma/plugin/jobs.rb"), "Puma::Plugin.create do\nend\n")
	servertest.Write(t, filepath.Join(dir, "puma.rb"), "plugin :tmp_restart\nplugin :jobs\n")
	rackApp := servertest.Fixture(t, "rack", "config.ru")
	p := cli.SeeThrough([]string{servertest.OnPath(t, "puma"), "-I", dir, "-C", filepath.Join(dir, "puma.rb"), rackApp})
	l := known.NewLaunch(t.Context(), known.Spec{Command: p.Argv}, known.Address{Host: known.Loopback}, nil)
	l.Env = os.Environ()
	c, err := ask(l, p, syntax.Scan(p.Args()))
	if err != nil || c.Text("plugins") != "tmp_restart, jobs" {
		t.Errorf("%q %v", c.Text("plugins"), err)
	}
}
