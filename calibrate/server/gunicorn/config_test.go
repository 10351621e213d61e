package gunicorn

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/servertest"
)

const printed = `Hello from the configuration file = not a setting
access_log_format                  = %(h)s "%(r)s" = x
accesslog                          = None
bind                               = ['0.0.0.0:8000', "unix:/it's"]
daemon                             = False
max_requests                       = 50
preload_app                        = True
pidfile                            = /run/app.pid
reload                             = True
threads                            = 4
worker_class                       = <UvicornWorker()>
workers                            = 9
wsgi_app                           = None
`

func TestParseConfig(t *testing.T) {
	if !hasConfig.MatchString(printed) || !configComplete([]byte(printed)) {
		t.Error("the output is not seen as complete")
	}
	if cut := printed[:len(printed)-1]; configComplete([]byte(cut)) {
		t.Error("half a last line is taken for complete")
	}
	printed := parseConfig(printed, "prod.py")
	c := settingsOf(printed)
	if c.Number("workers", 1) != 9 || c.Number("threads", 1) != 4 || c.Number("max_requests", 0) != 50 || !c.On("preload_app") ||
		c.On("daemon") || c.Text("accesslog") != "" || c.Text("worker_class") != "<UvicornWorker()>" ||
		!slices.Equal(c.List("bind"), []string{"0.0.0.0:8000", "unix:/it's"}) {
		t.Errorf("%+v", c)
	}
	if _, ok := printed["Hello from the configuration file"]; ok || len(printed) != 10 {
		t.Errorf("%d settings: %+v", len(printed), c)
	}
	servertest.Usage(t, c.refuse(), "reload in prod.py watches files")
}

func TestATracebackIsNoConfiguration(t *testing.T) {
	const traceback = "Traceback (most recent call last):\n  File \"prod.py\", line 1\n    workers = undefined\nworkers = 3\nNameError: x\n"
	if hasConfig.MatchString(traceback) || configComplete([]byte(traceback)) {
		t.Error("it is taken for one")
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add(printed)
	f.Add("bind = ['\nworkers = [")
	f.Fuzz(func(t *testing.T, text string) {
		for name, s := range parseConfig(text, "x") {
			if !syntax.Knows(name) || len(s.Texts) == 0 || !strings.Contains(text, s.Texts[0]) {
				t.Errorf("%s: %+v from %q", name, s, text)
			}
		}
		configComplete([]byte(text))
	})
}
