package sampler

import (
	"testing"

	"github.com/shirou/gopsutil/v3/process"
)

func BenchmarkGopsutilMemoryInfo(b *testing.B) {
	p, err := process.NewProcess(int32(start(b, nil).pid))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.MemoryInfo(); err != nil {
			b.Fatal(err)
		}
	}
}
