package puma

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/guard"
	"workermem/calibrate/server/known"
)

// reading is that of what question prints: Ruby's own numbers, true and false, and nothing for nil.
var reading = cli.Reading{Number: cli.PythonInt, Yes: cli.Unless("", "false")}

// question is a configuration file of ours. Puma reads it after the user's own, when command line and environment are
// known and before it loads the app (launcher.rb, Launcher#initialize). It prints what all of these come to, and ends.
const question = `options = @config.options
all = options.final_options
%i[workers min_threads max_threads binds preload_app environment pidfile state control_url redirect_stdout redirect_stderr
   log_requests fork_worker daemon].each do |name|
  value = all[name]
  value = value.call if value.respond_to?(:call)
  $stdout.puts "calibrate.#{name}=#{Array(value).join(", ").tr("\n", " ")}"
end
loaded = @config.plugins.instance_variable_get(:@instances).to_a.map(&:class)
plugins = Puma::Plugins.instance_variable_get(:@plugins).to_h.select { |_, plugin| loaded.include?(plugin) }.keys
$stdout.puts "calibrate.plugins=#{plugins.join(", ").tr("\n", " ")}"
$stdout.puts "calibrate.preload_from_env=#{[options.user_options, options.file_options].none? { |o| o.key?(:preload_app) }}"
$stdout.puts "calibrate.version=#{Puma::Const::PUMA_VERSION}"
$stdout.flush
exit!
`

// ask has Puma read the user's configuration, and nothing more: what the command would run with, by Puma's own
// reckoning, for its configuration is a Ruby program.
func ask(l *known.Launch, p cli.Program, args cli.Args) (cli.Settings, error) {
	file, err := writeFile(question)
	if err != nil {
		return cli.Settings{}, &calibrate.Failure{Kind: calibrate.KindTool, Err: err, What: "the question to puma could not be written", Why: err.Error(),
			Try: "TMPDIR=/a/folder/with/room calibrate run ..."}
	}
	defer os.Remove(file)
	argv := slices.Concat(p.Argv[:p.Index+1], wordsWith(l, p, args, file))
	out, err := l.AskWith(file, argv, known.ConfigTime, nil)
	if errors.Is(err, guard.ErrEnded) {
		return cli.Settings{}, known.GuardKilled("puma", "while its configuration was asked for")
	}
	c := parseConfig(out)
	if c.Text("version") != "" {
		return c, nil
	}
	return cli.Settings{}, noConfig(p, out, err)
}

// writeFile makes a configuration file of ours.
func writeFile(text string) (name string, err error) {
	file, err := os.CreateTemp("", "calibrate-puma-*.rb")
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		os.Remove(file.Name())
	}
	return file.Name(), err
}

// wordsWith are the user's own, with a file of ours read after theirs.
func wordsWith(l *known.Launch, p cli.Program, args cli.Args, file string, overridden ...string) []string {
	overridden = append([]string{"config", "no-config"}, overridden...)
	return slices.Concat(configFiles(l, p, args), []string{"-C", file}, args.Without(overridden...))
}

// configFiles are the options that name what Puma would read: what -C names, or else the first of two files where the
// command is started (configuration.rb, config_files). With our own -C it would not look for them.
func configFiles(l *known.Launch, p cli.Program, args cli.Args) []string {
	given := args.Settings()
	var options []string
	for _, file := range given.List("config") {
		if file != "-" {
			options = append(options, "-C", file)
		}
	}
	if given.Has("no-config") || given.Has("config") {
		return options
	}
	env := slices.Concat(l.Env, p.Set)
	environment := cmp.Or(given.Text("environment"),
		cli.Getenv(env, "APP_ENV"), cli.Getenv(env, "RACK_ENV"), cli.Getenv(env, "RAILS_ENV"), "development")
	for _, file := range []string{filepath.Join("config/puma", environment+".rb"), "config/puma.rb"} {
		if known.FileExists(file) {
			return []string{"-C", file}
		}
	}
	return nil
}

// noConfig says why Puma told nothing: it can't be run, or an option or a configuration is wrong.
func noConfig(p cli.Program, out []byte, err error) error {
	lines := known.LogOf(out)
	f := calibrate.Usage("correct it; the same command by hand says the same", "%s can't read its options and its configuration",
		strings.Join(p.Argv[:p.Index+1], " "))
	f.Log = lines.End()
	f.Why = cmp.Or(rubyException(lines), known.Log(f.Log).LastLine())
	if f.Why == "" && err != nil {
		f.Why = err.Error()
	}
	return f
}

// parseConfig reads what our configuration file printed, whatever the user's own prints.
func parseConfig(out []byte) cli.Settings {
	said := cli.Layer{}
	for _, line := range known.LogOf(out) {
		if setting, ours := strings.CutPrefix(line, "calibrate."); ours {
			name, value, _ := strings.Cut(setting, "=")
			said[name] = cli.Value{Texts: []string{value}, From: name}
		}
	}
	return cli.Settings{Layers: []cli.Layer{said}, Reading: reading}
}
