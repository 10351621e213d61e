package workers

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/guard"
)

// The tree is looked at once a second: a look at a thousand processes may take 20 ms, 2 % of a core.
func BenchmarkThousandProcesses(b *testing.B) {
	g, err := guard.Start(guard.Order{
		Path: "/bin/sh",
		Args: []string{"sh", "-c", "for i in $(seq 999); do sleep 300 & done; wait"},
		Env:  []string{"PATH=/usr/bin:/bin"},
	}, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer g.Stop(context.Background(), 9, 0)
	for deadline := time.Now().Add(20 * time.Second); len(linux.Here.Descendants(g.PID)) < 1000; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatal("the thousand processes did not come")
		}
	}
	time.Sleep(youngTicks / linux.ClockTicks * time.Second)
	b.Run("Followed", func(b *testing.B) { lookAgain(b, g.PID, NewWatch(linux.Here, 0, noFinder{}, someTitles)) })
	b.Run("Plain", func(b *testing.B) {
		w := NewWatch(linux.Here, 0, noFinder{}, someTitles)
		w.follow.Plain = true
		lookAgain(b, g.PID, w)
	})
	b.Run("Serving", func(b *testing.B) { lookForServers(b, g.PID) })
}

// lookForServers is what is added to a look while nobody knows who serves: so seldom that it takes a 25th of a core.
func lookForServers(b *testing.B, root int) {
	w := NewWatch(linux.Here, 80, noFinder{}, someTitles)
	defer w.Close()
	w.Begin(root)
	tree := w.Processes(root)
	before := ownCPU()
	for b.Loop() {
		w.serving.next = time.Time{} // else it would rest
		w.serving.look(tree, w.Ports, false)
	}
	b.ReportMetric(float64((ownCPU()-before).Microseconds())/float64(b.N), "CPU-µs/op")
}

// lookAgain reports CPU time too: on a busy machine it is what tells.
func lookAgain(b *testing.B, root int, w *Watch) {
	defer w.Close()
	w.Begin(root)
	b.ReportAllocs()
	before := ownCPU()
	for b.Loop() {
		w.Workers(root)
	}
	b.ReportMetric(float64((ownCPU()-before).Microseconds())/float64(b.N), "CPU-µs/op")
}

func ownCPU() time.Duration {
	var used unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &used) // 0 is no result
	return time.Duration(used.Nano())
}
