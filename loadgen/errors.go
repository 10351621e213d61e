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

// redirectExample is the key of Tally.Examples under which redirects are reported. They are successes.
const redirectExample = "redirect"

// errCut is the error of a request that this package itself ended.
var errCut = errors.New("cut at the end of the phase")

// class sorts a request by its error, or if there was an answer by its status. "" is a success.
func class(err error, status uint16) calibrate.ErrorClass {
	switch {
	case err != nil:
		return errorClass(err)
	case status >= 200 && status < 400:
		return ""
	case status >= 400 && status < 500:
		return calibrate.Class4xx
	case status >= 500 && status < 600:
		return calibrate.Class5xx
	}
	return calibrate.ClassOther
}

func errorClass(err error) calibrate.ErrorClass {
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return calibrate.ClassTimeout
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.ENOBUFS):
		return calibrate.ClassLocal
	case errors.Is(err, syscall.ECONNREFUSED):
		return calibrate.ClassRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return calibrate.ClassReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return calibrate.ClassEOF
	}
	return calibrate.ClassOther
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
