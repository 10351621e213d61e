package loadgen

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"workermem/calibrate"
)

// Every test of this package leaves no goroutine behind.
func TestMain(m *testing.M) {
	if os.Getenv(aloneVariable) != "" {
		serveTheEngines()
	}
	goleak.VerifyTestMain(m)
}

// app is a real server on 127.0.0.1 that counts.
type app struct {
	*httptest.Server
	served, now, most atomic.Int64
}

func newApp(t testing.TB, handle http.HandlerFunc) *app { return newAppWatched(t, handle, nil) }

func newAppWatched(t testing.TB, handle http.HandlerFunc, state func(net.Conn, http.ConnState)) *app {
	a := &app{}
	a.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.served.Add(1)
		now := a.now.Add(1)
		defer a.now.Add(-1)
		for most := a.most.Load(); now > most && !a.most.CompareAndSwap(most, now); most = a.most.Load() {
		}
		handle(w, r)
	}))
	a.Config.ConnState = state
	a.Start()
	t.Cleanup(a.Close)
	return a
}

func ok(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }

// hang answers when the client has gone, which the server notices by the closed connection.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func slow(d time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { time.Sleep(d); ok(w, r) }
}

func path(t testing.TB, path string) Targets {
	t.Helper()
	targets, err := OnePath("GET", path, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return targets
}

func attack(t testing.TB, l *Loader, url string, p calibrate.Pace) calibrate.Tally {
	t.Helper()
	tally, err := l.Attack(t.Context(), url, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

func TestEveryAttackOfALoaderSendsAll(t *testing.T) {
	a := newApp(t, ok)
	l := New(path(t, "/"), Options{})
	for phase := int64(1); phase <= 3; phase++ {
		tally := attack(t, l, a.URL, calibrate.Pace{Clients: 3, Requests: 100})
		if tally.Requests != 100 || tally.Succeeded != 100 || a.served.Load() != 100*phase || l.Answered() != 100*phase {
			t.Errorf("phase %d: %d answers of 100, the app served %d, %d answered in all", phase, tally.Requests, a.served.Load(), l.Answered())
		}
	}
}

func TestExactlyNRequests(t *testing.T) {
	for name, p := range map[string]calibrate.Pace{
		"closed, one":                        {Clients: 1, Requests: 1},
		"closed, fewer than clients":         {Clients: 16, Requests: 5},
		"closed, many":                       {Clients: 4, Requests: 777},
		"closed, no clients given":           {Requests: 50},
		"open, one":                          {Rate: 100, Requests: 1},
		"open, more than one burst":          {Rate: 500, Requests: 123},
		"open, one client":                   {Rate: 500, Clients: 1, Requests: 60},
		"open, requests before the duration": {Rate: 500, Requests: 50, Duration: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, ok)
			tally := attack(t, New(path(t, "/"), Options{}), a.URL, p)
			if tally.Requests != p.Requests || a.served.Load() != p.Requests {
				t.Errorf("asked for %d: %d answered, %d served", p.Requests, tally.Requests, a.served.Load())
			}
		})
	}
}

func TestTargetsAreRepeatedInTheirOrder(t *testing.T) {
	var mu sync.Mutex
	got := map[string]int{}
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got[r.Method+r.URL.Path]++
	})
	targets, err := ReadTargets("t", strings.NewReader("GET /a\n\nGET /a\n\nGET /a\n\nPOST http://localhost:1/b\n"))
	if err != nil {
		t.Fatal(err)
	}
	attack(t, New(targets, Options{}), a.URL, calibrate.Pace{Clients: 2, Requests: 40})
	if got["GET/a"] != 30 || got["POST/b"] != 10 {
		t.Errorf("weights 3 to 1 gave %v", got)
	}
}

func TestCancelReturnsPromptlyThoughTheAppHangs(t *testing.T) {
	for name, p := range map[string]calibrate.Pace{
		"closed":                 {Clients: 4},
		"open":                   {Rate: 100, Clients: 4},
		"open, a long wait":      {Rate: 0.01, Clients: 4},
		"closed, after its time": {Clients: 4, Duration: 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, hang)
			l := New(path(t, "/"), Options{})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(200*time.Millisecond, cancel)
			start := time.Now()
			tally, err := l.Attack(ctx, a.URL, p, nil)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 1500*time.Millisecond {
				t.Errorf("returned %v after the start, cancelled after 0.2 s", took)
			}
			if tally.Requests != 0 || len(tally.Errors) != 0 || l.Answered() != 0 {
				t.Errorf("requests that we cut were counted: %+v", tally)
			}
		})
	}
}

