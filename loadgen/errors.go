package loadgen

import (
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"syscall"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
)

// The classes of failed requests, as in calibrate.ErrorCount.
const (
	classRefused = "refused" // nothing listens
	classReset   = "reset"   // the connection was torn down
	classEOF     = "eof"     // the connection was closed before the answer was whole
	class4xx     = "http_4xx"
	class5xx     = "http_5xx"
	classLocal   = "local" // this machine ran out of descriptors or ports, which is not the app's doing
	classOther   = "other"
)

// redirectExample is the key of Tally.Examples under which redirects are reported. They are successes.
const redirectExample = "redirect"

// errCut is the error of a request that this package itself ended.
var errCut = errors.New("cut at the end of the phase")

// class sorts a request by its error, or if there was an answer by its status. "" is a success.
func class(err error, status uint16) string {
	switch {
	case err != nil:
		return errorClass(err)
	case status >= 200 && status < 400:
		return ""
	case status >= 400 && status < 500:
		return class4xx
	case status >= 500 && status < 600:
		return class5xx
	}
	return classOther
}

func errorClass(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return calibrate.ClassTimeout
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.ENOBUFS):
		return classLocal
	case errors.Is(err, syscall.ECONNREFUSED):
		return classRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return classReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return classEOF
	}
	return classOther
}

// brokenHeader is where net/http quotes a header of the app's.
var brokenHeader = regexp.MustCompile(`(malformed MIME header[^"]*)".*`)

// example is one request as a message may show it. The errors here come from below http.Client, so that they name
// addresses, never URLs or header values.
func example(err error, r *vegeta.Result) string {
	switch {
	case err != nil:
		return clip(brokenHeader.ReplaceAllString(err.Error(), "$1"+hidden))
	case r.Code == 0: // never sent; vegeta's text has the URL
		return "the request could not be made"
	}
	text := r.Method + " " + pathOf(r.URL) + ": " + status(r)
	if to := r.Headers.Get("Location"); to != "" {
		text += " to " + maskURL(to)
	}
	return clip(text)
}
