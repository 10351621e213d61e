package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"workermem/calibrate"
)

// newClient makes the HTTP client of one phase: no proxy, no redirect, no compression that the user didn't ask for,
// at most clients connections.
func newClient(o origin, opt Options, clients int, p *phase) (*http.Client, *http.Transport) {
	transport := &http.Transport{
		Proxy:                  nil, // and never the environment's
		DialContext:            o.dial,
		DisableKeepAlives:      !opt.KeepAlive,
		DisableCompression:     true,
		MaxConnsPerHost:        clients,
		MaxIdleConnsPerHost:    clients,
		MaxResponseHeaderBytes: calibrate.MostHeaderBytes,
		ExpectContinueTimeout:  time.Second,
	}
	return &http.Client{
		Transport:     &carrier{next: transport, phase: p, timeout: opt.Timeout},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, transport
}

// carrier gives vegeta's requests what vegeta can't: the phase's context, a deadline for the whole answer, and a
// place to leave the error itself.
type carrier struct {
	next    http.RoundTripper
	phase   *phase
	timeout time.Duration
}

// seqHeader is how vegeta numbers its requests. The app doesn't see it.
const seqHeader = "X-Vegeta-Seq"

func (c *carrier) RoundTrip(req *http.Request) (*http.Response, error) {
	defer calibrate.Caught() // a goroutine of vegeta's
	seq, _ := strconv.ParseUint(req.Header.Get(seqHeader), 10, 64)
	c.phase.sending.hit()
	ctx, cancel := context.WithTimeout(c.phase.cut, c.timeout)
	req = req.Clone(ctx)
	req.Header.Del(seqHeader)
	answer := &body{seq: seq, carrier: c, ctx: ctx, cancel: cancel}
	res, err := c.next.RoundTrip(req)
	if err != nil {
		cause := answer.fail(err)
		cancel()
		return nil, cause
	}
	if _, err := res.Location(); err != nil {
		res.Header.Del("Location") // http.Client calls an answer with a bad one no answer at all
	}
	answer.ReadCloser, answer.unbounded = res.Body, res.ContentLength < 0
	res.Body = answer
	return res, nil
}

// body is an answer's body that notes why it broke off.
type body struct {
	io.ReadCloser
	seq     uint64
	carrier *carrier
	ctx     context.Context
	cancel  context.CancelFunc

	unbounded bool // the answer has begun, and nothing says how long it is
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.fail(err)
	}
	return n, err
}

// Close comes after vegeta has drained the body, or given it up.
func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.cancel()
	return err
}

// fail keeps the error for the fold. Once the context has ended, it is the cause, whatever the socket said.
func (b *body) fail(err error) error {
	switch b.ctx.Err() {
	case context.Canceled:
		err = errCut
	case context.DeadlineExceeded:
		err = fmt.Errorf("no whole answer within %v: %w", b.carrier.timeout, context.DeadlineExceeded)
		if b.unbounded {
			err = fmt.Errorf("%w; %w", err, calibrate.ErrEndless)
		}
	}
	b.carrier.phase.flights.failed(b.seq, err)
	return err
}
