package server

import (
	"strings"
	"testing"

	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// The command of a server of one process as it is written, and as it is measured.
func TestSingleMeasured(t *testing.T) {
	py := servertest.Script(t, t.TempDir()+"/python", "exit 9")
	for command, want := range map[string]string{
		"P -m flask run": "P -m flask run --host {host} --port {port} --no-reload",
		"P -mflask -A x run -p5 --host 0.0.0.0 --cert": "P -mflask -A x run --cert --host {host} --port {port} --no-reload",
		"P manage.py runserver --settings a.b 8000":    "P manage.py runserver --settings a.b --noreload {host}:{port}",
		"P -m django runserver --noreload -v 2":        "P -m django runserver --noreload -v 2 --noreload {host}:{port}",
		"P -m http.server":                             "P -m http.server --bind {host} {port}",
		"P -m http.server -b 0.0.0.0 -d / 80 --cgi":    "P -m http.server -d / --cgi --bind {host} {port}",
		"nice P -m http.server 80":                     "nice P -m http.server --bind {host} {port}",
		"P -m bottle -b :80 --reload --debug a:b":      "P -m bottle --debug a:b --bind {host}:{port}",
	} {
		l := recognised(t, known.Spec{Command: strings.Fields(strings.ReplaceAll(command, "P ", py+" "))})
		if got := strings.Join(l.Argv, " "); got != strings.ReplaceAll(want, "P ", py+" ") {
			t.Errorf("%s\n got  %s\n want %s", command, got, want)
		}
	}
	for command, want := range map[string]string{
		"P -m bottle -s gunicorn a:b": "no way to tell", // it is Gunicorn then
		"P manage.py migrate":         "no way to tell",
		"P -m flask routes":           "no way to tell",
	} {
		_, err := Recognise(t.Context(), known.Spec{Command: strings.Fields(strings.ReplaceAll(command, "P ", py+" "))})
		servertest.Usage(t, err, want)
	}
	flask := strings.Fields(py + " -m flask run")
	refusal(t, known.Spec{Command: flask, Workers: 2}, "2 workers asked for, but flask run is one process")
	refusal(t, known.Spec{Command: flask, Threads: 2}, "2 threads asked for, but flask run has no setting for them")
	refusal(t, known.Spec{Command: flask, MaxRequests: 5}, "a new worker after 5 requests is asked for, but flask run is one process")
}
