package report

import (
	"testing"

	"workermem/calibrate"
)

// A worker without threads in addresses that nobody limits has nothing to be said of.
func TestVirtualIsSaidIfItMatters(t *testing.T) {
	for want, v := range map[string]*calibrate.Virtual{
		"": {PeakBytes: 30 * mb, Threads: 1, StackLimitBytes: 8 * mb},
		"30 MB of addresses; ulimit -v allows a process 50 MB: room for 2 more threads": {PeakBytes: 30 * mb, StackLimitBytes: 8 * mb,
			Limit: &calibrate.VirtualLimit{Kind: calibrate.LimitAddresses, Bytes: 50 * mb, UsedBytes: 30 * mb}},
		"90 MB of addresses, 64 MB of them only reserved; 3 thread stacks of mostly 8 MB take 16.2 MB of them, but 36 KB of memory, and smaller stacks could save no more than that": {PeakBytes: 90 * mb,
			ReservedBytes: 64 * mb, Stacks: calibrate.Stacks{Count: 3, EachBytes: 8 * mb, Bytes: 16*mb + mb/4, ResidentBytes: 36 << 10}},
	} {
		if got := virtualOf(v); got != want {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
	if got := virtualOf(nil); got != "" {
		t.Error(got)
	}
}
