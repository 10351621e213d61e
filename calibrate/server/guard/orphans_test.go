package guard

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate/linux"
)

// Whenever it is looked at, something lives of an app whose processes end as soon as they have forked, for fewer times
// than it is looked at.
func TestForkingIntoTheBackgroundLives(t *testing.T) {
	script := fmt.Sprintf("hop() { [ $1 = 0 ] && exec sleep 30; hop $(($1 - 1)) & exit 0; }; hop %d", linux.TreeLooks-1)
	for range 20 {
		g, err := Start(Order{Path: "/bin/sh", Args: []string{"sh", "-c", script}}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for last, deadline := "", time.Now().Add(10*time.Second); last != "sleep"; { // without a pause: the gaps are short
			tree := linux.Here.Tree(g.PID)
			if len(tree) == 0 || time.Now().After(deadline) {
				g.Stop(t.Context(), syscall.SIGKILL, 0)
				t.Fatalf("nothing seems to live after %q", last)
			}
			last = tree[0].Comm
		}
		g.Stop(t.Context(), syscall.SIGKILL, 0)
	}
}
