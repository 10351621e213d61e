package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
	"workermem/calibrate/server/uwsgi"
)

// uwsgiWith is a command of Debian's uWSGI with its Python plugin (make servers).
func uwsgiWith(t *testing.T, dir string, args ...string) []string {
	t.Helper()
	servertest.Venv(t, "python")
	for _, file := range []string{"/usr/bin/uwsgi", "/usr/lib/uwsgi/plugins/python3_plugin.so"} {
		if _, err := os.Stat(file); err != nil {
			if os.Getenv("CALIBRATE_REQUIRE_SERVERS") == "1" {
				t.Fatalf("uWSGI is required: run make servers (%v)", err)
			}
			t.Skipf("no %s: run make servers", file)
		}
	}
	return slices.Concat([]string{"/usr/bin/uwsgi", "--plugin", "python3", "--chdir", dir, "--module", "mod:app"}, args)
}

// A command that leaves out all that it should have, and has what a measurement must do without.
func TestE2EUWSGI(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okApp)
	file := func(name string) string { return filepath.Join(dir, name) }
	servertest.Write(t, file("u.ini"), fmt.Sprintf("[uwsgi]\nsocket = %s\npidfile = %s\nlogto = %s\nvacuum = true\nthreads = 2\nmax-requests = 7\nmin-worker-lifetime = 0\nenv = GREETING=100%%%%\n"+
		"cheaper = 1\n", file("u.sock"), file("u.pid"), file("u.log")))
	servertest.Write(t, file("u.pid"), "1\n")
	r := start(t, known.Spec{Command: uwsgiWith(t, dir, "--ini", file("u.ini"), "--http-socket", ":1", "--mule", "-p", "4"), Env: map[string]string{"UWSGI_ENV": "P={port}"}})
	for range 20 { // more than the 7
		r.answering()
	}
	info := r.Info()
	if info.Server != "uwsgi" || !known.VersionReaches(info.ServerVersion, "2.0") || info.Threads != 2 || !info.HasThreads || !info.CanRecycle || !info.Preload || info.WorkerRule.Kind != calibrate.RuleTitle {
		t.Errorf("%+v", info)
	}
	for _, text := range []string{"instead of " + file("u.sock") + ", :1", "1 worker instead of 4", "instead of a new worker after 7", "without pidfile", "without logto", "without cheaper", "without mule"} {
		servertest.HasChange(t, info, text)
	}
	if tree := r.Tree(); len(tree) != 2 || r.watch.Replacements() != 0 {
		t.Errorf("tree %v, want master and worker; %d replaced", tree, r.watch.Replacements())
	}
	environ, _ := os.ReadFile(filepath.Join(r.temporary, "uwsgi.ini"))
	if !strings.Contains(string(environ), "GREETING=100%%\n") || !slices.Contains(info.MeasuredCommand, "P="+strconv.Itoa(r.address.Port)) {
		t.Errorf("%q\n%s", info.MeasuredCommand, environ)
	}
	stopped, err := r.Stop(t.Context())
	if err != nil || stopped.Killed != 0 || stopped.Left != 0 || stopped.Seconds > 8 {
		t.Errorf("%+v %v", stopped, err)
	}
	if known.FileExists(file("u.sock")) || known.FileExists(file("u.log")) || !known.FileExists(file("u.pid")) || known.FileExists(r.temporary) {
		t.Error("production's files were touched, or ours are left")
	}
}

