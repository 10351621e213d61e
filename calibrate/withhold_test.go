package calibrate

import (
	"slices"
	"strings"
	"testing"
)

// A load that was sent to a login page measured that page's redirects, and recommends nothing.
func TestToLoginWithholds(t *testing.T) {
	r := Result{Complete: true, Mode: ModeRun, Worker: Worker{Workers: 1}, Phases: []Phase{{Name: PhaseSoak, Requests: 1000, Succeeded: 1000}}}
	r.Load = LoadInfo{Requests: 1000, Succeeded: 1000, ToLogin: 400, LoginPage: "/login"}
	if why := withheld(r); why != nil {
		t.Errorf("withheld for 400 of 1000: %+v", why)
	}
	r.Load.ToLogin = 900
	if why := withheld(r); why == nil || *why != (Withheld{Kind: WithheldLogin, Requests: 1000, Elsewhere: 900}) {
		t.Errorf("%+v; want it withheld", why)
	}
}

// Redirects to a login are told as long as most answers are that.
func TestDoubtsAboutRedirects(t *testing.T) {
	r := recorded(t, "flat")
	r.Load.ToLogin, r.Load.LoginPage = r.Load.Requests, "/login"
	for name, change := range map[string]func(*Result){
		"half of them":  func(r *Result) { r.Load.ToLogin = r.Load.Requests / 2 },
		"none":          func(r *Result) { r.Load.ToLogin = 0 },
		"nothing asked": func(r *Result) { r.Load.ToLogin, r.Load.Requests = 0, 0 },
	} {
		other := r
		change(&other)
		other.Warnings = nil
		if slices.ContainsFunc(doubts(other), func(w Warning) bool { return w.Code == RedirectsToLogin }) {
			t.Errorf("said of %s", name)
		}
	}
	r.Warnings = nil
	r.Plan.Flags = []string{"--before=login.txt"}
	r.Warnings = doubts(r)
	i := slices.IndexFunc(r.Warnings, func(w Warning) bool { return w.Code == RedirectsToLogin })
	if i < 0 || !strings.Contains(r.Warnings[i].Try, "--before log in") {
		t.Errorf("%+v", r.Warnings)
	}
}
