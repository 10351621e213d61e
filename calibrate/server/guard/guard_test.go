package guard

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What cleans up when the tool is gone has as long for it as its order says, an app only what it needs to stop.
func TestE2EGraceOfAnOrphan(t *testing.T) {
	if testing.Short() {
		t.Skip("takes five seconds")
	}
	t.Parallel()
	for grace, want := range map[time.Duration]bool{0: false, time.Minute: true} {
		cleaned := filepath.Join(t.TempDir(), "cleaned")
		const text = `trap 'sleep 3; touch "$1"; exit' TERM; echo ready; while :; do sleep 600 & wait; done`
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		g, err := Start(Order{Path: "/bin/sh", Args: []string{"sh", "-c", text, "sh", cleaned}, Env: os.Environ(), Grace: grace}, write, nil)
		if err != nil {
			t.Fatal(err)
		}
		write.Close()
		if _, err := read.Read(make([]byte, 6)); err != nil { // the trap is set
			t.Fatal(err)
		}
		read.Close()
		g.commands.Close() // as the tool's end does
		<-g.Gone()
		if _, err := os.Stat(cleaned); (err == nil) != want {
			t.Errorf("a grace of %s: %v", grace, err)
		}
	}
}