func TestE2EUWSGIByItsFiles(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okApp)
	command := uwsgiWith(t, dir)
	servertest.Write(t, filepath.Join(dir, "base.ini"), "[uwsgi]\nplugin = python3\nchdir = %d\nthreads = 3\n")
	servertest.Write(t, filepath.Join(dir, "u.ini"), "[uwsgi]\nini = %dbase.ini\nif-env = WITH_APP\nmodule = mod:%(_)\nendif =\n")
	servertest.Write(t, filepath.Join(dir, "u.json"), `{"uwsgi": {"plugin": "python3", "chdir": "`+dir+`", "module": "mod:app", "threads": "3"}}`)
	for name, words := range map[string][]string{
		"the file alone": {command[0], filepath.Join(dir, "u.ini")},
		"an option":      {command[0], "--ini", filepath.Join(dir, "u.ini")},
		"json":           {command[0], "--json", filepath.Join(dir, "u.json")},
		"a variable":     {"env", "UWSGI_INI=" + filepath.Join(dir, "u.ini"), command[0]},
		"wsgi-file":      {command[0], "--plugin=python3", "--wsgi-file", filepath.Join(dir, "mod.py"), "--callable", "app", "--threads", "3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, known.Spec{Command: words, Env: map[string]string{"WITH_APP": "app"}})
			r.answering()
			if r.Info().Threads != 3 {
				t.Errorf("%+v", r.Info())
			}
		})
	}
}

// The front is a process before the workers, and is none.
func TestE2EUWSGIFront(t *testing.T) {
	t.Parallel()
	command := uwsgiWith(t, servertest.Module(t, okApp), "--plugin", "http", "--http", ":8000")
	r := start(t, known.Spec{Command: command, Workers: 2, Threads: 2})
	found, _ := r.Workers()
	if len(found) != 2 || len(r.Tree()) != 4 || slices.Contains(r.Info().MeasuredCommand, "--http-socket") {
		t.Fatalf("workers %v of %v", found, r.Tree())
	}
	for range 40 {
		if pid := atoi(t, r.get("/")); !slices.Contains(found, pid) {
			t.Fatalf("answered by %d, the workers found are %v", pid, found)
		}
	}
	if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 || stopped.Seconds > 8 {
		t.Errorf("%+v %v", stopped, err)
	}
}

// In a file uWSGI passes over http where no plugin knows it; on a command line it does not start with it.
func TestE2EUWSGIFrontWithoutPlugin(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okApp)
	servertest.Write(t, filepath.Join(dir, "u.ini"), "[uwsgi]\nhttp = :8000\nhttp11-socket = :8001\n")
	r := start(t, known.Spec{Command: uwsgiWith(t, dir, "--ini", filepath.Join(dir, "u.ini"))})
	r.answering()
	servertest.HasChange(t, r.Info(), "http = :8000 is left out")
	if !slices.Contains(r.Info().MeasuredCommand, "--http11-socket") {
		t.Errorf("%q", r.Info().MeasuredCommand)
	}
}

// A worker of uWSGI that is told to end in its first moments doesn't hear it.
func TestE2EUWSGIStopsAtOnce(t *testing.T) {
	t.Parallel()
	command := uwsgiWith(t, servertest.Module(t, okApp))
	for range 4 {
		if stopped, err := start(t, known.Spec{Command: command, Workers: 2}).Stop(t.Context()); err != nil || stopped.Killed != 0 || stopped.Seconds > 8 {
			t.Errorf("%+v %v", stopped, err)
		}
	}
}

func TestE2EUWSGIRecycles(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: uwsgiWith(t, servertest.Module(t, okApp)), Workers: 2, MaxRequests: 20})
	pids := map[string]bool{}
	time.Sleep(2 * time.Second) // uWSGI puts off replacing a worker that is younger
	eventually(t, "workers in the place of the first two", func() bool { pids[r.get("/")] = true; return len(pids) > 2 })
}

// What the fixture keeps is what the worker grows by.
func TestE2EUWSGIDjangoGrows(t *testing.T) {
	t.Parallel()
	fixtures, err := filepath.Abs("../../fixtures")
	if err != nil {
		t.Fatal(err)
	}
	command := slices.Concat(uwsgiWith(t, "")[:3], []string{"--chdir", filepath.Join(fixtures, "wsgi"), "--pythonpath", filepath.Join(fixtures, ".venv/site-packages"), "--module", "django_app:application"})
	r := start(t, known.Spec{Command: command, Env: map[string]string{"CALIBRATE_KEEP_BYTES": "65536"}})
	r.load(t, 200)
	if got := atoi(t, r.get("/pid")); got != r.worker() {
		t.Errorf("answered by %d, the worker found is %d", got, r.worker())
	}
	before := residentKB(t, r.worker())
	r.load(t, 300)
	if grown := float64(residentKB(t, r.worker())-before) / 300; grown < 64*0.85 || grown > 64*1.15 {
		t.Errorf("grew by %.1f KB a request, and keeps 64", grown)
	}
}

