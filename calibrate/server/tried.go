package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"

	"workermem/calibrate"
)

// explainTry says what became of the last try to get an answer from an app that listens, if nothing else says why it had none.
func (a *App) explainTry(f *calibrate.Failure, err error) {
	if short := shortOf(err); short != "" {
		f.Kind, f.What, f.Why, f.Try = calibrate.KindTool, "the app could not be asked", short, shortTry
		return
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		a.explainElsewhere(f)
		return
	}
	if f.Why == "" && err != nil {
		f.Why = "at the last try, " + triedWords(err)
	}
}

// triedWords says how a try failed.
func triedWords(err error) string {
	var timeout net.Error
	var asked *url.Error
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer broke off before its end"
	case errors.Is(err, io.EOF):
		return "the connection was closed without an answer"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer came in time"
	case errors.As(err, &asked):
		err = asked.Err
	}
	return "there was an error: " + calibrate.RedactText(err.Error())
}

// explainElsewhere is for an app at the right port of another address, such as that of IPv6 alone.
func (a *App) explainElsewhere(f *calibrate.Failure) {
	at, six := a.listensAt()
	if at == "" || a.connects() {
		return
	}
	f.What = fmt.Sprintf("the app listens at %s, and not at %s", at, a.address)
	f.Why = "a connection to that is refused"
	f.Try = "let it listen at {host}, or reach it where it is: --url http://" + at
	if six {
		f.Why += ": the app speaks IPv6 only"
	}
}

// connects says that the app takes connections by now where it is to: it may have begun to only just in time.
func (a *App) connects() bool {
	conn, err := a.at.Dial(context.Background(), net.Dialer{Timeout: 200 * time.Millisecond})
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// listensAt is the address that the app's port is listened at, as it can be connected to, "" if none is seen.
func (a *App) listensAt() (at string, six bool) {
	for _, l := range a.proc.Listeners(a.address.Port) {
		ip := l.Addr
		switch {
		case ip == netip.IPv6Unspecified():
			ip = netip.IPv6Loopback()
		case !ip.IsValid(), ip.IsUnspecified():
			continue
		}
		at, six = net.JoinHostPort(ip.String(), strconv.Itoa(l.Port)), ip.Is6()
	}
	return at, six
}

// shortOf says what calibrate itself ran out of, "" if an error says nothing like that.
func shortOf(err error) string {
	switch {
	case errors.Is(err, syscall.EMFILE):
		return "calibrate may open no more files (ulimit -n)"
	case errors.Is(err, syscall.ENFILE):
		return "the machine may open no more files (fs.file-max)"
	case errors.Is(err, syscall.EAGAIN):
		return "the kernel gives calibrate no other process (ulimit -u, pids.max)"
	case errors.Is(err, syscall.ENOMEM):
		return "the kernel gives calibrate no more memory (ulimit -v, memory.max)"
	}
	return ""
}

const shortTry = "allow more of it, and see by calibrate doctor what there is"

// toolShort is an app that could not be started for want of something that calibrate needs itself.
func toolShort(log *os.File, short string, err error) *calibrate.Failure {
	f := &calibrate.Failure{Kind: calibrate.KindTool, Phase: calibrate.PhaseBoot, Err: err,
		What: "the app could not be started", Why: short, Try: shortTry}
	if short != "" {
		return f
	}
	f.Why, f.Log, f.Try = err.Error(), logEnd(log, 0).End(), "run it again; if it stays, report it with this message"
	if said := logEnd(log, 0).Says("pthread_create failed", "newosproc"); said != "" { // of Go's runtime, in the guard
		f.Why, f.Log, f.Try = shortOf(syscall.EAGAIN), nil, shortTry
	}
	return f
}
