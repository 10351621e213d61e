package modwsgi

import (
	"testing"

	"workermem/calibrate/server/servertest"
)

func FuzzArgs(f *testing.F) {
	servertest.FuzzArgs(f, apacheOptions, []string{"k"}, "-D FOREGROUND -kstart -f /etc/apache2/apache2.conf")
}

func FuzzExpressArgs(f *testing.F) {
	servertest.FuzzArgs(f, expressOptions, []string{"port"}, "app.wsgi --port 8000 --processes=3 --log-to-terminal")
}
