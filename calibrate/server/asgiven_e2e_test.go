package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// byHand runs a server without calibrate, in a folder of its own, until its first answer. {port} is a free port.
func byHand(t *testing.T, env []string, words ...string) (url string, cmd *exec.Cmd) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	l.Close()
	fill := func(texts []string) (all []string) {
		for _, text := range texts {
			all = append(all, strings.ReplaceAll(text, "{port}", port))
		}
		return all
	}
	words = fill(words)
	cmd = exec.Command(words[0], words[1:]...)
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), fill(env)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	url = "http://" + address
	eventually(t, "the first answer", func() bool { _, ok := pidAt(url); return ok })
	return url, cmd
}

// pidAt asks for the pid of a worker, for half a second.
func pidAt(url string) (pid string, ok bool) {
	client := plainClient()
	client.Timeout = 500 * time.Millisecond
	res, err := client.Get(url)
	if err != nil {
		return "", false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err == nil
}

// endsWith checks that a server ends by itself, with one of the statuses.
func endsWith(t *testing.T, end <-chan error, limit time.Duration, statuses ...int) {
	t.Helper()
	select {
	case err := <-end:
		status := 0
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			status = exit.ExitCode() // -1 by a signal
		} else if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(statuses, status) {
			t.Errorf("it ended with %d, not with one of the statuses %d", status, statuses)
		}
	case <-time.After(limit):
		t.Error("it lives on")
	}
}

// readsToTheEnd asks on a connection of its own, and says whether the answer ended in time.
func readsToTheEnd(url string, limit time.Duration) bool {
	res, err := (&http.Client{Timeout: limit, Transport: &http.Transport{DisableKeepAlives: true}}).Get(url)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err == nil
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
