package workers

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"workermem/calibrate/linux"
	"workermem/calibrate/linux/linuxtest"
	"workermem/calibrate/server/servertest"
)

// A watch over a /proc of the test: a guess first, then the rule, then a replacement that has used no CPU time.
func TestWatch(t *testing.T) {
	p := linux.FS{Proc: linuxtest.Family{1: {10}, 10: {11, 12}}.Write(t, true)}
	use := func(pid int, ticks int64) {
		line := strings.Replace(linuxtest.StatLine(pid, "x", 'S', 10, int64(pid)), " 11 22 ", " "+strconv.Itoa(int(ticks))+" 0 ", 1)
		if pid == 10 {
			line = strings.Replace(line, " S 10 ", " S 1 ", 1)
		}
		servertest.Write(t, p.Proc+"/"+strconv.Itoa(pid)+"/stat", line)
	}
	for pid, title := range map[int]string{10: "app", 11: "app\x00helper", 12: "app\x00worker\x001"} {
		servertest.Write(t, p.Proc+"/"+strconv.Itoa(pid)+"/cmdline", title)
		use(pid, 1000) // of the boot
	}
	w := NewWatch(p, 0, noFinder{}, someTitles)
	if got := PIDs(w.Workers(1)); !slices.Equal(got, []int{11, 12}) || w.Rule() != ruleGuessLeaf {
		t.Fatalf("while it boots: %v by %q", got, w.Rule())
	}
	w.Begin(1)
	use(12, 1020)
	if got := PIDs(w.Workers(1)); !slices.Equal(got, []int{11, 12}) {
		t.Errorf("after 0.2 s: %v", got)
	}
	use(12, 1090)
	if got := PIDs(w.Workers(1)); !slices.Equal(got, []int{12}) || w.Rule() != ruleBusyLeaf {
		t.Errorf("after 0.9 s: %v by %q", got, w.Rule())
	}
	servertest.Write(t, p.Proc+"/10/task/10/children", "11 13")
	servertest.Write(t, p.Proc+"/12/stat", "")
	servertest.Write(t, p.Proc+"/13/cmdline", "app\x00worker\x002")
	servertest.Write(t, p.Proc+"/13/task/13/children", "")
	use(13, 0)
	if got := PIDs(w.Workers(1)); !slices.Equal(got, []int{13}) {
		t.Errorf("replaced: %v by %q", got, w.Rule())
	}
	if w.Replacements() != 1 {
		t.Errorf("%d replacements, want 1", w.Replacements())
	}
}

// A worker that was seen before it had its title, and then not looked at until it was no longer young.
func TestWatchReadsALateTitle(t *testing.T) {
	p := linux.FS{Proc: linuxtest.Family{1: {11}}.Write(t, true)}
	born := int64(linux.SinceBoot()*linux.ClockTicks) - youngTicks + 30
	servertest.Write(t, p.Proc+"/11/stat", linuxtest.StatLine(11, "x", 'S', 1, born))
	servertest.Write(t, p.Proc+"/11/cmdline", "before")
	w := NewWatch(p, 0, noFinder{}, someTitles)
	if got := w.look(1); len(got) != 1 || got[0].Title() != "before" {
		t.Fatalf("young: %v", got)
	}
	servertest.Write(t, p.Proc+"/11/cmdline", "after")
	time.Sleep(400 * time.Millisecond)
	if got := w.look(1); len(got) != 1 || got[0].Title() != "after" {
		t.Errorf("no longer young: %v", got)
	}
}
