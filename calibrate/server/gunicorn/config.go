package gunicorn

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/guard"
	"workermem/calibrate/server/known"
)

// settings are what the user's command would run with, by Gunicorn's order.
type settings struct{ cli.Settings }

// reading is that of config.py, validate_pos_int (int(val, 0)) and validate_bool.
var reading = cli.Reading{Number: cli.PythonLiteral, Yes: cli.OnlyTrue}

func settingsOf(layers ...cli.Layer) settings {
	return settings{cli.Settings{Layers: layers, Reading: reading}}
}

// repeatable settings collect the values of one source (action="append").
var repeatable = []string{"bind", "reload_extra_files", "raw_env", "raw_paste_global_conf", "dirty_apps"}

// cmdArgs reads the command line's part that is in the environment.
func cmdArgs(env []string) (cli.Layer, error) {
	const name = "GUNICORN_CMD_ARGS"
	words, err := cli.SplitWords(cli.Getenv(env, name))
	if err != nil {
		return nil, calibrate.Usage("correct its quotation marks", "%s can't be split into words: %v", name, err)
	}
	return syntax.Scan(words).Layer(name), nil
}

// underneath adds to what the command line gives what is below it in Gunicorn's order: the configuration file, of which
// Gunicorn itself says what it comes to, and WEB_CONCURRENCY.
func underneath(l *known.Launch, p cli.Program, given settings) (settings, error) {
	layers := given.Layers
	if file := configFile(given); file != "" {
		printed, err := printConfig(l, p, file)
		if err != nil {
			return given, err
		}
		layers = append(layers, printed)
	}
	env := cli.FromEnv(slices.Concat(l.Env, p.Set), map[string]string{"workers": "WEB_CONCURRENCY"})
	return settingsOf(append(layers, env)...), nil
}

// configFile names the configuration that Gunicorn will read; "" for none.
func configFile(given settings) string {
	if file := given.Text("config"); file != "" {
		return file
	}
	// Looked for where the command is started; --chdir comes later (app/base.py, load_config).
	if _, err := os.Stat("gunicorn.conf.py"); err == nil {
		return "gunicorn.conf.py"
	}
	return ""
}

// printConfig has Gunicorn print its resolved settings. It does so before it imports the app, and is ended then.
func printConfig(l *known.Launch, p cli.Program, file string) (cli.Layer, error) {
	argv := slices.Concat(p.Argv[:p.Index+1], []string{"--print-config"}, p.Args())
	out, err := l.Ask(argv, known.ConfigTime, configComplete)
	if errors.Is(err, guard.ErrEnded) {
		return nil, known.GuardKilled("gunicorn", "while its configuration was asked for")
	}
	c := cli.Layer{}
	if hasConfig.Match(out) {
		c = parseConfig(string(out), filepath.Base(file))
	}
	delete(c, "print_config") // that was us
	delete(c, "check_config")
	if len(c) > 0 {
		return c, nil
	}
	lines := known.LogOf(out)
	failure := calibrate.Usage("correct it; gunicorn --print-config shows the same", "gunicorn can't read its configuration %s", file)
	failure.Log = lines.End()
	if failure.Why = lines.Exception(); failure.Why == "" {
		failure.Why = lines.Says("Error:", "error:")
	}
	if failure.Why == "" && err != nil {
		failure.Why = err.Error()
	}
	return nil, failure
}

// hasConfig tells the list from a traceback that quotes the file: names are padded to the length of the longest.
var hasConfig = regexp.MustCompile(`(?m)^workers {10,}= `)

// configComplete: the settings are printed in alphabetical order, and wsgi_app is the last (workers before 20.1).
func configComplete(out []byte) bool {
	at := bytes.LastIndex(out, []byte("\nwsgi_app "))
	return at >= 0 && bytes.IndexByte(out[at+1:], '\n') >= 0
}

// parseConfig reads "name   = value" lines (config.py, Config.__str__). Values are as Python's str() writes them.
func parseConfig(text, source string) cli.Layer {
	c := cli.Layer{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !syntax.Knows(name) || value == "None" || value == "" {
			continue
		}
		if slices.Contains(repeatable, name) {
			if values := pythonList(value); len(values) > 0 {
				c[name] = cli.Value{Texts: values, From: name + " in " + source}
			}
			continue
		}
		c[name] = cli.Value{Texts: []string{value}, From: name + " in " + source}
	}
	return c
}

// pythonList reads a list of strings as Python writes it: ['a', "b's"].
func pythonList(text string) []string {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	var values []string
	for len(text) > 0 {
		quote := text[0]
		if quote != '\'' && quote != '"' {
			text = text[1:]
			continue
		}
		end := strings.IndexByte(text[1:], quote)
		if end < 0 {
			return values
		}
		values = append(values, text[1:1+end])
		text = text[end+2:]
	}
	return values
}
