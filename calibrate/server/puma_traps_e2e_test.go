package server

import (
	"path/filepath"
	"testing"
)

// development: what Puma's app is told where nobody says otherwise.
func TestE2EPumaDevelopment(t *testing.T) {
	t.Parallel()
	app := filepath.Join(t.TempDir(), "config.ru")
	write(t, app, "run ->(_) { [200, {}, [ENV[\"RACK_ENV\"].to_s]] }\n")
	r := start(t, Spec{Command: pumaWith(t, "--no-config", app)})
	if got := r.get("/"); got != "development" {
		t.Errorf("RACK_ENV=%s", got)
	}
	hasWarning(t, r.Warnings(), "development")
}