func residentKB(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	return atoi(t, strings.Fields(rest)[0])
}

func TestE2EUWSGIFailures(t *testing.T) {
	t.Parallel()
	const dies = "import os\nos._exit(3)\n"
	for name, c := range map[string]struct {
		text string
		args []string
		want []string
	}{
		"import":      {"import nosuchmodule\n", nil, []string{"exit code 22", "could not be imported", "ModuleNotFoundError: No module named 'nosuchmodule'"}},
		"import lazy": {"import nosuchmodule\n", []string{"--lazy-apps"}, []string{"could not be imported", "ModuleNotFoundError"}},
		"attribute":   {"x = 1\n", nil, []string{"exit code 22", "the app was not found"}},
		"loop":        {dies, []string{"--lazy-apps"}, []string{"ended before it answered", "DAMN ! worker"}},
		"queue":       {okApp, []string{"--listen", "100000"}, []string{"Listen queue size is greater"}},
		"no python":   {okApp, []string{"--plugin", "nosuch", "--module", "nothing"}, []string{"exit code 22"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := failure(t, known.Spec{Command: uwsgiWith(t, servertest.Module(t, c.text), c.args...)})
			says(t, f, calibrate.KindApp, c.want...)
		})
	}
}

// A configuration that can't be read is a complaint before anything has started; so is one that goes into the background.
func TestE2EUWSGIRefuses(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okApp)
	command := uwsgiWith(t, dir)
	log := filepath.Join(dir, "d.log")
	servertest.Write(t, filepath.Join(dir, "d.ini"), "[uwsgi]\ndaemonize = "+log+"\nvacuum = true\npidfile = "+filepath.Join(dir, "mod.py")+"\n")
	for want, words := range map[string][]string{
		"sends uwsgi to the background":  {command[0], filepath.Join(dir, "d.ini")},
		"unrecognized option '--module'": {command[0], "--module", "mod:app"},
		"No such file or directory":      {command[0], "--ini", "/nonexistent.ini"},
	} {
		_, err := Recognise(t.Context(), known.Spec{Command: words})
		servertest.Usage(t, err, want)
	}
	if known.FileExists(log) || !known.FileExists(filepath.Join(dir, "mod.py")) {
		t.Error("a log file was opened, or a pid file removed")
	}
}

// Connections are kept open where they are in production.
func TestE2EUWSGIKeepAlive(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okApp)
	for socket, want := range map[string]int{"--http-socket": 3, "--http11-socket": 1} {
		r := start(t, known.Spec{Command: uwsgiWith(t, dir, socket, ":1")})
		for _, change := range r.Info().Changes {
			if strings.Contains(change, "speaks HTTP instead") {
				t.Errorf("%s: %s", socket, change)
			}
		}
		dialled, transport := 0, &http.Transport{}
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			dialled++
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
		for range 3 {
			res, err := (&http.Client{Transport: transport}).Get(r.Info().URL)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
			time.Sleep(50 * time.Millisecond) // for the end of the connection to come
		}
		transport.CloseIdleConnections()
		if dialled != want {
			t.Errorf("%s: %d connections for 3 requests, want %d", socket, dialled, want)
		}
	}
}

// holdLock takes the lock of a file as uWSGI does, in another process, and keeps it until the test ends.
func holdLock(t *testing.T, file string) {
	t.Helper()
	hold := exec.Command(servertest.Venv(t, "python"), "-c", "import fcntl, sys\n"+
		"f = open(sys.argv[1], 'w')\nfcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)\nprint(flush=True)\nsys.stdin.read()", file)
	in, _ := hold.StdinPipe()
	out, _ := hold.StdoutPipe()
	if err := hold.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = hold.Wait() })
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Errorf("%s is locked: %v", file, err)
	}
}

