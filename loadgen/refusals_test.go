package loadgen

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
)

// Answers that are no pages are counted by kind, with what the next thing to try needs.
func TestRefusalsAreCounted(t *testing.T) {
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/limited":
			w.Header().Set("Retry-After", "59")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/secure":
			http.Redirect(w, r, "https://shop.example/secure?token=hunter2", http.StatusMovedPermanently)
		}
	})
	targets, err := Paths([]string{"/", "/limited", "/limited", "/secure"})
	if err != nil {
		t.Fatal(err)
	}
	tally := attack(t, New(targets, Options{Header: http.Header{"Host": {"shop.example"}}}), a.URL, calibrate.Pace{Clients: 2, Requests: 40})
	if len(tally.Refusals) != 2 || tally.Succeeded != 20 {
		t.Fatalf("%+v", tally)
	}
	limited, secure := tally.Refusals[0], tally.Refusals[1]
	if limited.Kind != calibrate.RefusalRate || limited.Answers != 20 || limited.Requests != 40 || limited.RetrySeconds != 59 || limited.Path != "/limited" {
		t.Errorf("%+v", limited)
	}
	if want := 0.9 * 20 / (tally.Seconds + 59); limited.Rate > want || limited.Rate < 0.9*want {
		t.Errorf("a rate of %v, want %v in two digits", limited.Rate, want)
	}
	if secure.Kind != calibrate.RefusalHTTPS || secure.Answers != 10 || secure.Location != "https://shop.example/secure" {
		t.Errorf("%+v", secure)
	}
}

// Headers without end cost calibrate no memory: reading them stops at MostHeaderBytes.
func TestHeadersBeyondASaneSize(t *testing.T) {
	line := "X-Large: " + strings.Repeat("x", 4000) + "\r\n"
	a := newApp(t, func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\n")
		for range 9 << 20 / len(line) {
			if _, err := fmt.Fprint(c, line); err != nil {
				return
			}
		}
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tally := attack(t, New(path(t, "/"), Options{}), a.URL, calibrate.Pace{Clients: 2, Requests: 8})
	runtime.ReadMemStats(&after)
	if len(tally.Refusals) != 1 || tally.Refusals[0].Kind != calibrate.RefusalHeaders || tally.Refusals[0].Answers != 8 || count(tally, "other") != 8 {
		t.Errorf("%+v", tally)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8*9<<20/2 { // of both ends, though the app's are small
		t.Errorf("%d bytes for 8 answers of 9 MB", allocated)
	}
}

// An answer that goes on for ever is told from one that never began.
func TestEndlessAnswers(t *testing.T) {
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/silent" {
			<-r.Context().Done()
			return
		}
		for r.Context().Err() == nil {
			fmt.Fprint(w, "data: x\n\n")
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	for name, want := range map[string]int{"/events": 1, "/silent": 0} {
		tally := attack(t, New(path(t, name), Options{Timeout: 100 * time.Millisecond}), a.URL, calibrate.Pace{Clients: 1, Requests: 2})
		if count(tally, "timeout") != 2 || len(tally.Refusals) != want || want > 0 && tally.Refusals[0].Kind != calibrate.RefusalEndless {
			t.Errorf("%s: %+v", name, tally)
		}
	}
}
