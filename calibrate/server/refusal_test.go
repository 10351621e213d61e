package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Wherever an app sends its visitors, a cure asks the app itself, and nobody else.
func TestCureStaysWithTheApp(t *testing.T) {
	var strayed atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	defer other.Close()
	elsewhere := strings.TrimPrefix(other.URL, "http://")
	for _, location := range []string{"@127.0.0.2/x", "http://" + elsewhere + "/x", "//" + elsewhere + "/x", "https://" + elsewhere + "/x", "http:" + elsewhere, "x"} {
		var asked atomic.Int64
		app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		}))
		address, err := known.ParseAddress(app.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		at, err := address.Reach(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		a := &App{address: address, at: at, launch: &Launch{Launch: &known.Launch{Spec: known.Spec{Path: "/"}}}}
		first, is := calibrate.Refused(a.wanted().asked(a), calibrate.Answered{Status: http.StatusFound, Location: location})
		if !is {
			t.Fatalf("%s is no refusal", location)
		}
		a.cure(t.Context(), first)
		if strayed.Load() > 0 || asked.Load() == 0 && location != "http:"+elsewhere {
			t.Errorf("%s: %d requests to the app, %d to others", location, asked.Load(), strayed.Load())
		}
		app.Close()
	}
}
