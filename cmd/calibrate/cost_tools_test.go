package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The tools of the cost benchmark. calibrate starts the app; the others do as it does, at the same rate: memory ten times
// a second, the process tree once.
var costTools = []string{"calibrate run", "psutil memory_full_info", "psutil memory_info", "gopsutil MemoryInfo"}

// A tool measures a running app, in processes of its own.
type tool struct {
	cmd      *exec.Cmd
	guard    int    // calibrate's second process; 0 for none
	readings string // the file to which it adds a line a reading
}

// A lab is a running app with the tools around it. All of them are paused: a stopped process costs nothing and holds
// nothing.
type lab struct {
	t     *testing.T
	meter *meter
	tools map[string]*tool
}

// newLab starts the app under calibrate, and the rivals beside it.
func newLab(t *testing.T, rivals map[string][]string, app costApp) *lab {
	t.Helper()
	l := &lab{t: t, tools: map[string]*tool{}}
	l.startApp(app)
	root, worker := fmt.Sprint(l.meter.root.Load()), fmt.Sprint(l.meter.worker.Load())
	for _, name := range costTools[1:] {
		words := slices.Concat(rivals[name], []string{root})
		if app.work != "" {
			words = append(words, worker)
		}
		l.start(name, exec.Command(words[0], words[1:]...))
	}
	time.Sleep(2 * time.Second) // for their imports and first looks
	for _, one := range l.tools {
		one.pause(t)
	}
	return l
}

// startApp has calibrate start the app. Its load is a request in ten seconds, so that what is seen is the measuring.
func (l *lab) startApp(app costApp) {
	l.t.Helper()
	dir := l.t.TempDir()
	path, run := filepath.Join(dir, "meter"), filepath.Join(dir, "run")
	self, err := os.Executable()
	if err == nil {
		l.meter, err = openMeter(path)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	calibrate := l.start(costTools[0], &exec.Cmd{
		Path: self,
		Args: append([]string{"calibrate", "run", "--rate=0.1", "--duration=1h", "--out=" + run, "--", self}, app.args(path)...),
	})
	said := calibrate.readings
	calibrate.readings = filepath.Join(run, "samples.jsonl")
	for range 3000 { // a thousand processes take some seconds
		if calibrate.lines() > 0 && (app.work == "" || l.meter.worker.Load() > 0) {
			calibrate.guard = number(l.t, fields(l.t, fmt.Sprint(l.meter.root.Load()))[statParent])
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	text, _ := os.ReadFile(said)
	l.t.Fatalf("the app isn't measured; calibrate says:\n%s", text)
}

// start starts a tool whose stdout has a line a reading.
func (l *lab) start(name string, cmd *exec.Cmd) *tool {
	l.t.Helper()
	out, err := os.Create(filepath.Join(l.t.TempDir(), "out"))
	if err != nil {
		l.t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	one := &tool{cmd: cmd, readings: out.Name()}
	l.tools[name] = one
	l.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return one
}

// end has the app stopped by the tool that started it, as a user would.
func (l *lab) end() {
	calibrate := l.tools[costTools[0]]
	for _, one := range l.tools {
		if one != calibrate {
			one.signal(l.t, unix.SIGKILL)
		}
	}
	calibrate.signal(l.t, unix.SIGINT)
	calibrate.signal(l.t, unix.SIGCONT)
	_ = calibrate.cmd.Wait() // 130
	l.meter.close()
}

func (o *tool) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := o.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// pause returns when the tool has stopped: it does so at the end of a system call, and smaps takes its time.
func (o *tool) pause(t *testing.T) {
	t.Helper()
	o.signal(t, unix.SIGSTOP)
	for range 1000 {
		if fields(t, strconv.Itoa(o.cmd.Process.Pid))[statState] == "T" {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%s doesn't stop", o.cmd.Path)
}

func (o *tool) lines() int {
	text, _ := os.ReadFile(o.readings)
	return bytes.Count(text, []byte("\n"))
}

// cpu is the CPU time that a tool has used, that of the processes it ran (pgrep) included.
func (o *tool) cpu(t *testing.T) time.Duration {
	t.Helper()
	used := cpuClock(t, o.cmd.Process.Pid)
	if o.guard > 0 {
		used += cpuClock(t, o.guard)
	}
	own := fields(t, strconv.Itoa(o.cmd.Process.Pid))
	ran := number(t, own[statChildrenUser]) + number(t, own[statChildrenSystem])
	return used + time.Duration(ran)*10*time.Millisecond // USER_HZ is 100
}

// cpuClock reads the CPU-time clock of another process, to the nanosecond (man 3 clock_getcpuclockid; the number is made
// as in linux/posix-timers.h, CPUCLOCK_SCHED).
func cpuClock(t *testing.T, pid int) time.Duration {
	t.Helper()
	const cpuclockSched = 2
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|cpuclockSched), &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Nano())
}

// Fields of /proc/PID/stat, counted from the one behind the name (the 3rd in man 5 proc).
const (
	statState          = 0
	statParent         = 1
	statChildrenUser   = 13
	statChildrenSystem = 14
)

func fields(t *testing.T, pid string) []string {
	t.Helper()
	line, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(line[bytes.LastIndexByte(line, ')')+1:]))
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
