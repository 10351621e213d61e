package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// toolEnv makes the tests' binary act as the tool: start one app, say so, and then die in some way or wait for it.
const toolEnv = "CALIBRATE_TEST_TOOL"

type toolOrder struct {
	Spec  known.Spec
	Log   string
	Panic bool
	User  uint32 // 0: as the test
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
	l, err := Recognise(context.Background(), order.Spec)
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	app, err := l.Start(context.Background())
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	own := app.(*App)
	ready, _ := json.Marshal(toolReady{own.guardian.PID, own.group, own.noGroup, own.Warnings()})
	fmt.Println(string(ready))
	if order.Panic {
		var none *App
		none.info.Threads = 1
	}
	select {}
}

// toolReady is what the tool says of its app.
type toolReady struct {
	Guard    int
	Group    string
	NoGroup  string
	Warnings []calibrate.Warning
}

// tool is the tests' binary acting as the tool.
type tool struct {
	cmd *exec.Cmd
	toolReady
}

func startTool(t *testing.T, order toolOrder) *tool {
	t.Helper()
	cmd, line := askTool(t, order)
	var ready toolReady
	if json.Unmarshal([]byte(line), &ready) != nil {
		t.Fatalf("the tool said %q", line)
	}
	return &tool{cmd, ready}
}

// askTool starts a tool and waits for its word: of its app, or why there is none.
func askTool(t *testing.T, order toolOrder) (cmd *exec.Cmd, line string) {
	t.Helper()
	order.Log = servertest.LogFile(t).Name()
	if order.User != 0 {
		giveTo(t, order.User, order.Log)
	}
	data, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), toolEnv+"="+string(data))
	if order.User != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: order.User, Gid: order.User}}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, _ = bufio.NewReader(out).ReadString('\n') // ends with the tool, and that within a minute
	return cmd, strings.TrimSpace(line)
}

// kill9 kills the tool as nothing can be caught, and waits for its end.
func (x *tool) kill9(t *testing.T) {
	t.Helper()
	if err := x.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = x.cmd.Wait()
}
