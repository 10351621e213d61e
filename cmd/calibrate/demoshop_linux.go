package main

import (
	"math"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"workermem/calibrate"
)

// demoShop is the memory of the demo's worker, and its ledger. All of it is from outside the Go heap, so that no collector comes
// between the truth and the measurement.
type demoShop struct {
	base       int64 // resident before the first request
	requests   int64
	warm, kept int64
	chunk      []byte // the rest of the pages being handed out

	holding, mostHeld int64 // bytes
}

// begin takes what a request keeps, and what the app gains while it warms up.
func (s *demoShop) begin() {
	s.requests++
	due := int64(demoWarm * (1 - math.Exp2(-float64(s.requests)/demoHalf)))
	s.warm += s.take(due - s.warm)
	s.kept += s.take(demoKeep)
}

// hold takes what a request has until it is answered, and release gives it back.
func (s *demoShop) hold(b []byte) {
	for i := 0; i < len(b); i += smallestPage {
		b[i] = 1
	}
	s.holding += int64(len(b))
	s.mostHeld = max(s.mostHeld, s.holding)
}

func (s *demoShop) release(b []byte) {
	_ = unix.Madvise(b, unix.MADV_DONTNEED)
	s.holding -= int64(len(b))
}

// smallestPage is that of any machine. A larger one (16 or 64 KB on some of ARM) comes with the first of its parts that is touched.
const smallestPage = 4096

// take touches memory in turn, up to n bytes in parts of smallestPage, and returns how many bytes those were.
func (s *demoShop) take(n int64) int64 {
	const chunk = 4 << 20
	n -= n % smallestPage
	for taken := int64(0); taken < n; taken += smallestPage {
		if len(s.chunk) == 0 {
			s.chunk = mapped(chunk)
		}
		s.chunk[0] = 1
		s.chunk = s.chunk[smallestPage:]
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

// write leaves the truth for the report. Nothing is held any more.
func (s *demoShop) write(path string) error {
	// What the Go runtime itself has grown by is neither kept nor held, but it is there.
	base := max(s.base, residentBytes()-s.warm-s.kept)
	return calibrate.WriteWhole(path, calibrate.Truth{
		KeptBytesPerRequest: demoKeep,
		WarmupBytes:         s.warm,
		PeakRSSBytes:        base + s.warm + s.kept + s.mostHeld,
		DemandSeconds:       demoDemand.Seconds(),
		WaitingSeconds:      demoWaiting.Seconds(),
	}, 0o600)
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
