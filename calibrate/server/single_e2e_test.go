package server

import (
	"path/filepath"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// oneProcess are apps for servers of one process; each answers with its pid.
var oneProcess = map[string]string{
	"mod.py": okApp,
	"asg.py": okASGI,
	"manage.py": `
import os, sys
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
settings.configure(DEBUG=True, ROOT_URLCONF="__main__", SECRET_KEY="x", ALLOWED_HOSTS=["*"], INSTALLED_APPS=[])
urlpatterns = [path("", lambda request: HttpResponse(str(os.getpid())))]
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
`,
	"fl.py": "import os, flask\napp = flask.Flask(__name__)\n@app.get('/')\ndef pid(): return str(os.getpid())\n",
}

// Servers without workers start by the words that people type, on our address, as one process, and say that they are that.
func TestE2ESingle(t *testing.T) {
	t.Parallel()
	for command, code := range map[string]string{
		"flask --app DIR/fl.py run --debug --port 5000":     "development-server",
		"sh -c 'exec flask --app DIR/fl.py run -h 0.0.0.0'": "development-server",
		"python DIR/manage.py runserver 0.0.0.0:8000":       "development-server",
		"daphne -b 0.0.0.0 -p 80 asg:app":                   "single-process",
		"python -m http.server 8000 --directory DIR":        "development-server",
		"python -m bottle --reload -b 0.0.0.0:8080 mod:app": "development-server",
	} {
		t.Run(notPlain.ReplaceAllString(command, "_"), func(t *testing.T) {
			t.Parallel()
			dir := servertest.Module(t, okApp)
			for name, text := range oneProcess {
				servertest.Write(t, filepath.Join(dir, name), text)
			}
			words := shellWords(t, strings.NewReplacer("DIR", dir, "python", servertest.Venv(t, "python"), "flask ", servertest.Venv(t, "flask")+" ", "daphne", servertest.Venv(t, "daphne")).Replace(command))
			r := start(t, known.Spec{Command: words, Env: map[string]string{"PYTHONPATH": dir}})
			if !strings.Contains(command, "http.server") {
				r.answering()
			}
			info := r.Info()
			if len(r.Tree()) != 1 || info.MaxWorkers != 1 || info.CanScale || info.CanRecycle || info.HasThreads || info.WorkerRule.Kind != calibrate.RuleAlone {
				t.Errorf("%v: %+v", r.Tree(), info)
			}
			servertest.HasWarning(t, r.ownWarnings(), code)
			if bottle := strings.Contains(command, "bottle"); bottle != (info.Threads == 1) {
				t.Errorf("%d threads", info.Threads)
			}
		})
	}
}
