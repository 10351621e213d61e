package server

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
)

// gunicornConfig is what is known of the settings that the user's command would run with: setting by setting, the
// last source that has it, by Gunicorn's order.
type gunicornConfig map[string]gunicornSetting

type gunicornSetting struct {
	values []string // more than one for an option that can be repeated
	source string   // how to name it to the user: "--daemon", "GUNICORN_CMD_ARGS", "gunicorn.conf.py"
}

// repeatable settings collect the values of one source (action="append").
var repeatable = []string{"bind", "reload_extra_files", "raw_env", "raw_paste_global_conf", "dirty_apps"}

// gunicornCmdArgs reads the command line's part that is in the environment.
func gunicornCmdArgs(l *Launch, p program) (argparseArgs, error) {
	words, err := splitWords(getenv(slices.Concat(l.env, p.set), "GUNICORN_CMD_ARGS"))
	if err != nil {
		return nil, calibrate.Usage("correct its quotation marks", "GUNICORN_CMD_ARGS can't be split into words: %v", err)
	}
	return scanGunicorn(words), nil
}

// underneath adds to what the command line gives what is below it in Gunicorn's order: WEB_CONCURRENCY, and the
// configuration file, of which Gunicorn itself says what it comes to.
func underneath(l *Launch, p program, given gunicornConfig) (gunicornConfig, error) {
	c := gunicornConfig{}
	if n := getenv(slices.Concat(l.env, p.set), "WEB_CONCURRENCY"); n != "" {
		c["workers"] = gunicornSetting{values: []string{n}, source: "WEB_CONCURRENCY"}
	}
	if file := configFile(given); file != "" {
		printed, err := printConfig(l, p, file)
		if err != nil {
			return nil, err
		}
		c.add(printed)
	}
	c.add(given)
	return c, nil
}

// configFile names the configuration that Gunicorn will read; "" for none.
func configFile(given gunicornConfig) string {
	if file := given.text("config"); file != "" {
		return file
	}
	// Looked for where the command is started; --chdir comes later (app/base.py, load_config).
	if _, err := os.Stat("gunicorn.conf.py"); err == nil {
		return "gunicorn.conf.py"
	}
	return ""
}

// settings of one source, named by source, or where that is "" by the option as written.
func (args argparseArgs) settings(source string) gunicornConfig {
	c := gunicornConfig{}
	for _, arg := range args {
		if arg.setting == "" {
			continue
		}
		s := gunicornSetting{values: []string{arg.value}, source: source}
		if source == "" {
			s.source = arg.written
		} else {
			s.source = arg.written + " in " + source
		}
		if slices.Contains(repeatable, arg.setting) {
			s.values = append(slices.Clone(c[arg.setting].values), arg.value)
		}
		c[arg.setting] = s
	}
	return c
}

func (c gunicornConfig) add(over gunicornConfig) {
	for name, s := range over {
		c[name] = s
	}
}

func (c gunicornConfig) text(name string) string {
	if values := c[name].values; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

func (c gunicornConfig) list(name string) []string { return c[name].values }

func (c gunicornConfig) bool(name string) bool { return strings.EqualFold(c.text(name), "true") }

// number reads as Python's int(x, 0) does: 0x10 and 1_000 are numbers too.
func (c gunicornConfig) number(name string, otherwise int) int {
	n, err := strconv.ParseInt(c.text(name), 0, 32)
	if err != nil {
		return otherwise
	}
	return int(n)
}

func (c gunicornConfig) from(name string) string { return c[name].source }

// printConfig has Gunicorn print its resolved settings. It does so before it imports the app, and is ended then.
func printConfig(l *Launch, p program, file string) (gunicornConfig, error) {
	argv := slices.Concat(p.argv[:p.index+1], []string{"--print-config"}, p.args())
	out, err := probe(l, argv, configLimit, configComplete)
	if errors.Is(err, errGuardEnded) {
		return nil, guardKilled("gunicorn", "while its configuration was asked for")
	}
	c := gunicornConfig{}
	if hasConfig.Match(out) {
		c = parseConfig(string(out), filepath.Base(file))
	}
	delete(c, "print_config") // that was us
	delete(c, "check_config")
	if len(c) > 0 {
		return c, nil
	}
	lines := splitLog(out)
	failure := calibrate.Usage("correct it; gunicorn --print-config shows the same", "gunicorn can't read its configuration %s", file)
	failure.Log = lastLines(lines, logLines)
	if failure.Why = lastException(lines); failure.Why == "" {
		failure.Why = logSays(lines, "Error:", "error:")
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
func parseConfig(text, source string) gunicornConfig {
	c := gunicornConfig{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !isSetting(name) || value == "None" || value == "" {
			continue
		}
		if slices.Contains(repeatable, name) {
			if values := pythonList(value); len(values) > 0 {
				c[name] = gunicornSetting{values: values, source: name + " in " + source}
			}
			continue
		}
		c[name] = gunicornSetting{values: []string{value}, source: name + " in " + source}
	}
	return c
}

func isSetting(name string) bool {
	return slices.ContainsFunc(gunicornOptions, func(o argparseOption) bool { return o.setting == name })
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
