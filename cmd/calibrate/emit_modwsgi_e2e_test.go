package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
)

// What emit --for mod_wsgi writes runs in Debian's Apache, with each of its MPMs.

// emittedApache is an Apache that runs what emit wrote, and an app that holds each request for 200 ms and says who answers.
type emittedApache struct {
	master   int
	url, log string
}

const heldApp = `import os, time
def application(environ, start_response):
    time.sleep(0.2)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
`

// apacheDir is a folder that Apache's own user may enter, with the app in it.
func apacheDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "test-emit-") //nolint:usetesting // that of t.TempDir is in one that is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app.wsgi"), []byte(heldApp), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// apacheWith checks a configuration around what emit wrote, and starts it.
func apacheWith(t *testing.T, mpm string, r calibrate.Result) emittedApache {
	t.Helper()
	program := needTool(t, "/usr/sbin/apache2")
	dir, address := apacheDir(t), freeAddress(t)
	conf := emittedConf(t, mpm, address, emittedTo(t, filepath.Join(dir, "emitted.conf"), r, "mod_wsgi"))
	if out := strings.TrimSpace(reads(t, dir, program, "-t", "-f", conf)); out != "Syntax OK" {
		t.Errorf("Apache has something to say: %s", out)
	}
	cmd := exec.Command(program, "-f", conf, "-DFOREGROUND")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { endApache(t, cmd) })
	a := emittedApache{master: cmd.Process.Pid, url: "http://" + address + "/", log: filepath.Join(dir, "error.log")}
	await(t, "an answer of Apache", func() bool { return len(a.answers(1)) == 1 })
	return a
}

// emittedConf is a configuration around what emit wrote, in its folder.
func emittedConf(t *testing.T, mpm, address, emitted string) string {
	t.Helper()
	const modules = "/usr/lib/apache2/modules"
	dir := filepath.Dir(emitted)
	text := "ServerName localhost\nServerRoot " + dir + "\nErrorLog " + dir + "/error.log\nPidFile " + dir + "/pid\nListen " + address + "\n"
	for _, name := range []string{"mpm_" + mpm, "authz_core", "wsgi"} {
		text += "LoadModule " + name + "_module " + modules + "/mod_" + name + ".so\n"
	}
	if os.Geteuid() == 0 {
		text += "User www-data\nGroup www-data\n"
	}
	text += "WSGISocketPrefix " + dir + "/wsgi\nInclude " + filepath.Base(emitted) + "\nWSGIScriptAlias / " + dir + "/app.wsgi\n<Directory " + dir + ">\nRequire all granted\n</Directory>\n"
	conf := filepath.Join(dir, "apache.conf")
	must(t, os.WriteFile(conf, []byte(text), 0o644))
	return conf
}

func endApache(t *testing.T, cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		t.Error("Apache didn't end by itself")
	}
}

// answers counts the good answers to so many requests at once, by the worker that gave them.
func (a emittedApache) answers(requests int) map[string]int {
	var all sync.WaitGroup
	var mu sync.Mutex
	counts := map[string]int{}
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range requests {
		all.Go(func() {
			res, err := client.Get(a.url)
			if err != nil {
				return
			}
			defer res.Body.Close()
			if body, err := io.ReadAll(res.Body); err == nil && res.StatusCode == http.StatusOK {
				mu.Lock()
				defer mu.Unlock()
				counts[string(body)]++
			}
		})
	}
	all.Wait()
	return counts
}

// children are Apache's own, in their order, and how many threads each has.
func (a emittedApache) children() (pids, threads []int) {
	parents, _ := processes()
	for _, pid := range slices.Sorted(maps.Keys(parents)) {
		title, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if parents[pid] == a.master && err == nil && !bytes.HasPrefix(title, []byte("(wsgi")) {
			pids, threads = append(pids, pid), append(threads, len(tasks))
		}
	}
	return pids, threads
}

