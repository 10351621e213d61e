package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"workermem/calibrate"
)

// TestE2EWhatAThreadTakes holds the cost of a thread to what the app holds for each request under way: a cache of 118 MB that
// fills faster with more threads is none of it. Beside what it holds, an arena keeps up to twice the largest block that was freed
// (mallopt(3), M_TRIM_THRESHOLD), here 16 MB, so a thread of 8 MB takes 8 to 16.
func TestE2EWhatAThreadTakes(t *testing.T) {
	skipShort(t)
	t.Parallel()
	for _, c := range []struct {
		name, folder string
		env          []string
		least, most  int64
	}{
		{"a cache that is cleared", "books", []string{"CALIBRATE_BOOKS=cache"}, 0, calibrate.MiB},
		{"8 MB a request", "wsgi", []string{"CALIBRATE_HOLD_MB=8", "CALIBRATE_HOLD_MS=50"}, 7 * calibrate.MiB, 16 * calibrate.MiB},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.env, "run", "--duration", "10s", "--json", "--", needServer(t, "gunicorn"), "--chdir", filepath.Join(fixtures(t), c.folder), "--threads", "4", "app:app")
			if code := s.end(t, 3*time.Minute); code != 0 && code != 4 { // 10 s hardly tell whether it creeps
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
