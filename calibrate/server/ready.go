package server

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/reach"
	"workermem/calibrate/server/known"
)

// answer is one whole HTTP answer.
type answer struct {
	calibrate.Answered
	begun bool    // it has no end yet
	err   error   // of the last try that ended without one
	clock float64 // linux.SinceBoot() when its last byte came
}

// Why a boot is given up.
var (
	errBootDeadline  = errors.New("boot deadline")
	errEnded         = errors.New("the app ended")
	errCrashLoop     = errors.New("crash loop")
	errWorkerTimeout = errors.New("worker timeout")
	errNoWorker      = errors.New("no worker")
	errNotLoaded     = errors.New("the app can't be loaded")
)

// Pauses between tries. A refused connection costs the app nothing; a 500 makes it work and log.
const (
	refusedPause = 5 * time.Millisecond
	refusedMost  = 25 * time.Millisecond
	errorPause   = 250 * time.Millisecond
)

// What is no HTTP/1 is believed only when it comes again: a server may answer oddly while it starts.
const unreadableTries = 3

// streamTime is how long a stream of events may take to its end: those of language models end.
const streamTime = 10 * time.Second

// boot waits for the first whole answer and checks what it says.
func (a *App) boot(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	deadline := time.AfterFunc(a.launch.Spec.BootDeadline, func() { cancel(errBootDeadline) })
	observed := make(chan struct{})
	go func() {
		defer calibrate.Caught()
		defer close(observed)
		a.observeBoot(ctx, cancel)
	}()
	first, last, err := a.firstAnswer(ctx)
	deadline.Stop()
	cancel(nil)
	<-observed
	if parent.Err() != nil {
		return &calibrate.Failure{Kind: calibrate.KindInterrupted, Phase: calibrate.PhaseBoot, What: "interrupted",
			Why: parent.Err().Error(), Err: parent.Err()}
	}
	if err != nil {
		return a.bootFailure(err, last)
	}
	if a.portIsAnothers() {
		return &calibrate.Failure{
			Kind: calibrate.KindInconclusive, Phase: calibrate.PhaseBoot,
			What: a.address.String() + " is answered by a process that the command didn't start",
			Why:  "its memory can't be told from the outside",
			Try:  "run the server itself, in the foreground, without docker, ssh or a service manager around it",
			Err:  errForeign,
		}
	}
	a.noteBoot(first)
	return a.judge(parent, first)
}

