package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/known"
)

// answer is one whole HTTP answer.
type answer struct {
	status   int
	location string
	clock    float64 // linux.SinceBoot() when its last byte came
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

// boot waits for the first whole answer and checks what it says.
func (a *App) boot(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	deadline := time.AfterFunc(a.launch.Spec.BootDeadline, func() { cancel(errBootDeadline) })
	observed := make(chan struct{})
	go func() {
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
	if err := a.foreignListener(); err != nil {
		return err
	}
	a.noteBoot(first)
	return a.judge(first)
}

// firstAnswer asks until there is an answer below 500. last is what the tries before ctx ended saw.
func (a *App) firstAnswer(ctx context.Context) (first, last answer, err error) {
	client := readyClient()
	defer client.CloseIdleConnections()
	refused := refusedPause
	for {
		got, err := a.get(ctx, client)
		pause := errorPause
		switch {
		case ctx.Err() != nil:
			return answer{}, last, context.Cause(ctx)
		case err == nil && got.status < 500:
			return got, got, nil
		case err == nil:
			last = got // it may answer 503 while it starts
		case errors.Is(err, syscall.ECONNREFUSED):
			pause, refused = refused, min(2*refused, refusedMost)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// readyClient makes one connection a request: an idle one blocks a sync worker until its timeout kills it.
func readyClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext:       (&net.Dialer{}).DialContext, // and no proxy, whatever HTTP_PROXY says
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// get reads one answer to its end.
func (a *App) get(ctx context.Context, client *http.Client) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.address.URL()+a.launch.Spec.Path, nil)
	if err != nil {
		return answer{}, err
	}
	for name, values := range a.launch.Spec.Headers {
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
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return answer{}, err
	}
	return answer{status: res.StatusCode, location: res.Header.Get("Location"), clock: linux.SinceBoot()}, nil
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

// judge says what a first answer that isn't a 2xx means for a measurement.
func (a *App) judge(first answer) error {
	path := a.launch.Spec.Path
	switch {
	case a.launch.Spec.LoginFirst:
		return nil
	case first.status == http.StatusUnauthorized || first.status == http.StatusForbidden:
		return a.inconclusive(first, "give the headers the app wants (--header, --header-env), log in first (--before), "+
			"or give a --path that needs no login")
	case first.status >= 400:
		return a.inconclusive(first, "give a --path that the app answers, such as --path /health")
	case first.status >= 300:
		a.mu.Lock()
		defer a.mu.Unlock()
		code, try := "redirect", "give the final address by --path"
		if calibrate.LoginPath(bare(first.location)) {
			code, try = calibrate.RedirectsToLogin, calibrate.TryLogin
		}
		a.warnings = append(a.warnings, calibrate.Warning{
			Code: code,
			Text: fmt.Sprintf("GET %s is answered by a redirect (%d) to %s, which is not followed: the load measures the redirect alone",
				bare(path), first.status, bare(first.location)),
			Try: try,
		})
	}
	return nil
}

func (a *App) inconclusive(first answer, try string) error {
	return &calibrate.Failure{
		Kind: calibrate.KindInconclusive, Phase: calibrate.PhaseBoot,
		What: fmt.Sprintf("GET %s answers %d", bare(a.launch.Spec.Path), first.status),
		Why:  "a load of such answers says nothing about the app",
		Try:  try,
		Log:  a.log().End(),
	}
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

// foreignListener complains if the port is held by a process that the command didn't start, such as a container's
// or a daemon's that was there before: its memory would not be the one that is read.
func (a *App) foreignListener() error {
	var inodes []string
	for _, l := range a.proc.Listeners(a.address.Port) {
		inodes = append(inodes, l.Inode)
	}
	tree := a.Tree()
	if len(inodes) == 0 || len(tree) == 0 {
		return nil
	}
	for _, pid := range tree {
		if held, known := a.proc.Holds(pid, inodes); held || !known {
			return nil
		}
	}
	return &calibrate.Failure{
		Kind: calibrate.KindInconclusive, Phase: calibrate.PhaseBoot,
		What: a.address.String() + " is answered by a process that the command didn't start",
		Why:  "its memory can't be told from the outside",
		Try:  "run the server itself, in the foreground, without docker, ssh or a service manager around it",
	}
}