// Production's lock is not held while its app is measured; where production holds it, uwsgi can't be asked.
func TestE2EUWSGILock(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okApp)
	for _, name := range []string{"flock", "flock-wait", "flock2", "flock-wait2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(dir, name+".lock")
			servertest.Write(t, file, "")
			command := uwsgiWith(t, dir, "--"+name, file)
			r := start(t, known.Spec{Command: command})
			servertest.HasChange(t, r.Info(), "it takes no lock, which would keep production from starting: without "+name)
			holdLock(t, file)
			_, err := Recognise(t.Context(), known.Spec{Command: command})
			var f *calibrate.Failure
			if !errors.As(err, &f) || f.Kind != calibrate.KindUsage || !strings.Contains(f.Try, "flock") {
				t.Errorf("with the lock held: %#v", err)
			}
		})
	}
}

func TestE2EUWSGIWorkerKilled(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: uwsgiWith(t, servertest.Module(t, okApp))})
	before := r.worker()
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another worker", func() bool { workers, _ := r.Workers(); return len(workers) == 1 && workers[0] != before })
	f := r.Failure("soak")
	showFailure(t, f)
	says(t, f, calibrate.KindInconclusive, "the worker was replaced once", "killed by signal 9")
}

// uwsgiAsGiven runs uWSGI without calibrate.
func uwsgiAsGiven(t *testing.T, text string, args ...string) (url string, cmd *exec.Cmd, end <-chan error) {
	t.Helper()
	address := freeAddress(t)
	words := uwsgiWith(t, servertest.Module(t, text), append([]string{"--http-socket", address, "--worker-reload-mercy", "1"}, args...)...)
	cmd = exec.Command(words[0], words[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	url = "http://" + address
	eventually(t, "the first answer", func() bool { _, ok := pidAt(url); return ok })
	return url, cmd, ended
}

// The traps, as production would run into them.
func TestE2EUWSGITraps(t *testing.T) {
	t.Parallel()
	t.Run("limit-needs-master", func(t *testing.T) {
		t.Parallel()
		url, _, end := uwsgiAsGiven(t, okApp, "--max-requests", "5", "--min-worker-lifetime", "0")
		for range 5 {
			pidAt(url)
		}
		endsWith(t, end, 5*time.Second, 0)
	})
	t.Run("young-workers-stay", func(t *testing.T) { t.Parallel(); uwsgiYoungWorkersStay(t) })
	t.Run("term-reloads", func(t *testing.T) {
		t.Parallel()
		url, cmd, end := uwsgiAsGiven(t, okApp, "--master")
		first, _ := pidAt(url)
		_ = cmd.Process.Signal(syscall.SIGTERM)
		eventually(t, "another worker of the same server", func() bool { pid, ok := pidAt(url); return ok && pid != first })
		select {
		case err := <-end:
			t.Errorf("it ended: %v", err)
		default:
		}
	})
	t.Run("errors-instead", func(t *testing.T) {
		t.Parallel()
		url, _, _ := uwsgiAsGiven(t, "import nosuchmodule\n", "--master")
		if body, ok := pidAt(url); !ok || !strings.Contains(body, "Internal Server Error") {
			t.Errorf("%q", body)
		}
	})
	t.Run("threads-stand-still", func(t *testing.T) { t.Parallel(); uwsgiThreadsStandStill(t) })
	t.Run("needs-length", func(t *testing.T) { t.Parallel(); uwsgiNeedsLength(t) })
	for name, args := range map[string][]string{"stopping-cuts": {"--die-on-term"}, "stopping-waits": {"--hook-master-start", "unix_signal:15 gracefully_kill_them_all"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun := filepath.Join(t.TempDir(), "begun")
			slow := "import os, time\n" + strings.Replace(okApp, "    body", "    if environ['PATH_INFO'] == '/slow':\n"+
				"        open('"+begun+"', 'w').close()\n        time.sleep(2)\n    body", 1)
			url, cmd, end := uwsgiAsGiven(t, slow, append(args, "--master")...)
			answered := make(chan bool)
			go func() { answered <- readsToTheEnd(url+"/slow", 10*time.Second) }()
			eventually(t, "the request under way", func() bool { return known.FileExists(begun) })
			_ = cmd.Process.Signal(syscall.SIGTERM)
			if ok := <-answered; ok != (name == "stopping-waits") {
				t.Errorf("answered: %v", ok)
			}
			select {
			case <-end:
			case <-time.After(5 * time.Second):
				t.Error("it lives on")
			}
		})
	}
}

// A worker past its limit of requests is replaced at the first request after the age that the trap names, which is counted in
// whole seconds of the clock.
func uwsgiYoungWorkersStay(t *testing.T) {
	t.Helper()
	url, _, _ := uwsgiAsGiven(t, okApp, "--max-requests", "5", "--master")
	first, _ := pidAt(url)
	began, err := linux.Here.Stat(atoi(t, first))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "another worker", func() bool { pid, ok := pidAt(url); return ok && pid != first })
	age := linux.SinceBoot() - float64(began.Start)/linux.ClockTicks
	if t.Logf("replaced at an age of %.1f s", age); age < 8.9 || age > 15 {
		t.Errorf("replaced at an age of %.1f s, not after 10 s", age)
	}
	young := servertest.HasWarning(t, known.TrapsAt(uwsgi.Server{}.Traps(), ""), "young-workers-stay")
	if !strings.Contains(young.Text, "first 10 s,") {
		t.Error(young.Text)
	}
}