// firstAnswer asks until there is an answer below 500. last is what the tries before ctx ended saw.
func (a *App) firstAnswer(ctx context.Context) (first, last answer, err error) {
	client := readyClient(a.at)
	defer client.CloseIdleConnections()
	refused, unreadable := refusedPause, 0
	for {
		got, err := a.get(ctx, client, a.wanted())
		pause := errorPause
		if ctx.Err() != nil {
			last.begun = got.begun
			if errors.Is(last.err, syscall.ECONNREFUSED) { // since then it was connected
				last.err = nil
			}
			return answer{}, last, context.Cause(ctx)
		}
		last.err = err
		switch {
		case err == nil && got.Status < 500:
			return got, got, nil
		case err == nil:
			last = got // it may answer 503 while it starts
		case errors.Is(err, syscall.ECONNREFUSED):
			pause, refused = refused, min(2*refused, refusedMost)
		default:
			if refusal, is := calibrate.RefusedBy(a.wanted().asked(a), err); is {
				if unreadable++; unreadable == unreadableTries || refusal.Kind == calibrate.RefusalEndless {
					return answer{}, last, refusalError(refusal)
				}
			}
		}
		select {
		case <-ctx.Done():
			return answer{}, last, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// readyClient makes one connection a request: an idle one blocks a sync worker until its timeout kills it. Whatever
// address a page turns out to have, it connects to this one.
func readyClient(to reach.Addresses) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: calibrate.MostHeaderBytes,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { // and no proxy, whatever HTTP_PROXY says
				return to.Dial(ctx, net.Dialer{})
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// page is what readiness asks for.
type page struct {
	path   string
	header http.Header
}

func (a *App) wanted() page { return page{a.launch.Spec.Path, a.launch.Spec.Headers} }

func (p page) asked(a *App) calibrate.Asked {
	return calibrate.Asked{Method: http.MethodGet, URL: a.address.URL() + p.path, Host: p.header.Get("Host")}
}

// get reads one answer to its end.
func (a *App) get(ctx context.Context, client *http.Client, p page) (answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.address.URL()+p.path, nil)
	if err != nil {
		return answer{}, err
	}
	for name, values := range p.header {
		req.Header[name] = values
		if strings.EqualFold(name, "Host") && len(values) > 0 {
			req.Host = values[0]
		}
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	if kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";"); kind == "text/event-stream" || kind == "multipart/x-mixed-replace" {
		defer time.AfterFunc(streamTime, func() { cancel(calibrate.ErrEndless) }).Stop()
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return answer{begun: res.ContentLength < 0}, cmp.Or(context.Cause(ctx), err)
	}
	return answer{clock: linux.SinceBoot(), Answered: calibrate.Answered{
		Status: res.StatusCode, Location: res.Header.Get("Location"), Allow: res.Header.Get("Allow"),
		RetryAfter: res.Header.Get("Retry-After"), Cookies: len(res.Cookies()) > 0,
	}}, nil
}

// Bounds of a look at a booting app. The log is read less often than the tree.
const (
	lookPause    = 25 * time.Millisecond
	lookMost     = 200 * time.Millisecond
	crashLoopAt  = 4               // so many processes in the place of one worker
	noWorkerTime = 2 * time.Second // without any, after there were some: a server that replaces them does so sooner
)

// observeBoot ends ctx where waiting for an answer has become pointless.
func (a *App) observeBoot(ctx context.Context, cancel context.CancelCauseFunc) {
	boot := bootWatch{loop: a.launch.Spec.Workers + crashLoopAt - 1, seen: map[linux.Identity]bool{}}
	for pause := lookPause; ; pause = min(pause+pause/4, lookMost) {
		select {
		case <-ctx.Done():
			return
		case <-a.guardian.Exited():
			cancel(errEnded)
			return
		case <-time.After(pause):
		}
		workers, sure := a.watch.SureWorkers(a.guardian.PID)
		if err := boot.judge(workers, sure, a.launch.server.Booting(a.log()), time.Now()); err != nil {
			cancel(err)
			return
		}
	}
}

// bootWatch is what was seen of a boot so far.
type bootWatch struct {
	loop  int // so many workers are a crash loop
	seen  map[linux.Identity]bool
	alive time.Time // when one was last seen, or might have been there unseen
}

// judge says why the boot has become pointless, nil while it has not. What is not sure says nothing: an app that sets
// a title of its own hides the server from its rule, and boots on.
func (b *bootWatch) judge(workers []linux.Process, sure bool, log known.BootLog, now time.Time) error {
	if !sure || len(workers) > 0 {
		b.alive = now
	}
	if sure {
		for _, w := range workers {
			b.seen[w.Identity()] = true
		}
	}
	switch {
	case len(b.seen) >= b.loop || log.Started >= b.loop:
		return errCrashLoop
	case len(b.seen) > 0 && now.Sub(b.alive) >= noWorkerTime:
		return errNoWorker
	case log.NotLoaded >= b.loop:
		return errNotLoaded
	case log.Timeout != "":
		return errWorkerTimeout
	}
	return nil
}

// noteBoot keeps the boot times: from the exec of the server, and from the fork of the worker, to the answer.
func (a *App) noteBoot(first answer) {
	a.lookForServer()
	workers := a.watch.Workers(a.guardian.PID)
	a.watch.Begin(a.guardian.PID)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.info.BootSeconds = first.clock - a.guardian.StartClock()
	for _, w := range workers {
		since := first.clock - float64(w.Start)/linux.ClockTicks
		a.info.WorkerBootSeconds = max(a.info.WorkerBootSeconds, since)
	}
	a.info.WorkerBootSeconds = min(a.info.WorkerBootSeconds, a.info.BootSeconds) // a tick is 10 ms
}

// bare is an address without its query, which may hold a token.
func bare(location string) string {
	u, err := url.Parse(location)
	if err != nil || location == "" {
		return "another address"
	}
	if u.Host != "" {
		return u.Scheme + "://" + u.Host + u.EscapedPath()
	}
	return u.EscapedPath()
}
