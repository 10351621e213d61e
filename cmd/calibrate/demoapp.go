package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"workermem/calibrate"
)

// What the demo app does, and so what a right measurement finds.
const (
	demoAppCommand = "__demo-app"
	demoThreads    = 4
	demoKeep       = 8 << 10  // bytes kept a request
	demoWarm       = 32 << 20 // bytes gained over the first requests: half of it by demoHalf of them
	demoHalf       = 200
	demoHold       = 4 << 20 // bytes held while a request is under way
	demoService    = 8 * time.Millisecond
	demoMemory     = 1 << 30 // the box that the demo sizes for, so that its answer is the same everywhere
	demoCPUs       = 2
)

// newDemoAppCmd is the demo's server: a master that holds the listener, and one worker process that answers.
func newDemoAppCmd() *cobra.Command {
	var port, threads, maxRequests int
	var ledger string
	var worker bool
	cmd := &cobra.Command{
		Use: demoAppCommand, Hidden: true, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if worker {
				return demoWorker(threads, maxRequests, ledger)
			}
			return demoMaster(port, os.Args[1:])
		},
	}
	cmd.Flags().IntVar(&port, "port", 0, "")
	cmd.Flags().IntVar(&threads, "threads", demoThreads, "")
	cmd.Flags().IntVar(&maxRequests, "max-requests", 0, "")
	cmd.Flags().StringVar(&ledger, "ledger", "", "")
	cmd.Flags().BoolVar(&worker, "worker", false, "")
	return cmd
}

// demoMaster listens, hands the listener to its worker, passes the end on to it, and starts another after a worker
// that was recycled.
func demoMaster(port int, args []string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return err
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	runtime.LockOSThread() // Pdeathsig fires when the thread that started the worker ends
	for {
		worker := exec.Command(self, append(args, "--worker")...)
		worker.Stdout, worker.Stderr, worker.ExtraFiles = os.Stdout, os.Stderr, []*os.File{file}
		worker.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
		if err := worker.Start(); err != nil {
			return err
		}
		ended := make(chan error, 1)
		go func() { ended <- worker.Wait() }()
		select {
		case <-signals:
			_ = worker.Process.Signal(syscall.SIGTERM) // it may have ended by itself
			return <-ended
		case err := <-ended:
			if err != nil {
				return err
			}
		}
	}
}

// demoWorker answers until it is told to end, then writes what it did.
func demoWorker(threads, maxRequests int, ledger string) error {
	runtime.GOMAXPROCS(1)
	heapToItsLevel()
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return err
	}
	shop := &demoShop{seats: make(chan struct{}, threads), base: residentBytes(), limit: int64(maxRequests), old: make(chan struct{})}
	server := &http.Server{Handler: shop, ReadHeaderTimeout: 10 * time.Second}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		select {
		case <-signals:
		case <-shop.old:
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx) // what isn't done in a second is cut off
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-closed
	return shop.write(ledger)
}

// heapToItsLevel brings the Go heap to the size it will keep (the collector's least goal of 4 MB), so that all growth
// after it is the app's own doing.
func heapToItsLevel() {
	for range 8 {
		for range 32 {
			_ = touched(make([]byte, 64<<10))
		}
		runtime.GC()
	}
}

func touched(b []byte) []byte {
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	return b
}

// demoShop serves requests, and keeps its ledger: what memory it took for itself, from outside the Go heap, so that
// no collector comes between the truth and the measurement.
type demoShop struct {
	seats chan struct{} // one a thread
	base  int64
	limit int64         // requests until the worker is old, 0 for never
	old   chan struct{} // closed then

	mu                sync.Mutex
	requests          int64
	warm, kept        int64
	holding, mostHeld int64
	chunk             []byte // the rest of the pages being handed out
}

func (s *demoShop) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.seats <- struct{}{}
	defer func() { <-s.seats }()
	s.begin()
	held := pages(demoHold)
	time.Sleep(demoService)
	_ = unix.Munmap(held)
	s.mu.Lock()
	s.holding--
	s.mu.Unlock()
	fmt.Fprintln(w, "ok")
}

// begin takes what a request keeps, and what the app gains while it warms up.
func (s *demoShop) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if s.requests == s.limit {
		close(s.old)
	}
	s.holding++
	s.mostHeld = max(s.mostHeld, s.holding)
	due := int64(demoWarm * (1 - math.Exp2(-float64(s.requests)/demoHalf)))
	s.warm += s.take(due - s.warm)
	s.kept += s.take(demoKeep)
}

// take touches whole pages up to n bytes, and returns how many bytes those were.
func (s *demoShop) take(n int64) int64 {
	const page, chunk = 4096, 4 << 20
	n -= n % page
	for taken := int64(0); taken < n; taken += page {
		if len(s.chunk) == 0 {
			s.chunk = mapped(chunk)
		}
		s.chunk[0] = 1
		s.chunk = s.chunk[page:]
	}
	return max(n, 0)
}

func mapped(n int) []byte {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		panic(err) // out of memory: nothing to be done, and the run says that the worker ended
	}
	_ = unix.Madvise(b, unix.MADV_NOHUGEPAGE) // else a touched page may bring 2 MB; kernels without huge pages refuse
	return b
}

func pages(n int) []byte { return touched(mapped(n)) }

// write leaves the truth for the report.
func (s *demoShop) write(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// What the Go runtime itself has grown by is neither kept nor held, but it is there: seen once nothing is held any more.
	base := max(s.base, residentBytes()-s.warm-s.kept)
	text, err := json.Marshal(calibrate.Truth{
		KeptBytesPerRequest: demoKeep,
		WarmupBytes:         s.warm,
		PeakRSSBytes:        base + s.warm + s.kept + s.mostHeld*demoHold,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	resident, _ := strconv.ParseInt(fields[1], 10, 64) // the kernel's own format
	return resident * int64(os.Getpagesize())
}
