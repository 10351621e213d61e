package main

import (
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// demoWorker answers so many requests at once, as a worker of so many threads does of which one computes at a time, under a lock such
// as Python's. It is one loop, has all the memory that it ever needs before the first request, and goes without a garbage
// collector from there on, and so without net/http: a heap that is collected moves by more than what it is to show. It waits
// behind the scheduler's back, which else looks 20 000 times a second whether it has come back.
type demoWorker struct {
	shop     demoShop
	listener int
	end      int // readable, or closed, when it is to end
	ending   bool
	limit    int64 // requests until it is old, 0 for never
	visits   []demoVisit
	arrived  int64         // visits so far
	idle     time.Time     // since when it has had none, zero where it has
	idleUsed time.Duration // CPU time by then
	unasked  time.Duration // CPU time that it took while it had none for longer than demoIdle
	polled   []unix.PollFd
	pause    unix.Timespec
	clock    unix.Timespec
}

// demoVisit is one of the requests at once.
type demoVisit struct {
	stage   demoStage
	conn    int
	number  int64 // of its arrival
	until   time.Time
	held    []byte
	request [4096]byte
	read    int
}

// demoStage is what a visit waits for.
type demoStage int

const (
	demoFree     demoStage = iota // nobody
	demoReading                   // its request's end, until its patience ends
	demoQueued                    // its turn to compute
	demoComputed                  // until it is answered
)

const (
	demoPatience = 10 * time.Second
	demoIdle     = 100 * time.Millisecond // a client may need as long for its next request
	demoSlice    = 20_000                 // turns between two looks at who has come: 30 us or so
)

// demoAnswer ends its connection, as that of a server without keep-alive does.
var demoAnswer = []byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")

func newDemoWorker(listener, end, threads, maxRequests int) (*demoWorker, error) {
	w := &demoWorker{listener: listener, end: end, limit: int64(maxRequests), visits: make([]demoVisit, threads), polled: make([]unix.PollFd, threads+2)}
	for i := range w.visits {
		w.visits[i].held = mapped(demoHold)
	}
	w.shop.base = residentBytes()
	return w, unix.SetNonblock(listener, true)
}

// runDemoWorker answers until it is told to end, or is old, then writes what it did.
func runDemoWorker(threads, maxRequests int, ledger string) error {
	var end [2]int
	if err := unix.Pipe2(end[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	w, err := newDemoWorker(3, end[0], threads, maxRequests)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		_ = unix.Close(end[1])
	}()
	runtime.GOMAXPROCS(2) // the loop, and who waits for signals
	debug.SetGCPercent(-1)
	w.run()
	return w.shop.write(ledger)
}

// run answers until the end; whoever is there by then is answered, too.
func (w *demoWorker) run() {
	for {
		next, busy, wake := w.next()
		switch {
		case next != nil:
			w.compute(next)
		case w.ending && !busy:
			return
		default:
			if !busy && w.idle.IsZero() {
				w.idle, w.idleUsed = time.Now(), w.used()
			}
			w.look(wake)
		}
	}
}

// next is who computes next: of those whose request is there the one that came first. Without any, wake is when the next one's
// time is over, zero for nobody's.
func (w *demoWorker) next() (next *demoVisit, busy bool, wake time.Time) {
	for i := range w.visits {
		v := &w.visits[i]
		busy = busy || v.stage != demoFree
		switch v.stage {
		case demoQueued:
			if next == nil || v.number < next.number {
				next = v
			}
		case demoReading, demoComputed:
			if wake.IsZero() || v.until.Before(wake) {
				wake = v.until
			}
		}
	}
	return next, busy, wake
}

// compute does what a request does with CPU time: its memory, and as much more as makes demoDemand a request of all that the worker
// has used for them, the accepting, reading and answering included. Meanwhile others come and go.
func (w *demoWorker) compute(v *demoVisit) {
	if !w.idle.IsZero() && time.Since(w.idle) > demoIdle {
		w.unasked += w.used() - w.idleUsed
	}
	w.idle = time.Time{}
	w.shop.begin()
	w.ending = w.ending || w.shop.requests == w.limit
	w.shop.hold(v.held)
	for w.used()-w.unasked < time.Duration(w.shop.requests)*demoDemand {
		turns(demoSlice)
		w.look(time.Now())
	}
	v.stage, v.until = demoComputed, time.Now().Add(demoWaiting)
}

// used is the CPU time of the worker so far.
func (w *demoWorker) used() time.Duration {
	_ = unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &w.clock)
	return time.Duration(w.clock.Nano())
}

// look waits for whoever comes, or until a time, zero for ever, and answers those that have waited.
func (w *demoWorker) look(until time.Time) {
	w.wait(until)
	w.ending = w.ending || w.polled[1].Revents != 0
	now := time.Now()
	for i := range w.visits {
		v, told := &w.visits[i], w.polled[2+i].Revents != 0
		switch {
		case v.stage == demoReading && told:
			v.receive()
		case v.stage == demoReading && now.After(v.until):
			v.leave()
		case v.stage == demoComputed && !now.Before(v.until):
			w.shop.release(v.held)
			_, _ = unix.Write(v.conn, demoAnswer)
			v.leave()
		}
	}
	if w.polled[0].Revents != 0 {
		w.accept()
	}
}

// wait asks the kernel by itself: unix.Ppoll tells the scheduler.
func (w *demoWorker) wait(until time.Time) {
	w.polled[0], w.polled[1] = unix.PollFd{Fd: -1}, unix.PollFd{Fd: int32(w.end), Events: unix.POLLIN}
	if w.ending { // it would be told of that again and again
		w.polled[1].Fd = -1
	}
	for i := range w.visits {
		w.polled[2+i] = unix.PollFd{Fd: -1}
		switch v := &w.visits[i]; {
		case v.stage == demoReading:
			w.polled[2+i] = unix.PollFd{Fd: int32(v.conn), Events: unix.POLLIN}
		case v.stage == demoFree && !w.ending:
			w.polled[0] = unix.PollFd{Fd: int32(w.listener), Events: unix.POLLIN}
		}
	}
	var pause *unix.Timespec
	if !until.IsZero() {
		w.pause = unix.NsecToTimespec(int64(max(time.Until(until), 0)))
		pause = &w.pause
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&w.polled[0])), uintptr(len(w.polled)), uintptr(unsafe.Pointer(pause)), 0, 0, 0)
	if errno != 0 { // a signal: nobody has come
		for i := range w.polled {
			w.polled[i].Revents = 0
		}
	}
}

// accept lets in whoever waits, as far as there is room. unix.Accept4 would make an address each time.
func (w *demoWorker) accept() {
	for i := range w.visits {
		v := &w.visits[i]
		if v.stage != demoFree {
			continue
		}
		conn, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(w.listener), 0, 0, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0, 0)
		if errno != 0 {
			return
		}
		w.arrived++
		v.stage, v.conn, v.number, v.read, v.until = demoReading, int(conn), w.arrived, 0, time.Now().Add(demoPatience)
		v.receive()
	}
}

// receive reads what has come of a request's head.
func (v *demoVisit) receive() {
	n, err := unix.Read(v.conn, v.request[v.read:])
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil || n <= 0:
		v.leave()
		return
	}
	v.read += n
	if end := v.request[max(v.read-4, 0):v.read]; string(end) == "\r\n\r\n" || v.read == len(v.request) {
		v.stage = demoQueued
	}
}

func (v *demoVisit) leave() {
	_ = unix.Close(v.conn)
	v.stage = demoFree
}

// turned keeps the compiler from leaving turns out.
var turned atomic.Uint32

func turns(n uint32) {
	x := turned.Load()
	for i := range n {
		x = x*1_664_525 + i
	}
	turned.Store(x)
}
