package target

import (
	"cmp"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
)

// uvicornSettings is what the user's command would run with: the command line, then UVICORN_<OPTION> (click's
// auto_envvar_prefix).
type uvicornSettings struct {
	args clickArgs
	env  []string
}

// text is a setting, and how to name to the user where it comes from; "" for none. An empty variable counts for
// nothing (click/core.py, resolve_envvar_value).
func (s uvicornSettings) text(option string) (value, from string) {
	for _, arg := range slices.Backward(s.args) {
		if arg.option == option {
			return arg.value, "--" + option
		}
	}
	name := uvicornVariable(option)
	if value := getenv(s.env, name); value != "" {
		return value, name
	}
	return "", ""
}

func uvicornVariable(option string) string {
	return "UVICORN_" + strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}

// number is 0 where there is none.
func (s uvicornSettings) number(option string) (n int, from string) {
	value, from := s.text(option)
	return pythonInt(value), from
}

// pythonInt reads as Python's int does: 1_000 is a number too. It is 0 for what isn't one, such as {workers}.
func pythonInt(text string) int {
	n, _ := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(text), "_", ""))
	return n
}

// pythonNumber is what Python's int takes, but for digits of other scripts.
var pythonNumber = regexp.MustCompile(`^\s*[+-]?\d+(_\d+)*\s*$`)

// numbers says whether the numbers that calibrate reads or replaces are numbers: Uvicorn would not start where one isn't,
// and calibrate would where it has taken that one out.
func (s uvicornSettings) numbers() error {
	for _, option := range []string{"workers", "port", "fd", "limit-concurrency", "limit-max-requests"} {
		if value, from := s.text(option); from != "" && !isNumber(value) {
			return notANumber(from, value)
		}
	}
	value := getenv(s.env, "WEB_CONCURRENCY")
	if _, from := s.text("workers"); from == "" && value != "" && !isNumber(value) {
		return notANumber("WEB_CONCURRENCY", value)
	}
	return nil
}

// isNumber is true also for a placeholder, which will be one.
func isNumber(text string) bool { return pythonNumber.MatchString(text) || len(placeholders(text)) > 0 }

func notANumber(from, value string) error {
	return calibrate.Usage("give a whole number, or leave it out: uvicorn does not start with it", "%s %s is not a number", from, value)
}

// on reads a flag, of which a variable may hold any word that click takes for yes (click/types.py, BoolParamType).
func (s uvicornSettings) on(option string) (on bool, from string) {
	value, from := s.text(option)
	return clickTrue(value), from
}

func clickTrue(text string) bool {
	return slices.Contains([]string{"1", "true", "t", "yes", "y", "on"}, strings.ToLower(strings.TrimSpace(text)))
}

// workers is how many the command would start. WEB_CONCURRENCY counts where nothing else says so, and also from
// --env-file, which is read too late for UVICORN_ variables (config.py, Config.__init__).
func (s uvicornSettings) workers() int {
	if reload, _ := s.on("reload"); reload { // ignores workers
		return 1
	}
	n, from := s.number("workers")
	if from == "" {
		n = pythonInt(cmp.Or(getenv(s.env, "WEB_CONCURRENCY"), s.envFile()))
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
	for _, arg := range slices.Backward(s.args) {
		switch arg.option {
		case "access-log":
			return true
		case "no-access-log":
			return false
		}
	}
	on, from := s.on("access-log")
	return on || from == ""
}

// address is where the command would listen, "" where it doesn't say. A descriptor wins over a Unix socket, and that
// over host and port (server.py, startup).
func (s uvicornSettings) address() string {
	if fd, _ := s.text("fd"); fd != "" {
		return "file descriptor " + fd
	}
	if path, _ := s.text("uds"); path != "" {
		return "the Unix socket " + path
	}
	host, _ := s.text("host")
	port, _ := s.text("port")
	if host == "" && port == "" {
		return ""
	}
	return net.JoinHostPort(cmp.Or(host, loopback), cmp.Or(port, "8000"))
}

// refuse says which settings can't be measured.
func (s uvicornSettings) refuse() error {
	for _, option := range []string{"version", "help"} {
		if on, from := s.on(option); on {
			return calibrate.Usage("take "+from+" out", "the command only prints, it serves nothing")
		}
	}
	for _, option := range []string{"ssl-certfile", "ssl-keyfile"} {
		if _, from := s.text(option); from != "" {
			return calibrate.Usage("take it out for the measurement", "%s makes uvicorn serve TLS, and calibrate measures plain HTTP", from)
		}
	}
	if err := s.numbers(); err != nil {
		return err
	}
	// The connection that asks is counted too (protocols/http/h11_impl.py): 503 from limit connections on, not above.
	if value, from := s.text("limit-concurrency"); from != "" && pythonInt(value) < 2 && !strings.Contains(value, "{") {
		return calibrate.Usage("set it to one more than the requests that a worker shall take at once",
			"%s %s makes uvicorn answer 503 to every request", from, value)
	}
	return nil
}
