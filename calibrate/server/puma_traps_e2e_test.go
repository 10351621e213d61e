package server

import (
	"path/filepath"
	"testing"

	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// development: what Puma's app is told where nobody says otherwise.
func TestE2EPumaDevelopment(t *testing.T) {
	t.Parallel()
	app := filepath.Join(t.TempDir(), "config.ru")
	servertest.Write(t, app, "run ->(_) { [200, {}, [ENV[\"RACK_ENV\"].to_s]] }\n")
	r := start(t, known.Spec{Command: pumaWith(t, "--no-config", app)})
	if got := r.get("/"); got != "development" {
		t.Errorf("RACK_ENV=%s", got)
	}
	servertest.HasWarning(t, r.Warnings(), "development")
}
