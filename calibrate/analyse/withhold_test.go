package analyse

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
)

// A load that was sent to a login page measured that page's redirects, and recommends nothing.
func TestToLoginWithholds(t *testing.T) {
	r := calibrate.Result{Complete: true, Mode: calibrate.ModeRun, Worker: calibrate.Worker{Workers: 1}, Phases: []calibrate.Phase{{Name: calibrate.PhaseSoak, Requests: 1000, Succeeded: 1000}}}
	r.Load = calibrate.LoadInfo{Requests: 1000, Succeeded: 1000, ToLogin: 400, LoginPage: "/login"}
	if why := withheld(r); why != nil {
		t.Errorf("withheld for 400 of 1000: %+v", why)
	}
	r.Load.ToLogin = 900
	if why := withheld(r); why == nil || *why != (calibrate.Withheld{Kind: calibrate.WithheldLogin, Requests: 1000, ToLogin: 900}) {
		t.Errorf("%+v; want it withheld", why)
	}
}

// A load of which most was redirected, wherever it leads, recommends nothing.
func TestRedirectsWithhold(t *testing.T) {
	r := calibrate.Result{Complete: true, Mode: calibrate.ModeRun, Worker: calibrate.Worker{Workers: 1}, Phases: []calibrate.Phase{{Name: calibrate.PhaseSoak, Requests: 1000, Succeeded: 1000}}}
	r.Load = calibrate.LoadInfo{Requests: 1000, Succeeded: 1000, Refusals: []calibrate.Refusal{
		{Kind: calibrate.RefusalMissing, Answers: 400, Requests: 1000}, {Kind: calibrate.RefusalHTTPS, Answers: 300, Requests: 1000}, {Kind: calibrate.RefusalPath, Answers: 200, Requests: 1000},
	}}
	if why := withheld(r); why != nil {
		t.Errorf("withheld for 500 of 1000: %+v", why)
	}
	r.Load.Refusals[2].Answers = 201
	if why := withheld(r); why == nil || why.Kind != calibrate.WithheldRefused || why.Refusal.Kind != calibrate.RefusalHTTPS {
		t.Errorf("%+v; want it withheld", why)
	}
	r.Mode, r.Watch = calibrate.ModeAttach, &calibrate.Watch{Counter: calibrate.CounterLoad, Requests: 1000}
	if why := withheld(r); why == nil || why.Kind != calibrate.WithheldRefused {
		t.Errorf("of a watch: %+v", why)
	}
}

// Redirects to a login are told as long as most answers are that.
func TestDoubtsAboutRedirects(t *testing.T) {
	r := Recorded(t, "flat")
	r.Load.ToLogin, r.Load.LoginPage = r.Load.Requests, "/login"
	for name, change := range map[string]func(*calibrate.Result){
		"half of them":  func(r *calibrate.Result) { r.Load.ToLogin = r.Load.Requests / 2 },
		"none":          func(r *calibrate.Result) { r.Load.ToLogin = 0 },
		"nothing asked": func(r *calibrate.Result) { r.Load.ToLogin, r.Load.Requests = 0, 0 },
	} {
		other := r
		change(&other)
		other.Warnings = nil
		if slices.ContainsFunc(doubts(other), func(w calibrate.Warning) bool { return w.Code == calibrate.RedirectsToLogin }) {
			t.Errorf("said of %s", name)
		}
	}
	r.Warnings = nil
	r.Plan.Flags = []string{"--before=login.txt"}
	r.Warnings = doubts(r)
	i := slices.IndexFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == calibrate.RedirectsToLogin })
	if i < 0 || !strings.Contains(r.Warnings[i].Try, "--before log in") {
		t.Errorf("%+v", r.Warnings)
	}
}

// What the figures gave reason to doubt is said anew with each analysis; what was noted during the run is kept.
func TestDoubtsAreMadeAnew(t *testing.T) {
	r := calibrate.Result{Complete: true, Mode: calibrate.ModeRun, Load: calibrate.LoadInfo{Requests: 1000, ToLogin: 900, LoginPage: "/login"}}
	first := warnings(r)
	r.Warnings = append(first, calibrate.Warning{Code: "noted", Text: "by the run"})
	r.Load.ToLogin = 950
	text := func(code string) string {
		for _, w := range warnings(r) {
			if w.Code == code {
				return w.Text
			}
		}
		return ""
	}
	if said := text(calibrate.RedirectsToLogin); !strings.HasPrefix(said, "950 of 1 000") || text("noted") == "" {
		t.Errorf("%q, %+v", said, warnings(r))
	}
	r.Load.ToLogin = 0
	if said := text(calibrate.RedirectsToLogin); said != "" {
		t.Errorf("%q", said)
	}
}
