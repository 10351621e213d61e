package server

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// no-request-limit: none of the options is one.
func TestE2ENoRequestLimit(t *testing.T) {
	t.Parallel()
	for name, command := range map[string][]string{
		"puma":   {servertest.OnPath(t, "puma"), "--help"},
		"lmsctl": {servertest.Venv(t, "../nowlms/bin/lmsctl"), "serve", "--help"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
			if text := string(out); err != nil || !strings.Contains(text, "--") || strings.Contains(text, "max-requests") || strings.Contains(text, "limit") {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

// What is refused before anything has started is what the servers do not start with.
func TestE2ERefusedSettings(t *testing.T) {
	t.Parallel()
	uvicorn, granian := uvicornWith(t, servertest.Module(t, okASGI), "mod:app", "--port", "0"), granianWith(t, servertest.Module(t, okASGI), "asgi", "--port", "0")
	for _, words := range [][]string{
		slices.Concat([]string{"env", "WEB_CONCURRENCY="}, uvicorn),
		slices.Concat([]string{"env", "UVICORN_RELOAD=maybe"}, uvicorn),
		slices.Concat([]string{"env", "GRANIAN_RELOAD=maybe"}, granian),
		slices.Concat(granian, []string{"--workers=0"}),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		out, _ := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput()
		if ctx.Err() != nil || !strings.Contains(string(out), "rror: ") {
			t.Errorf("%q starts: %s", words, out)
		}
		cancel()
		_, err := Recognise(t.Context(), known.Spec{Command: words})
		servertest.Usage(t, err, " is ")
	}
}

func TestE2EInstalledServers(t *testing.T) {
	gunicorn, uvicorn := servertest.Venv(t, "gunicorn"), servertest.Venv(t, "uvicorn")
	found, _ := Installed(t.Context(), "", []string{filepath.Dir(gunicorn)})
	have := map[string]string{}
	for _, s := range found {
		have[s.Path] = s.Version
	}
	for _, file := range []string{gunicorn, uvicorn} {
		if !known.VersionReaches(have[file], "0.1") {
			t.Errorf("%s: version %q among %v", file, have[file], have)
		}
	}
}

// A server that never answers is given up, and is gone afterwards.
func TestE2EServerThatDoesNotSay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes the whole time that a server has to answer")
	}
	t.Parallel()
	dir := t.TempDir()
	servertest.Script(t, filepath.Join(dir, "puma"), `echo $$ >"`+dir+`/pid"; trap "" TERM INT; sleep 600`)
	began := time.Now()
	found, _ := Installed(t.Context(), dir, nil)
	if took := time.Since(began); took > 2*known.VersionTime {
		t.Errorf("it took %v", took)
	}
	if len(found) != 1 || found[0].State != calibrate.StateLimited || found[0].Doubt != "no answer in time" {
		t.Errorf("%+v", found)
	}
	pid, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join("/proc", strings.TrimSpace(string(pid)))); err == nil {
		t.Errorf("process %s is still there", pid)
	}
}