// A thread of the app counts on only where threads are enabled.
func uwsgiThreadsStandStill(t *testing.T) {
	t.Helper()
	const counts = "import threading, time\nn = 0\ndef count():\n    global n\n    while True:\n        n += 1\n        time.sleep(0.01)\n" +
		"def app(environ, start_response):\n    global n\n    if n == 0:\n        n = 1\n        threading.Thread(target=count, daemon=True).start()\n    start_response('200 OK', [])\n    return [str(n).encode()]\n"
	url, _, _ := uwsgiAsGiven(t, counts, "--master", "--enable-threads")
	eventually(t, "a thread that counts on", func() bool { got, ok := pidAt(url); return ok && atoi(t, got) > 10 })
	url, _, _ = uwsgiAsGiven(t, counts, "--master", "--single-interpreter")
	time.Sleep(400 * time.Millisecond)
	if got, _ := pidAt(url); atoi(t, got) > 10 {
		t.Errorf("without threads it counted to %s", got)
	}
}

// Without a length the worker serves nobody else until the connection is closed.
func uwsgiNeedsLength(t *testing.T) {
	t.Helper()
	without := strings.Replace(okApp, `("Content-Length", str(len(body)))`, "", 1)
	for text, want := range map[string]bool{okApp: true, without: false} {
		address := freeAddress(t)
		url, _, _ := uwsgiAsGiven(t, text, "--master", "--http11-socket", address)
		ended := make(chan bool, 1)
		go func() { ended <- readsToTheEnd("http://"+address, 10*time.Second) }()
		time.Sleep(200 * time.Millisecond)
		if _, ok := pidAt(url); ok != want {
			t.Errorf("%s: the worker is free for another: %v", text, ok)
		}
		select {
		case ok := <-ended:
			if !ok || !want {
				t.Errorf("%s: the answer has ended: %v", text, ok)
			}
		case <-time.After(time.Second):
			if want || !<-ended {
				t.Errorf("%s: no end of the answer", text)
			}
		}
	}
}

// A build either knows the delta or refuses it, and is believed.
func TestE2EUWSGIDelta(t *testing.T) {
	t.Parallel()
	command := uwsgiWith(t, servertest.Module(t, okApp))
	_, err := exec.Command(command[0], "--max-requests-delta", "1", "--version").CombinedOutput()
	if l := recognised(t, known.Spec{Command: command}); l.Info().HasJitter != (err == nil) {
		t.Errorf("jitter %v, %v", l.Info().HasJitter, err)
	}
}
