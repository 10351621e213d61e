package server

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// startScripts are scripts that start G, the test's Gunicorn, in various ways.
var startScripts = map[string]string{
	"entrypoint.sh": "#!/bin/sh\nset -e\necho migrated >>migrated\nexec \"$@\"\n",
	"nice.sh":       "#!/bin/sh\nexec nice -n 1 \"$@\"\n",
	"start.sh":      "#!/bin/bash -e\necho migrated >>migrated\nexport THREADS=${THREADS:-2}\nexec G --workers ${WEB_CONCURRENCY:-3} \\\n    --threads $THREADS --bind 0.0.0.0:$PORT mod:app\n",
	"plain.sh":      "#!/bin/sh\nset -e\nG -w 4 mod:app\n",
	"Procfile":      "web: G --bind 0.0.0.0:$PORT -w 4 mod:app\nworker: sleep 600\n",
}

// notPlain is what may not stand in the name of a test's folder, which is part of its scripts.
var notPlain = regexp.MustCompile(`[^A-Za-z0-9]+`)

// Gunicorn behind what people start it with: seen through, rewritten inside, and the wrapper stays around it.
func TestE2EWrappers(t *testing.T) {
	t.Parallel()
	g, python := servertest.Venv(t, "gunicorn"), servertest.Venv(t, "python")
	for _, c := range []struct {
		command string
		kept    string // of the measured command, before Gunicorn's own words
	}{
		{"taskset -c 0-63 G mod:app", "taskset -c 0-63 G"},
		{"timeout -k 5 10m G mod:app", "timeout -k 5 10m G"},
		{"setpriv --nnp G mod:app", "setpriv --nnp G"},
		{"chrt -b 0 G mod:app", "chrt -b 0 G"},
		{"prlimit --nofile=1024:4096 G mod:app", "prlimit --nofile=1024:4096 G"},
		{"nice -n 1 G mod:app", "nice -n 1 G"},
		{"ionice -c 3 G mod:app", "ionice -c 3 G"},
		{"stdbuf -oL G mod:app", "stdbuf -oL G"},
		{"nohup G mod:app", "nohup G"},
		{"env -S 'A=B G mod:app'", "env A=B G"},
		{"taskset 1 timeout 600 nice prlimit --core=0 env A=B G mod:app", "taskset 1 timeout 600 nice prlimit --core=0 env A=B G"},
		{"PYTHON -mgunicorn --chdir DIR mod:app", "PYTHON -mgunicorn"},
		{"PYTHON -um gunicorn --chdir DIR mod:app", "PYTHON -um gunicorn"},
		{"sh -c 'G -b 0.0.0.0:$PORT -w 4 mod:app'", "G"},
		{"bash -lc 'exec G -w 4 mod:app'", `bash -lc exec "$@" bash G`},
		{"sh -c 'echo migrated >>migrated && exec G -w 4 mod:app'", `sh -c echo migrated >>migrated && exec "$@" sh G`},
		{"./entrypoint.sh G -w 4 mod:app", "./entrypoint.sh G"},
		{"./nice.sh G -w 4 mod:app", "./nice.sh G"},
		{"./start.sh", `exec "$@" ./start.sh G`},
		{"./plain.sh", "G"},
		{"sh ./plain.sh", "G"},
		{"web: G --bind 0.0.0.0:8000 mod:app", "G"},
		{"HONCHO run G mod:app", "HONCHO run G"},
		{"HONCHO start web", "HONCHO run G"},
		{"DOTENV run -- G mod:app", "DOTENV run -- G"},
	} {
		t.Run(notPlain.ReplaceAllString(c.command, "_"), func(t *testing.T) {
			t.Parallel()
			dir := servertest.Module(t, okApp)
			program := strings.NewReplacer("PYTHON", python, "HONCHO", servertest.Venv(t, "honcho")+" -d "+dir, "DOTENV", servertest.Venv(t, "dotenv")+" -f "+filepath.Join(dir, ".env"),
				"./", dir+"/", ">>migrated", ">>"+dir+"/migrated", "DIR", dir, "G ", g+" --chdir "+dir+" ")
			for name, text := range startScripts {
				servertest.Write(t, filepath.Join(dir, name), program.Replace(text))
				if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			servertest.Write(t, filepath.Join(dir, ".env"), "GUNICORN_CMD_ARGS=\"--threads 2\"\n")
			r := start(t, known.Spec{Command: shellWords(t, program.Replace(c.command))})
			r.answering()
			info := r.Info()
			measured := strings.Join(info.MeasuredCommand, " ")
			kept := strings.TrimSuffix(strings.TrimSpace(program.Replace(c.kept+" ")), " --chdir "+dir)
			if info.Server != "gunicorn" || !strings.Contains(measured, kept+" --bind 127.0.0.1:") || !slices.Contains(info.MeasuredCommand, "--no-control-socket") {
				t.Errorf("%s, measured as %s\nwant %s --bind", info.Server, measured, kept)
			}
			if reads := strings.Contains(c.kept, "HONCHO") || strings.Contains(c.kept, "DOTENV"); info.Threads != 2 && (reads || strings.Contains(c.kept, "THREADS=2")) {
				t.Errorf("%d threads: the variables of .env are not read", info.Threads)
			}
			if text, _ := os.ReadFile(filepath.Join(dir, "migrated")); text != nil && string(text) != "migrated\n" || text == nil && strings.Contains(c.command, "entry") {
				t.Errorf("what comes before it has run %q", text)
			}
			if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 {
				t.Errorf("stopped: %+v %v", stopped, err)
			}
		})
	}
}
