package uvicorn

import (
	"path/filepath"
	"strings"
	"testing"

	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// Where a number comes from is named, and what Uvicorn would not read isn't held against it.
func TestUvicornNumbers(t *testing.T) {
	for name, c := range map[string]struct{ args, env, want string }{
		"a variable":              {"a:a", "UVICORN_WORKERS=abc", `UVICORN_WORKERS "abc" is not a number`},
		"WEB_CONCURRENCY":         {"a:a", "WEB_CONCURRENCY=lots", `WEB_CONCURRENCY "lots" is not a number`},
		"WEB_CONCURRENCY, reload": {"--reload a:a", "WEB_CONCURRENCY=lots", `WEB_CONCURRENCY "lots" is not a number`}, // read all the same
		"WEB_CONCURRENCY, unread": {"--workers 2 a:a", "WEB_CONCURRENCY=lots", ""},
		"the command line first":  {"--workers 2 a:a", "UVICORN_WORKERS=abc", ""},
		"placeholders":            {"--workers {workers} --port {port} --limit-max-requests {max_requests}", "WEB_CONCURRENCY={workers}", ""},
		"python's":                {"--workers +1_0 --limit-max-requests 99999999999999999999 a:a", "UVICORN_LIMIT_CONCURRENCY=9", ""},
		"a value of another's":    {"--log-level abc a:a", "", ""},
		"an empty name":           {"a:a", "UVICORN_WORKERS=", ""}, // to click it is none
		"WEB_CONCURRENCY, empty":  {"a:a", "UVICORN_WORKERS= WEB_CONCURRENCY=", `WEB_CONCURRENCY "" is not a number`},
		"WEB_CONCURRENCY= unread": {"a:a", "UVICORN_WORKERS=2 WEB_CONCURRENCY=", ""},
		"a jitter":                {"--limit-max-requests-jitter some a:a", "", `--limit-max-requests-jitter "some" is not a number`},
		"a flag":                  {"a:a", "UVICORN_RELOAD=maybe", `UVICORN_RELOAD "maybe" is neither true nor false`},
		"another flag":            {"a:a", "UVICORN_ACCESS_LOG=2", `UVICORN_ACCESS_LOG "2" is neither true nor false`},
		"flags":                   {"a:a", "UVICORN_RELOAD=Off UVICORN_ACCESS_LOG=y", ""},
		"flags that don't count":  {"--reload --no-access-log a:a", "UVICORN_RELOAD=maybe UVICORN_ACCESS_LOG=maybe", ""},
	} {
		err := settingsOf(syntax.Scan(strings.Fields(c.args)), strings.Fields(c.env)).refuse()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "":
			servertest.Usage(t, err, c.want)
		}
	}
}

// Where the version isn't known, what only some versions can isn't promised.
func TestUvicornOfUnknownVersion(t *testing.T) {
	l := &known.Launch{Spec: known.Spec{Workers: 1}}
	Settings{}.describe(l)
	if l.Target.CanRecycle || l.Target.HasJitter || !l.Target.CanScale {
		t.Errorf("%+v", l.Target)
	}
}

// What the settings come to, by source: command line, UVICORN_*, WEB_CONCURRENCY, --env-file.
func TestUvicornPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	servertest.Write(t, file, "A=b\nexport WEB_CONCURRENCY='6'\nUVICORN_WORKERS=9\n")
	for name, c := range map[string]struct {
		args, env string
		workers   int
		limit     int
		address   string
	}{
		"nothing":                       {"app:app", "", 1, 0, ""},
		"the last of the command line":  {"--workers 2 --workers=3", "", 3, 0, ""},
		"the command line first":        {"--workers 2 --limit-max-requests 5 --port 1", "UVICORN_WORKERS=4 UVICORN_LIMIT_MAX_REQUESTS=7 UVICORN_PORT=2", 2, 5, "127.0.0.1:1"},
		"then UVICORN":                  {"app:app", "UVICORN_WORKERS=4 UVICORN_LIMIT_MAX_REQUESTS=7 UVICORN_HOST=::1 WEB_CONCURRENCY=5", 4, 7, "[::1]:8000"},
		"then WEB_CONCURRENCY":          {"--env-file " + file, "WEB_CONCURRENCY=5", 5, 0, ""},
		"then the env file":             {"--env-file " + file, "", 6, 0, ""}, // too late for its UVICORN_WORKERS
		"an env file that isn't there":  {"--env-file /nonexistent", "", 1, 0, ""},
		"the env file, by a variable":   {"", "UVICORN_ENV_FILE=" + file, 6, 0, ""},
		"empty counts for nothing":      {"", "UVICORN_WORKERS= UVICORN_LIMIT_MAX_REQUESTS= WEB_CONCURRENCY=2", 2, 0, ""},
		"reload ignores workers":        {"--reload --workers 4", "", 1, 0, ""},
		"reload by a variable":          {"--workers 4", "UVICORN_RELOAD=Yes", 1, 0, ""},
		"no reload":                     {"--workers 4", "UVICORN_RELOAD=0", 4, 0, ""},
		"0 workers are 1":               {"--workers 0", "WEB_CONCURRENCY=4", 1, 0, ""},
		"python's integers":             {"--workers 1_0 --limit-max-requests +5", "", 10, 5, ""},
		"a descriptor before a socket":  {"--fd 3 --uds /x --port 1", "", 1, 0, "file descriptor 3"},
		"a socket before host and port": {"--port 1", "UVICORN_UDS=/x", 1, 0, "the Unix socket /x"},
		"what is after -- is no option": {"--workers 2 -- --workers 3", "", 2, 0, ""},
	} {
		s := settingsOf(syntax.Scan(strings.Fields(c.args)), strings.Fields(c.env)).withEnvFile()
		limit := s.Number("limit-max-requests", 0)
		if s.Workers() != c.workers || limit != c.limit || s.Address() != c.address {
			t.Errorf("%s: %d workers, limit %d, address %q; want %+v", name, s.Workers(), limit, s.Address(), c)
		}
	}
}
