package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"workermem/calibrate"
)

// TestE2EWhatAThreadTakes holds the cost of a thread to what the app holds for each request under way: a cache of 118 MB that
// fills faster with more threads is none of it.
func TestE2EWhatAThreadTakes(t *testing.T) {
	skipShort(t)
	for _, c := range []struct {
		name, folder string
		env          []string
		least, most  int64
	}{
		{"a cache that is cleared", "books", []string{"CALIBRATE_BOOKS=cache"}, 0, calibrate.MiB},
		{"8 MB a request", "wsgi", []string{"CALIBRATE_HOLD_MB=8", "CALIBRATE_HOLD_MS=50"}, 7 * calibrate.MiB, 10 * calibrate.MiB},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, c.env, "run", "--duration", "15s", "--json", "--", needServer(t, "gunicorn"), "--chdir", filepath.Join(fixtures(t), c.folder), "--threads", "4", "app:app")
			if code := s.end(t, 3*time.Minute); code != 0 && code != 4 { // 15 s hardly tell whether it creeps
				t.Fatalf("exit code %d\n%s", code, s.stderr.String())
			}
			var r calibrate.Result
			if err := json.Unmarshal([]byte(s.stdout.String()), &r); err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", r.Law.Runs)
			if each := r.Law.ThreadBytes; each < c.least || each > c.most || each == 0 {
				t.Errorf("%d bytes a thread, want %d to %d", each, c.least, c.most)
			}
		})
	}
}
