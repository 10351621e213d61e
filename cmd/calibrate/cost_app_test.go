package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const costAppCommand = "__cost-app"

// A costApp is what is measured in the cost benchmark: so much resident memory, work in closed loop, and so many
// processes.
type costApp struct {
	mb   int    // resident
	work string // workCPU, workFaults, or "" for none
	idle int    // children that only sleep; with any, the work is done by one more child
}

const (
	workCPU    = "cpu"    // a unit is the SHA-256 of a page
	workFaults = "faults" // a unit maps, touches and unmaps faultBytes: a sampler that holds the mm's lock is in its way
	faultBytes = 256 << 10
)

func (a costApp) args(meter string) []string {
	return []string{costAppCommand, "--port={port}", "--meter=" + meter,
		"--mb=" + strconv.Itoa(a.mb), "--work=" + a.work, "--idle=" + strconv.Itoa(a.idle)}
}

// meter is what the app tells its measurer, in memory that both map: reading it costs the app nothing.
type meter struct {
	root, worker atomic.Int64 // pids, 0 until they are there
	units        atomic.Int64 // of work
}

func openMeter(path string) (*meter, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size := int(unsafe.Sizeof(meter{}))
	if err := file.Truncate(int64(size)); err != nil {
		return nil, err
	}
	shared, err := unix.Mmap(int(file.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return (*meter)(unsafe.Pointer(&shared[0])), nil
}

func (m *meter) close() { _ = unix.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(m)), unsafe.Sizeof(*m))) }

func costAppMain(args []string) {
	flags := flag.NewFlagSet(costAppCommand, flag.ExitOnError)
	port, path := flags.Int("port", 0, ""), flags.String("meter", "", "")
	var a costApp
	flags.IntVar(&a.mb, "mb", 0, "")
	flags.StringVar(&a.work, "work", "", "")
	flags.IntVar(&a.idle, "idle", 0, "")
	_ = flags.Parse(args) // exits
	m, err := openMeter(*path)
	if err == nil {
		err = a.run(m, *port, *path)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// run works for ever. The child that works for another is one without a port.
func (a costApp) run(m *meter, port int, path string) error {
	_ = pages(a.mb << 20)
	if port == 0 {
		m.worker.Store(int64(os.Getpid()))
		a.toil(&m.units)
	}
	m.root.Store(int64(os.Getpid()))
	if err := a.startChildren(path); err != nil {
		return err
	}
	if a.idle == 0 {
		m.worker.Store(int64(os.Getpid()))
		go a.toil(&m.units)
	}
	return http.ListenAndServe("127.0.0.1:"+strconv.Itoa(port), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	}))
}

func (a costApp) startChildren(meter string) error {
	if a.idle == 0 {
		return nil
	}
	runtime.LockOSThread() // Pdeathsig fires when the thread that started the child ends
	start := func(name string, args ...string) error {
		child := exec.Command(name, args...)
		child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		return child.Start()
	}
	for range a.idle {
		if err := start("sleep", "3600"); err != nil {
			return err
		}
	}
	if a.work == "" {
		return nil
	}
	return start("/proc/self/exe", costAppCommand, "--meter="+meter, "--mb=1", "--work="+a.work)
}

func (a costApp) toil(units *atomic.Int64) {
	page := make([]byte, 4096)
	for {
		switch a.work {
		case workCPU:
			sha256.Sum256(page)
		case workFaults:
			_ = unix.Munmap(pages(faultBytes))
		default:
			select {}
		}
		units.Add(1)
	}
}

// pages are so many bytes in memory, from outside the Go heap.
func pages(n int) []byte {
	b := mapped(n)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	return b
}
