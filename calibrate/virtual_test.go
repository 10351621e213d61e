package calibrate

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The commonest size counts, and of two as common the larger; whatever their order.
func TestStacksOf(t *testing.T) {
	for name, c := range map[string]struct {
		sizes []int64
		each  int64
	}{
		"none": {nil, 0}, "one": {[]int64{8}, 8}, "the server's own are larger": {[]int64{8, 1, 1, 8, 1}, 1}, "a tie": {[]int64{1, 8, 8, 1}, 8},
	} {
		got := StacksOf(c.sizes, 3)
		sum := int64(0)
		for _, size := range c.sizes {
			sum += size
		}
		if got != (Stacks{Count: len(c.sizes), EachBytes: c.each, Bytes: sum, ResidentBytes: 3}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestMoreThreads(t *testing.T) {
	const mib, stack = 1 << 20, 8<<20 + 4096
	limit := func(kind VirtualLimitKind, left int64) *VirtualLimit {
		return &VirtualLimit{Kind: kind, Bytes: 100*mib + left, UsedBytes: 100 * mib}
	}
	for name, c := range map[string]struct {
		v           Virtual
		least, most int64
		known       bool
		says        string
	}{
		"no limit": {Virtual{Stacks: Stacks{EachBytes: stack}}, 0, 0, false, ""},
		// 970 MB: with 64 MB for each 13 x 72 MB, and 4 more in the 34 MB that are left.
		"ulimit -v": {Virtual{Stacks: Stacks{EachBytes: stack}, Limit: limit(LimitAddresses, 970*mib)}, 17, 121, true, "ulimit -v allows a process 1 070 MB: room for 17 to 121 more threads"},
		"no arena fits": {Virtual{Stacks: Stacks{EachBytes: stack}, Limit: limit(LimitAddresses, 20*mib)}, 2, 2, true,
			"ulimit -v allows a process 120 MB: room for 2 more threads"},
		"by ulimit -s":        {Virtual{StackLimitBytes: 10 * mib, Limit: limit(LimitAddresses, 35*mib)}, 3, 3, true, "room for 3 more threads"},
		"stacks of no size":   {Virtual{Limit: limit(LimitAddresses, 35*mib)}, 0, 0, false, "ulimit -v allows a process 135 MB"},
		"more used than said": {Virtual{Stacks: Stacks{EachBytes: stack}, Limit: &VirtualLimit{Kind: LimitPrivate, Bytes: 1, UsedBytes: 2}}, 0, 0, true, "room for 0 more threads"},
		"reserves are free":   {Virtual{Stacks: Stacks{EachBytes: stack}, Limit: limit(LimitPrivate, 970*mib)}, 121, 121, true, "privvmpages allows the container 1 070 MB, and 100 MB of it are used: room for 121 more threads"},
		"the machine's":       {Virtual{Stacks: Stacks{EachBytes: stack}, Limit: limit(LimitCommit, 9*mib)}, 1, 1, true, "vm.overcommit_memory=2 allows this machine 109 MB, and 100 MB of it are used: room for 1 more thread"},
	} {
		least, most, known := c.v.MoreThreads()
		if least != c.least || most != c.most || known != c.known {
			t.Errorf("%s: %d to %d, %v", name, least, most, known)
		}
		if c.v.Limit != nil && !strings.Contains(c.v.SayLimit(), c.says) {
			t.Errorf("%s: %s", name, c.v.SayLimit())
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(0, mostBytes)
		v := Virtual{Stacks: Stacks{EachBytes: size.Draw(t, "stack")}, Limit: &VirtualLimit{Kind: LimitAddresses, Bytes: size.Draw(t, "limit"), UsedBytes: size.Draw(t, "used")}}
		least, most, known := v.MoreThreads()
		if least < 0 || least > most || known && most > 0 && most*v.Stacks.EachBytes > v.Limit.Left() {
			t.Fatalf("%d to %d threads in %+v", least, most, v)
		}
	})
}

func TestVirtualBelowZeroIsImplausible(t *testing.T) {
	for _, v := range []Virtual{{Bytes: -1}, {Threads: -1}, {Limit: &VirtualLimit{Kind: LimitCommit, UsedBytes: -1}}, {Stacks: Stacks{EachBytes: -1}}} {
		if odd := (Result{Worker: Worker{Virtual: &v}}).implausible(); !strings.Contains(odd, "virtual") {
			t.Errorf("%+v: %q", v, odd)
		}
	}
	if odd := (Result{Worker: Worker{Virtual: &Virtual{Limit: &VirtualLimit{Kind: LimitAddresses}}}}).implausible(); odd != "" {
		t.Error(odd)
	}
}
