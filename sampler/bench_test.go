package sampler

import (
	"fmt"
	"os"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// What a reading costs, beside the ways not taken. gopsutil's process package (which would need five more modules)
// is in gopsutil_test.go.

func BenchmarkRead(b *testing.B) {
	p := open(b, start(b, nil).pid)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := p.Read(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadReopened is statm without a kept descriptor.
func BenchmarkReadReopened(b *testing.B) {
	path := fmt.Sprintf("/proc/%d/statm", start(b, nil).pid)
	b.ReportAllocs()
	for b.Loop() {
		text, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := linux.ParseStatm(text, linux.PageSize); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPeak(b *testing.B) {
	p := open(b, start(b, nil).pid)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Peak(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCPU is the clock, stat and one schedstat a thread, at the borders of a load; the clock alone is BenchmarkCPUClock.
func BenchmarkCPU(b *testing.B) {
	p := open(b, start(b, nil).pid)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.CPU(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCPUClock(b *testing.B) {
	pid := start(b, nil).pid
	for b.Loop() {
		if _, err := linux.ProcessCPU(pid); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCores(b *testing.B) {
	pid := start(b, nil).pid
	for b.Loop() {
		if _, err := New().Cores(pid); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResetPeak(b *testing.B) {
	p := open(b, start(b, nil).pid)
	for b.Loop() {
		if err := p.ResetPeak(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	pid := start(b, nil).pid
	for b.Loop() {
		p, err := New().Open(pid)
		if err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
}

func BenchmarkVirtual(b *testing.B) { eachMB(b, calibrate.Probe.Virtual) }

func BenchmarkDetail(b *testing.B) { eachMB(b, calibrate.Probe.Detail) }

// eachMB has what a reading takes for a MB, of a small process and of a large one.
func eachMB[T any](b *testing.B, read func(calibrate.Probe) (T, error)) {
	for _, size := range []int{50, 500} {
		b.Run(fmt.Sprintf("%dMB", size), func(b *testing.B) {
			s := start(b, nil)
			s.do("hold %d", size)
			p := open(b, s.pid)
			for b.Loop() {
				if _, err := read(p); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(size), "µs/MB")
		})
	}
}
