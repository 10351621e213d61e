package server

import (
	"cmp"
	"regexp"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
)

// uvicornSettings is what the user's command would run with: the command line, then UVICORN_<OPTION>.
type uvicornSettings struct{ clickSettings }

func uvicornSettingsOf(words, env []string) uvicornSettings {
	return uvicornSettings{clickSettings{scanUvicorn(words), env, uvicornVariable}}
}

func uvicornVariable(option string) string {
	return "UVICORN_" + strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}

// refuseNumbers: WEB_CONCURRENCY is read also where it doesn't count in the end, and where it is empty (config.py,
// Config.__init__).
func (s uvicornSettings) refuseNumbers() error {
	if err := s.numbers("uvicorn", "workers", "port", "fd", "limit-concurrency", "limit-max-requests", "limit-max-requests-jitter"); err != nil {
		return err
	}
	value, is := cli.LookupEnv(s.env, "WEB_CONCURRENCY")
	if _, from := s.text("workers"); from == "" && is && !isNumber(value) {
		return notANumber("uvicorn", "WEB_CONCURRENCY", value)
	}
	return nil
}

// workers is how many the command would start. WEB_CONCURRENCY counts where nothing else says so, and also from
// --env-file, which is read too late for UVICORN_ variables (config.py, Config.__init__).
func (s uvicornSettings) workers() int {
	if reload, _ := s.on("reload"); reload { // ignores workers
		return 1
	}
	n, from := s.number("workers")
	if from == "" {
		n = pythonInt(cmp.Or(cli.Getenv(s.env, "WEB_CONCURRENCY"), s.envFile()))
	}
	return max(n, 1)
}

var webConcurrency = regexp.MustCompile(`(?m)^\s*(?:export\s+)?WEB_CONCURRENCY\s*=\s*["']?(\d+)`)

// envFile is what --env-file says of WEB_CONCURRENCY, and nothing else of it; "" for nothing.
func (s uvicornSettings) envFile() string {
	name, _ := s.text("env-file")
	if name == "" {
		return ""
	}
	text, err := readRegular(name)
	if err != nil { // Uvicorn will say so
		return ""
	}
	found := webConcurrency.FindAllStringSubmatch(string(text), -1)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1][1]
}

// accessLog is on unless it is turned off.
func (s uvicornSettings) accessLog() bool {
	on, from := s.on("access-log")
	return on || from == ""
}

// address is where the command would listen, "" where it doesn't say. A descriptor wins over all else (server.py,
// startup).
func (s uvicornSettings) address() string {
	if fd, _ := s.text("fd"); fd != "" {
		return "file descriptor " + fd
	}
	return s.clickSettings.address()
}

// refuse says which settings can't be measured.
func (s uvicornSettings) refuse() error {
	if err := s.refuseCommon("uvicorn", "ssl-certfile", "ssl-keyfile"); err != nil {
		return err
	}
	if err := s.refuseNumbers(); err != nil {
		return err
	}
	if err := s.flags("uvicorn", "reload", "access-log"); err != nil {
		return err
	}
	// The connection that asks is counted too (protocols/http/h11_impl.py): 503 from limit connections on, not above.
	if value, from := s.text("limit-concurrency"); from != "" && pythonInt(value) < 2 && !strings.Contains(value, "{") {
		return calibrate.Usage("set it to one more than the requests that a worker shall take at once",
			"%s %s makes uvicorn answer 503 to every request", from, value)
	}
	return nil
}
