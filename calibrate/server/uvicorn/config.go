package uvicorn

import (
	"regexp"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// Settings is what the user's command would run with: the command line, then UVICORN_<OPTION>, then WEB_CONCURRENCY,
// which counts also from --env-file: that is read too late for UVICORN_ variables (config.py, Config.__init__).
type Settings struct{ cli.Settings }

func settingsOf(args cli.Args, env []string) Settings {
	s := Settings{cli.Settings{Reading: known.ClickReading, Layers: []cli.Layer{
		args.Layer(""), cli.FromEnv(env, syntax.Variables(variable)),
	}}}
	const variable = "WEB_CONCURRENCY"
	if n, is := cli.LookupEnv(env, variable); is { // also an empty one is read
		s.Layers = append(s.Layers, cli.Layer{"workers": {Texts: []string{n}, From: variable}})
	}
	return s
}

func variable(option string) string {
	return "UVICORN_" + strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}

// CheckNumbers complains of WEB_CONCURRENCY also if it doesn't count in the end: Uvicorn reads it all the same.
func (s Settings) CheckNumbers() error {
	return s.Settings.CheckNumbers("uvicorn", "workers", "port", "fd", "limit-concurrency", "limit-max-requests", "limit-max-requests-jitter")
}

// Workers is how many the command would start.
func (s Settings) Workers() int {
	if s.On("reload") { // ignores workers
		return 1
	}
	return max(s.Number("workers", 1), 1)
}

var webConcurrency = regexp.MustCompile(`(?m)^\s*(?:export\s+)?WEB_CONCURRENCY\s*=\s*["']?(\d+)`)

// withEnvFile adds what --env-file says of WEB_CONCURRENCY, and nothing else of it.
func (s Settings) withEnvFile() Settings {
	text, err := known.ReadRegular(s.Text("env-file"))
	if err != nil { // there is none, or Uvicorn will say so
		return s
	}
	layer := cli.Layer{}
	for _, found := range webConcurrency.FindAllStringSubmatch(string(text), -1) {
		layer["workers"] = cli.Value{Texts: found[1:], From: "WEB_CONCURRENCY in " + s.Text("env-file")}
	}
	return Settings{cli.Settings{Reading: s.Reading, Layers: append(s.Layers, layer)}}
}

// accessLog is on unless it is turned off.
func (s Settings) accessLog() bool { return s.On("access-log") || !s.Has("access-log") }

// Address is where the command would listen, "" if it doesn't say. A descriptor wins over all else (server.py,
// startup).
func (s Settings) Address() string {
	if fd := s.Text("fd"); fd != "" {
		return "file descriptor " + fd
	}
	return known.ClickAddress(s.Settings)
}

// refuse says which settings can't be measured.
func (s Settings) refuse() error {
	if err := known.RefuseClick(s.Settings, "uvicorn", "ssl-certfile", "ssl-keyfile"); err != nil {
		return err
	}
	if err := s.CheckNumbers(); err != nil {
		return err
	}
	if err := s.CheckFlags("uvicorn", "reload", "access-log"); err != nil {
		return err
	}
	// The connection that asks is counted too (protocols/http/h11_impl.py): 503 from limit connections on, not above.
	if text := s.Text("limit-concurrency"); s.Has("limit-concurrency") && s.Number("limit-concurrency", 0) < 2 && !strings.Contains(text, "{") {
		return calibrate.Usage("set it to one more than the requests that a worker shall take at once",
			"%s %s makes uvicorn answer 503 to every request", s.From("limit-concurrency"), text)
	}
	return nil
}
