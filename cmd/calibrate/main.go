// Command calibrate measures one worker of a web server under load, and says how many workers and threads fit a box
// and after how many requests a worker should be recycled.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"workermem/calibrate/server"
)

func main() {
	if code, isGuard := server.GuardMain(os.Args); isGuard {
		os.Exit(code)
	}
	ctx, stop := withSignals(context.Background())
	code := Main(ctx, catchCrashes(System(), os.Args[1:]), os.Args[1:])
	stop()
	os.Exit(code)
}

// signalled says which signal ended the run, in the words of the report.
type signalled struct{ os.Signal }

func (s signalled) Error() string {
	if s.Signal == os.Interrupt {
		return "Ctrl-C"
	}
	return s.Signal.String()
}

// echo is how long one signal may be heard: timeout(1) sends its own twice, to the child and to the child's group.
const echo = time.Second

// withSignals ends the context at the first signal. A second one ends the program at once: the guard cleans up.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	// A reader that leaves doesn't end the measurement. (Ignored, the signal would be so in what is started, too.)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		cancel(signalled{<-signals})
		for first := time.Now(); time.Since(first) < echo; {
			<-signals
		}
		os.Exit(exitInterrupted)
	}()
	return ctx, func() { signal.Stop(signals) }
}
