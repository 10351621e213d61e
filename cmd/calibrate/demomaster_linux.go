package main

import (
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
)

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
