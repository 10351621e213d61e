package report

import (
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server"
)

// What is to be typed is in the words of the server that was measured.
func TestPasteSpeaksTheServersLanguage(t *testing.T) {
	for name, want := range map[string]string{
		"gunicorn":         "--workers 3 --threads 4 --max-requests 33000 --max-requests-jitter 3742",
		"uwsgi":            "--master --processes 3 --threads 4 --max-requests 33000 --max-requests-delta 1871 --min-worker-lifetime 0 --die-on-term --need-app",
		"puma":             "-w 3 -t 4:4",
		"hypercorn":        "--workers 3 --max-requests 33000",
		"granian":          "--workers 3 --blocking-threads 4",
		"mod_wsgi-express": "--processes 3 --threads 4 --maximum-requests 33000",
	} {
		r := recorded(t)["creeping"]
		r.Target.Server, r.Target.HasThreads = name, true
		r.Recommendation.Workers, r.Recommendation.Threads = 3, 4
		r.Recommendation.MaxRequests, r.Recommendation.MaxRequestsJitter = 33_000, 3742
		if got, _, _ := typed(r, server.Known()); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
}

// An option wins over a file that an option names.
func TestPasteBehindAFileOfUWSGI(t *testing.T) {
	r := calibrate.Result{Target: calibrate.TargetInfo{Server: "uwsgi", Command: []string{"uwsgi", "--ini", "x.ini"}}}
	r.Recommendation.Workers = 2
	if got, _, why := typed(r, server.Known()); got != "--master --processes 2 --die-on-term --need-app" {
		t.Errorf("%q, %q", got, why)
	}
}

// Variables go before a command, options behind it; what has placeholders is given whole. A page says so.
func TestPlaceOfWhatIsTyped(t *testing.T) {
	for _, c := range []struct{ server, command, place string }{
		{"lmsctl", "lmsctl serve --wsgi-server gunicorn", "place: before the command\n"},
		{"command", "app -w {workers}", "place: in the command's stead\n"},
		{"gunicorn", "gunicorn app:app", ""},
	} {
		r := calibrate.Result{Target: calibrate.TargetInfo{Server: c.server, Command: strings.Fields(c.command)}}
		r.Recommendation.Workers = 2
		page := textOf(t, r, Options{})
		if !strings.Contains(page, c.place) || c.place == "" && strings.Contains(page, "place:") || !strings.Contains(page, "type:  ") {
			t.Errorf("%s: not %q:\n%s", c.command, c.place, page)
		}
	}
}

// A page says why there is nothing to type, if anybody could set the server at all.
func TestNothingToType(t *testing.T) {
	for _, c := range []struct {
		target calibrate.TargetInfo
		truth  *calibrate.Truth
		why    string
	}{
		{calibrate.TargetInfo{Server: "mod_wsgi", Command: []string{"apache2"}}, nil, "Apache reads it from its configuration"},
		{calibrate.TargetInfo{Server: "puma", Command: []string{"bin/rails", "server"}}, nil, "rails takes no number of workers"},
		{calibrate.TargetInfo{Server: "uwsgi", Command: []string{"uwsgi", "--processes=2", "x.ini"}}, nil, "uwsgi reads x.ini after its options"},
		{calibrate.TargetInfo{Server: "command", Command: []string{"app"}}, nil, "nobody can set it: write {workers}"},
		{calibrate.TargetInfo{Server: "command", Command: []string{"app"}, CanScale: true}, nil, "variables set it"},
		{calibrate.TargetInfo{Server: "command", Command: []string{"app", "--port={port}", "-w", "{workers}"}, CanScale: true}, nil,
			"write 2 for {workers} in the command"},
		{calibrate.TargetInfo{Server: "command", Command: []string{"calibrate"}}, &calibrate.Truth{}, ""},
		{calibrate.TargetInfo{}, nil, ""},
	} {
		r := calibrate.Result{Target: c.target, Truth: c.truth, Recommendation: calibrate.Recommendation{Workers: 2}}
		line, _, why := typed(r, server.Known())
		if line != "" || !strings.HasPrefix(why, c.why) || c.why == "" && why != "" {
			t.Errorf("%v: %q, %q", c.target.Command, line, why)
		}
		if page := textOf(t, r, Options{}); c.why != "" && !strings.Contains(page, "set:   "+c.why[:min(len(c.why), 20)]) {
			t.Errorf("not on the page:\n%s", page)
		}
	}
}
