package report

import "testing"

// What is to be typed is in the words of the server that was measured.
func TestPasteSpeaksTheServersLanguage(t *testing.T) {
	for server, want := range map[string]string{
		"gunicorn":  "--workers 3 --threads 4 --max-requests 12000 --max-requests-jitter 1418",
		"uwsgi":     "--master --processes 3 --threads 4 --max-requests 12000 --max-requests-delta 709 --min-worker-lifetime 0 --die-on-term --need-app",
		"puma":      "-w 3 -t 4:4",
		"hypercorn": "--workers 3 --max-requests 12000",
		"granian":   "--workers 3 --blocking-threads 4",
	} {
		r := recorded(t)["creeping"]
		r.Target.Server, r.Target.HasThreads = server, true
		r.Recommendation.Workers, r.Recommendation.Threads = 3, 4
		r.Recommendation.MaxRequests, r.Recommendation.MaxRequestsJitter = 12_000, 1418
		if got := paste(r); got != want {
			t.Errorf("%s: %s\nwant %s", server, got, want)
		}
	}
}
