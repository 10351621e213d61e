package nowlms

import (
	"testing"

	"workermem/calibrate/server/servertest"
)

func FuzzArgs(f *testing.F) {
	servertest.FuzzArgs(f, options, nil, "-A app --env-file x serve --wsgi-server gunicorn")
}

func FuzzServeArgs(f *testing.F) {
	servertest.FuzzArgs(f, serveOptions, nil, "--wsgi-server gunicorn --help -- x")
}
