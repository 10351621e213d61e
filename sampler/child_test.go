package sampler

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// The test binary is its own fixture: with one of these words it is a process whose memory is known, or a reader
// under another user.
const (
	beChild  = "be-child"
	beReader = "be-reader"
	beBurner = "be-burner"
)

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == beChild:
		child()
	case len(os.Args) == 3 && os.Args[1] == beReader:
		reader(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == beBurner:
		ms, _ := strconv.Atoi(os.Args[2])
		burn(ms)
	default:
		m.Run()
	}
}

// child does what it is told, a line an order, and answers each with a line.
func child() {
	var held [][]byte
	orders := bufio.NewScanner(os.Stdin)
	for orders.Scan() {
		var n, ms int
		word, rest, _ := strings.Cut(orders.Text(), " ")
		fmt.Sscan(rest, &n, &ms)
		switch word {
		case "hold": // n MB of anonymous memory
			held = append(held, touched(n<<20, unix.MAP_PRIVATE|unix.MAP_ANON))
		case "share": // n MB of shared memory
			held = append(held, touched(n<<20, unix.MAP_SHARED|unix.MAP_ANON))
		case "lock": // n MB of a file, locked
			held = append(held, locked(n<<20))
		case "reserve": // n MB that nothing may touch
			mapped(n<<20, unix.PROT_NONE)
		case "stack": // a guard, and n MB as a thread's stack, of which three pages are touched
			b := mapped(n<<20+int(linux.PageSize), unix.PROT_NONE)
			if err := unix.Mprotect(b[linux.PageSize:], unix.PROT_READ|unix.PROT_WRITE); err != nil {
				panic(err)
			}
			for i := range 3 {
				b[len(b)-1-int(linux.PageSize)*i] = 1
			}
		case "spike": // n MB for so many ms
			b := touched(n<<20, unix.MAP_PRIVATE|unix.MAP_ANON)
			time.Sleep(time.Duration(ms) * time.Millisecond)
			unix.Munmap(b)
		case "free":
			for _, b := range held {
				unix.Munmap(b)
			}
			held = nil
		case "burn": // n ms of CPU time
			burn(n)
		case "breed": // a child that burns as much, and is waited for
			if err := again(beBurner, strconv.Itoa(n)).Run(); err != nil {
				panic(err)
			}
		case "setuid":
			if err := syscall.Setuid(n); err != nil {
				panic(err)
			}
		}
		fmt.Println("done")
	}
}

func burn(ms int) {
	used := func() time.Duration {
		var t unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
			panic(err)
		}
		return time.Duration(t.Nano())
	}
	for enough := used() + time.Duration(ms)*time.Millisecond; used() < enough; {
	}
}

func mapped(size, access int) []byte {
	b, err := unix.Mmap(-1, 0, size, access, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		panic(err)
	}
	return b
}

// touched maps memory and writes to every page of it.
func touched(size, flags int) []byte {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		panic(err)
	}
	for i := 0; i < size; i += int(linux.PageSize) {
		b[i] = 1
	}
	return b
}

// locked maps its own program, and locks so much of it.
func locked(size int) []byte {
	program, err := os.Open("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	defer program.Close()
	b, err := unix.Mmap(int(program.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err == nil {
		err = unix.Mlock(b)
	}
	if err != nil {
		panic(err)
	}
	return b
}

// reader reads a process with whatever rights it has and prints what it was told.
func reader(pid string) {
	n, _ := strconv.Atoi(pid)
	p, err := New().Open(n)
	if err != nil {
		fmt.Println("open:", err)
		return
	}
	_, _, err = p.Read()
	fmt.Println("read:", err)
	_, err = p.Peak()
	fmt.Println("peak:", err)
	_, err = p.Detail()
	fmt.Println("detail:", errors.Is(err, fs.ErrPermission), err)
	err = p.ResetPeak()
	fmt.Println("reset:", errors.Is(err, fs.ErrPermission), err)
}

// A subject is a running child.
type subject struct {
	t      testing.TB
	cmd    *exec.Cmd
	pid    int
	stdin  io.WriteCloser
	answer *bufio.Reader
}

// again runs the test binary again. The go command builds into a folder of this user's alone, but /proc/self/exe works
// for every user; and the race detector would have each process sleep a second at its end.
func again(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	return cmd
}

// start starts a child; credential nil for the present user.
func start(t testing.TB, credential *syscall.Credential) *subject {
	t.Helper()
	cmd := again(beChild)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential, Pdeathsig: syscall.SIGKILL}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &subject{t: t, cmd: cmd, pid: cmd.Process.Pid, stdin: stdin, answer: bufio.NewReader(stdout)}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	s.do("hello")
	return s
}

// do gives an order and waits until it is done.
func (s *subject) do(order string, args ...any) {
	s.t.Helper()
	if _, err := fmt.Fprintf(s.stdin, order+"\n", args...); err != nil {
		s.t.Fatal(err)
	}
	if line, err := s.answer.ReadString('\n'); line != "done\n" {
		s.t.Fatalf("child answered %q (%v)", line, err)
	}
}

// end kills the child and leaves it unburied: a zombie.
func (s *subject) end() {
	s.t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	s.answer.ReadString('\n') // its end of the pipe closes some moments before it is a zombie
	for range 1000 {
		if b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid)); strings.Contains(string(b), ") Z ") {
			return
		}
		time.Sleep(time.Millisecond)
	}
	s.t.Fatal("the child doesn't end")
}

func (s *subject) bury() { s.cmd.Wait() }

func open(t testing.TB, pid int) calibrate.Probe {
	t.Helper()
	p, err := New().Open(pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}
