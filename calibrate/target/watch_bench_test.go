package target

import (
	"context"
	"testing"
	"time"
)

// The tree is looked at once a second: a look at a thousand processes may take 20 ms, 2 % of a core.
func BenchmarkThousandProcesses(b *testing.B) {
	g, err := startGuard(order{
		Path: "/bin/sh",
		Args: []string{"sh", "-c", "for i in $(seq 999); do sleep 100 & done; wait"},
		Env:  []string{"PATH=/usr/bin:/bin"},
	}, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer g.stop(context.Background(), 9, 0)
	for deadline := time.Now().Add(20 * time.Second); len(hostProc.descendants(g.pid)) < 1000; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatal("the thousand processes did not come")
		}
	}
	time.Sleep(youngTicks / clockTicks * time.Second)
	w := watch{proc: hostProc, server: anyCommand{}}
	w.begin(g.pid)
	b.Run("ByParents", func(b *testing.B) {
		for b.Loop() {
			w.last.at = time.Time{}
			w.workers(g.pid)
			w.tree(g.pid)
		}
	})
	b.Run("ByChildren", func(b *testing.B) {
		for b.Loop() {
			w.last = lastLook{}
			w.workers(g.pid)
			w.tree(g.pid)
		}
	})
}