// TestE2EEmitModWSGI: Apache has nothing to correct, or -t would say so. All slots of the workers are busy at once, and a crowd that fills the queue is
// answered; the children that were started are there after it, and no others.
func TestE2EEmitModWSGI(t *testing.T) {
	t.Parallel()
	r := savedRun(t, "creeping")
	r.Recommendation.Workers, r.Recommendation.Threads = 2, 4
	for _, c := range []struct {
		mpm      string
		children int
		threads  int // of each, with those that accept and listen
		crowd    int
	}{{"event", 2, 54, 108}, {"worker", 2, 54, 108}, {"prefork", 10, 1, 40}} {
		t.Run(c.mpm, func(t *testing.T) {
			t.Parallel()
			a := apacheWith(t, c.mpm, r)
			var before, threads []int
			await(t, "its children", func() bool {
				before, threads = a.children()
				return len(before) == c.children && slices.Min(threads) >= c.threads
			})
			if most := slices.Max(threads); most > c.threads+3 {
				t.Errorf("a child has %d threads, want %d and a few more", most, c.threads)
			}
			began := time.Now()
			counts := a.answers(c.crowd)
			took, answered := time.Since(began), 0
			for _, n := range counts {
				answered += n
			}
			if answered != c.crowd || len(counts) != 2 {
				t.Errorf("%d of %d requests at once were answered, by %d workers", answered, c.crowd, len(counts))
			}
			if ideal := 200 * time.Millisecond * time.Duration(c.crowd/8); took > 3*ideal+2*time.Second {
				t.Errorf("%d requests of 200 ms in 8 slots took %v", c.crowd, took)
			}
			time.Sleep(2500 * time.Millisecond) // Apache looks at its children once a second
			if after, _ := a.children(); !slices.Equal(before, after) {
				t.Errorf("children %v became %v", before, after)
			}
		})
	}
}

// A graceful restart has room for the new children beside those that still serve.
func TestE2EEmitModWSGIGracefulRestart(t *testing.T) {
	t.Parallel()
	a := apacheWith(t, "event", savedRun(t, "creeping"))
	before, _ := a.children()
	busy := make(chan map[string]int)
	go func() { busy <- a.answers(60) }()
	time.Sleep(300 * time.Millisecond)
	if err := syscall.Kill(a.master, syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	await(t, "new children", func() bool {
		now, _ := a.children()
		return len(now) == len(before) && !slices.ContainsFunc(now, func(pid int) bool { return slices.Contains(before, pid) })
	})
	<-busy // those that the old workers had no time for are lost, whatever the front does
	if counts := a.answers(20); len(counts) != 2 {
		t.Errorf("after the restart: %v", counts)
	}
	if log, err := os.ReadFile(a.log); err != nil || bytes.Contains(log, []byte("scoreboard is full")) {
		t.Errorf("%v\n%s", err, log)
	}
}

// mod_wsgi-express takes the options in the comment, and then has all children of its front from the start.
func TestE2EEmitModWSGIExpress(t *testing.T) {
	t.Parallel()
	skipShort(t)
	express := needServer(t, "../express/bin/mod_wsgi-express")
	file := pasted(t, "creeping", "mod_wsgi", "emitted.conf")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	options := regexp.MustCompile(`(?m)^# (--processes .*)$`).FindSubmatch(text)
	if options == nil {
		t.Fatalf("no options in:\n%s", text)
	}
	dir, root := apacheDir(t), filepath.Join(apacheDir(t), "root")
	words := slices.Concat([]string{"start-server", filepath.Join(dir, "app.wsgi"), "--setup-only", "--server-root", root, "--port", "8000"}, strings.Fields(string(options[1])))
	if os.Geteuid() == 0 {
		words = append(words, "--user", "www-data", "--group", "www-data")
	}
	reads(t, dir, append([]string{express}, words...)...)
	conf, err := os.ReadFile(filepath.Join(root, "httpd.conf"))
	if err != nil {
		t.Fatal(err)
	}
	// 2 x 4 slots: 10 + 1.5 x 8 = 22 requests at once, in two children of 11 threads.
	block := string(conf[bytes.Index(conf, []byte("<IfModule mpm_event_module>")):])
	for name, want := range map[string]int{"StartServers": 2, "ServerLimit": 2, "ThreadsPerChild": 11, "MaxClients": 22, "MaxSpareThreads": 22} {
		if !strings.Contains(block, fmt.Sprintf("\n%s %s\n", name, strconv.Itoa(want))) {
			t.Errorf("%s isn't %d in:\n%s", name, want, block[:400])
		}
	}
}
