package target

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// toolEnv makes the tests' binary act as the tool: start one app, say so, and then die in some way or wait for it.
const toolEnv = "CALIBRATE_TEST_TOOL"

type toolOrder struct {
	Spec  Spec
	Log   string
	Panic bool
}

func actAsTool() int {
	var order toolOrder
	if err := json.Unmarshal([]byte(os.Getenv(toolEnv)), &order); err != nil {
		fmt.Println("error", err)
		return 1
	}
	time.AfterFunc(time.Minute, func() { os.Exit(9) }) // nobody waits for a tool for ever
	log, err := os.OpenFile(order.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	order.Spec.Log = log
	os.Unsetenv(toolEnv) // an app must not see it
	l, err := Recognise(order.Spec)
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	app, err := l.Start(context.Background())
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("ready", app.(*App).guardian.pid)
	if order.Panic {
		var none *App
		none.info.Threads = 1
	}
	select {}
}

// tool is the tests' binary acting as the tool.
type tool struct {
	cmd   *exec.Cmd
	guard int
}

func startTool(t *testing.T, order toolOrder) *tool {
	t.Helper()
	order.Log = logFile(t).Name()
	data, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), toolEnv+"="+string(data))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n') // ends with the tool, and that within a minute
	word, pid, _ := strings.Cut(strings.TrimSpace(line), " ")
	if word != "ready" {
		t.Fatalf("the tool said %q (%v)", line, err)
	}
	guard, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	return &tool{cmd: cmd, guard: guard}
}

// kill9 kills the tool as nothing can be caught, and waits for its end.
func (x *tool) kill9(t *testing.T) {
	t.Helper()
	if err := x.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = x.cmd.Wait()
}