func TestCancelLetsRequestsUnderWayFinish(t *testing.T) {
	t.Parallel()
	a := newApp(t, slow(300*time.Millisecond))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	tally, err := New(path(t, "/"), Options{}).Attack(ctx, a.URL, calibrate.Pace{Clients: 3}, nil)
	if err != nil || tally.Requests != 3 || tally.Succeeded != 3 {
		t.Errorf("3 requests had 0.3 s to go: %+v, %v", tally, err)
	}
}

func TestCancelledBeforehand(t *testing.T) {
	a := newApp(t, ok)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tally, err := New(path(t, "/"), Options{}).Attack(ctx, a.URL, calibrate.Pace{Clients: 2}, nil)
	if err != nil || tally.Requests != 0 {
		t.Errorf("%+v, %v", tally, err)
	}
}

func TestTheEndOfThePhaseWaitsForAnswersButNotForEver(t *testing.T) {
	t.Parallel()
	a := newApp(t, hang)
	l := New(path(t, "/"), Options{Timeout: 400 * time.Millisecond})
	start := time.Now()
	tally := attack(t, l, a.URL, calibrate.Pace{Clients: 2, Duration: 200 * time.Millisecond})
	if took := time.Since(start); took > 1200*time.Millisecond {
		t.Errorf("took %v", took)
	}
	if tally.Requests != 2 || count(tally, "timeout") != 2 {
		t.Errorf("two requests under way when the time was over timed out afterwards; got %+v", tally)
	}
}

func TestClosedLoopIsBounded(t *testing.T) {
	a := newApp(t, slow(2*time.Millisecond))
	tally := attack(t, New(path(t, "/"), Options{}), a.URL, calibrate.Pace{Clients: 5, Duration: 300 * time.Millisecond})
	if a.most.Load() != 5 {
		t.Errorf("5 clients had %d requests under way", a.most.Load())
	}
	if tally.Mode != "closed" || tally.RateAsked != 0 || tally.Requests != a.served.Load() {
		t.Errorf("%d served, tally %+v", a.served.Load(), tally)
	}
}

func TestClosedLoopRateIsThatOfTheApp(t *testing.T) {
	a := newApp(t, slow(20*time.Millisecond))
	tally := attack(t, New(path(t, "/"), Options{}), a.URL, calibrate.Pace{Clients: 2, Duration: 600 * time.Millisecond})
	if tally.RateSent < 60 || tally.RateSent > 100 { // 2 clients, 20 ms and a little
		t.Errorf("rate %.1f, can't be more than 100", tally.RateSent)
	}
	if p50 := *tally.Latency.P50; p50 < 0.020 || p50 > 0.040 {
		t.Errorf("p50 %.4f s, the app takes 0.020", p50)
	}
}

func TestOpenLoopKeepsItsRate(t *testing.T) {
	a := newApp(t, ok)
	tally := attack(t, New(path(t, "/"), Options{}), a.URL, calibrate.Pace{Rate: 200, Duration: 500 * time.Millisecond})
	if tally.Mode != "open" || tally.RateAsked != 200 || tally.RateSent < 190 || tally.RateSent > 200.5 {
		t.Errorf("mode %s, asked %v, sent %v", tally.Mode, tally.RateAsked, tally.RateSent)
	}
	if tally.Requests < 95 || tally.Requests > 100 {
		t.Errorf("%d requests in half a second at 200/s", tally.Requests)
	}
}

func TestOpenLoopTakesFractions(t *testing.T) {
	t.Parallel()
	a := newApp(t, ok)
	tally := attack(t, New(path(t, "/"), Options{}), a.URL, calibrate.Pace{Rate: 2.5, Duration: time.Second})
	if tally.Requests != 3 || tally.RateSent < 2.4 || tally.RateSent > 2.6 || tally.Seconds < 1 || tally.Seconds > 1.2 {
		t.Errorf("due at 0, 0.4, 0.8 s: %d requests, %.2f/s, %.2f s", tally.Requests, tally.RateSent, tally.Seconds)
	}
}

// An app that serves 80/s is asked for 400/s: the clients stay bounded, what was not sent shows in the rate, and
// the wait for a free client is part of the latency.
func TestOpenLoopAtASlowApp(t *testing.T) {
	a := newApp(t, slow(100*time.Millisecond))
	before, most := runtime.NumGoroutine(), 0
	each := func(calibrate.Bucket) { most = max(most, runtime.NumGoroutine()) }
	tally, err := New(path(t, "/"), Options{}).Attack(t.Context(), a.URL, calibrate.Pace{Rate: 400, Clients: 8, Duration: 1200 * time.Millisecond}, each)
	if err != nil {
		t.Fatal(err)
	}
	if a.most.Load() > 8 || most > before+100 {
		t.Errorf("%d requests under way with 8 clients, %d goroutines", a.most.Load(), most)
	}
	if tally.RateSent > 100 || tally.RateSent < 40 {
		t.Errorf("sent %.0f/s of 400, the app does 80", tally.RateSent)
	}
	if *tally.Latency.Max < 0.5 {
		t.Errorf("the worst latency is %.2f s: the queue is missing from it", *tally.Latency.Max)
	}
}

func TestBucketsAddUp(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "bad") {
			w.WriteHeader(503)
		}
	})
	targets, _ := ReadTargets("t", strings.NewReader("GET /\n\nGET /bad\n"))
	l := New(targets, Options{})
	var buckets []calibrate.Bucket
	var answered []int64
	tally, err := l.Attack(t.Context(), a.URL, calibrate.Pace{Rate: 50, Duration: 2300 * time.Millisecond}, func(b calibrate.Bucket) {
		buckets, answered = append(buckets, b), append(answered, l.Answered())
	})
	if err != nil || len(buckets) != 3 {
		t.Fatalf("2.3 s gave %d buckets, %v", len(buckets), err)
	}
	var requests, succeeded, bad int64
	for i, b := range buckets {
		requests, succeeded, bad = requests+b.Requests, succeeded+b.Succeeded, bad+b.Errors["http_5xx"]
		if want := []float64{1, 2, 2.3}[i]; b.Seconds < want || b.Seconds > want+0.2 {
			t.Errorf("bucket %d ends at %.2f s, want %.1f", i, b.Seconds, want)
		}
		if b.P50 <= 0 || b.P99 < b.P50 {
			t.Errorf("bucket %d: p50 %v p99 %v", i, b.P50, b.P99)
		}
		if answered[i] != requests {
			t.Errorf("after bucket %d %d were answered, the buckets hold %d", i, answered[i], requests)
		}
	}
	if requests != tally.Requests || succeeded != tally.Succeeded || bad != count(tally, "http_5xx") || bad == 0 {
		t.Errorf("buckets hold %d, %d good, %d bad; the tally %+v", requests, succeeded, bad, tally)
	}
}

func TestRatesThatCannotBeSent(t *testing.T) {
	a := newApp(t, ok)
	l := New(path(t, "/"), Options{})
	for _, rate := range []float64{-1, nan, inf} {
		_, err := l.Attack(t.Context(), a.URL, calibrate.Pace{Rate: rate, Requests: 1}, nil)
		usage(t, err)
	}
	_, err := New(Targets{}, Options{}).Attack(t.Context(), a.URL, calibrate.Pace{Requests: 1}, nil)
	usage(t, err)
	if a.served.Load() != 0 {
		t.Error("something was sent")
	}
}

// BenchmarkGenerator is the cost of one request against a handler that does nothing, both on this host.
func BenchmarkGenerator(b *testing.B) {
	for name, opt := range map[string]Options{"close": {}, "keepalive": {KeepAlive: true}} {
		b.Run(name, func(b *testing.B) {
			a := newApp(b, ok)
			b.ReportAllocs()
			b.ResetTimer()
			tally := attack(b, New(path(b, "/"), opt), a.URL, calibrate.Pace{Clients: 2, Requests: int64(b.N)})
			b.ReportMetric(tally.RateSent, "req/s")
		})
	}
}
