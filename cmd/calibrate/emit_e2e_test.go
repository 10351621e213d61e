package main

import (
	"bytes"
	"encoding/json"
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

	"go.yaml.in/yaml/v4"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/server"
	"workermem/report"
)

// What emit writes is read by those that it is for.

// pasted writes what emit says for a recorded run into a file, in a folder that has the fixture app.
func pasted(t *testing.T, run, kind, file string) string {
	t.Helper()
	return emittedTo(t, filepath.Join(t.TempDir(), file), savedRun(t, run), kind)
}

func emittedTo(t *testing.T, path string, r calibrate.Result, kind string) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Emit(&b, r, kind, server.Known()); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func savedRun(t *testing.T, name string) calibrate.Result {
	t.Helper()
	r, err := analyse.Load(filepath.Join(fixtures(t), "runs", name))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// needTool skips where a reader isn't there. Those by their whole path are among the servers that make servers sets up.
func needTool(t *testing.T, name string) string {
	t.Helper()
	skipShort(t)
	path, err := exec.LookPath(name)
	if err != nil && filepath.IsAbs(name) && os.Getenv("CALIBRATE_REQUIRE_SERVERS") == "1" {
		t.Fatalf("%s is not installed: make servers", name)
	}
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// reads runs a reader and returns what it says; its exit code must be 0.
func reads(t *testing.T, dir string, words ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH="+filepath.Join(fixtures(t), "wsgi"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return string(out)
}

// says checks lines of a reader's words, blanks apart.
func says(t *testing.T, out string, want ...string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(out) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	for _, w := range want {
		if !slices.Contains(lines, w) {
			t.Errorf("no line %q in:\n%s", w, out)
		}
	}
}

// --check-config takes misspelt keys, so the values are looked for in --print-config.
func TestE2EEmitGunicorn(t *testing.T) {
	t.Parallel()
	skipShort(t)
	gunicorn := needServer(t, "gunicorn")
	conf := pasted(t, "creeping", "gunicorn", "gunicorn.conf.py")
	reads(t, filepath.Dir(conf), gunicorn, "--check-config", "app:app")
	says(t, reads(t, filepath.Dir(conf), gunicorn, "--print-config", "app:app"),
		"workers = 2", "threads = 4", "max_requests = 33000", "max_requests_jitter = 3742")

	flat := pasted(t, "flat", "gunicorn", "gunicorn.conf.py")
	says(t, reads(t, filepath.Dir(flat), gunicorn, "--print-config", "app:app"), "workers = 2", "threads = 4", "max_requests = 0")
}

func TestE2EEmitGunicornForAnASGIApp(t *testing.T) {
	t.Parallel()
	skipShort(t)
	gunicorn := needServer(t, "gunicorn")
	r := savedRun(t, "creeping")
	r.Target.Server, r.Target.HasThreads, r.Target.Threads = "uvicorn", false, 0
	conf := emittedTo(t, filepath.Join(t.TempDir(), "gunicorn.conf.py"), r, "gunicorn")
	out := reads(t, filepath.Dir(conf), gunicorn, "--print-config", "app:app")
	says(t, out, "workers = 2", "threads = 1")
	if !strings.Contains(out, "UvicornWorker") {
		t.Errorf("another worker class:\n%s", out)
	}
}

// A shell reads the variables, and Gunicorn its own among them.
func TestE2EEmitEnv(t *testing.T) {
	t.Parallel()
	skipShort(t)
	gunicorn := needServer(t, "gunicorn")
	file := pasted(t, "creeping", "env", "workers.env")
	out := reads(t, filepath.Dir(file), "sh", "-euc", `set -a; . "$1"; echo "memory $WORKER_MEMORY_MB"; exec "$2" --print-config app:app`, "sh", file, gunicorn)
	says(t, out, "memory 168", "workers = 2", "threads = 4", "max_requests = 33000", "max_requests_jitter = 3742")
}

// PyPNM's start script sources its file under set -eu.
func TestE2EEmitPyPNM(t *testing.T) {
	t.Parallel()
	skipShort(t)
	file := pasted(t, "creeping", "pypnm", "pypnm-serve.env")
	says(t, reads(t, ".", "sh", "-euc", `. "$1"; echo $PYPNM_SERVE_CPU_COUNT $PYPNM_SERVE_TOTAL_MEMORY_GIB $PYPNM_SERVE_WORKERS $PYPNM_SERVE_LIMIT_MAX_REQUESTS`, "sh", file),
		"4 2.00 2 33000")
}

// docker itself may be missing: a shell shows the words that it would get.
func TestE2EEmitDocker(t *testing.T) {
	t.Parallel()
	skipShort(t)
	file := pasted(t, "creeping", "docker", "run.sh")
	out := reads(t, ".", "sh", "-euc", `docker() { printf '%s\n' "$@"; }; . "$1"`, "sh", file)
	says(t, out, "run", "--memory=1638m", "--memory-swap=1638m", "WEB_CONCURRENCY=2",
		"GUNICORN_CMD_ARGS=--workers 2 --threads 4 --max-requests 33000 --max-requests-jitter 3742", "IMAGE")
}

// Uvicorn is started with the flags, and serves with as many workers, by the environment too.
func TestE2EEmitUvicorn(t *testing.T) {
	t.Parallel()
	skipShort(t)
	r := savedRun(t, "creeping")
	r.Target.Server, r.Target.ServerVersion, r.Target.HasJitter = "uvicorn", "0.54.0", true
	r.Target.HasThreads, r.Target.Threads, r.Recommendation.Threads = false, 0, 0
	r.Recommendation.Workers = 3
	flags := emittedTo(t, filepath.Join(t.TempDir(), "flags"), r, "uvicorn")
	serves(t, "exec "+needServer(t, "uvicorn")+" --port $PORT $(grep -v '^#' "+flags+") app:app", 3)
	env := emittedTo(t, filepath.Join(t.TempDir(), "env"), r, "env")
	serves(t, "set -a; . "+env+"; exec "+needServer(t, "uvicorn")+" --port $PORT app:app", 3)
}

// serves runs a server by a shell's command, until it answers with so many workers.
func serves(t *testing.T, command string, workers int) {
	t.Helper()
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	var log bytes.Buffer
	cmd := exec.Command("sh", "-euc", command)
	cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Join(fixtures(t), "asgi"), &log, &log
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PORT="+port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	answered := answeredBy(address, cmd.Process.Pid, workers, exited)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-exited:
	case <-time.After(10 * time.Second):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-exited
		t.Error("the server didn't end by itself")
	}
	if !answered {
		t.Fatalf("no answer by %d workers of: %s\n%s", workers, command, log.String())
	}
}

// freeAddress is one where nobody listens at this moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func answeredBy(address string, master, workers int, exited <-chan struct{}) bool {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		select {
		case <-exited:
			return false
		default:
		}
		children := 0
		parents, _ := processes()
		for pid, parent := range parents {
			if words, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline")); parent == master && !bytes.Contains(words, []byte("resource_tracker")) {
				children++
			}
		}
		if res, err := client.Get("http://" + address + "/"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK && children == workers {
				return true
			}
		}
	}
	return false
}

func TestE2EEmitSystemd(t *testing.T) {
	t.Parallel()
	analyze := needTool(t, "systemd-analyze")
	dir := t.TempDir()
	unit := filepath.Join(dir, "shop.service")
	if err := os.WriteFile(unit, []byte("[Service]\nExecStart=/bin/true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	dropIn := emittedTo(t, filepath.Join(unit+".d", "calibrate.conf"), savedRun(t, "creeping"), "systemd")
	if out := reads(t, dir, analyze, "verify", "--man=no", unit); strings.Contains(out, "calibrate.conf") {
		t.Errorf("systemd complains: %s", out)
	}
	// It does read the drop-in: it complains of what it doesn't know.
	text, err := os.ReadFile(dropIn)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dropIn, bytes.Replace(text, []byte("MemoryMax=1638M"), []byte("MemoryMax=1638Q"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, _ := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", unit).CombinedOutput(); !bytes.Contains(out, []byte("calibrate.conf")) {
		t.Errorf("systemd takes MemoryMax=1638Q: %s", out)
	}
}

// A parser of YAML finds no more and no less in it.
func TestEmitYAML(t *testing.T) {
	t.Parallel()
	const args = "--workers 2 --threads 4 --max-requests 33000 --max-requests-jitter 3742"
	for kind, want := range map[string]string{
		"compose": `{"services":{"NAME":{"environment":{"GUNICORN_CMD_ARGS":"` + args + `","WEB_CONCURRENCY":"2"},"mem_limit":"1638m",` +
			`"mem_reservation":"336m","memswap_limit":"1638m","restart":"unless-stopped"}}}`,
		"kubernetes": `{"spec":{"template":{"spec":{"containers":[{"env":[{"name":"WEB_CONCURRENCY","value":"2"},{"name":"GUNICORN_CMD_ARGS",` +
			`"value":"` + args + `"}],"name":"NAME","resources":{"limits":{"memory":"1638Mi"},"requests":{"memory":"336Mi"}}}]}}}}`,
	} {
		text, err := os.ReadFile(pasted(t, "creeping", kind, kind+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var read any
		if err := yaml.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(read); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", kind, err, got, want)
		}
	}
}

// Honcho, which starts processes as Heroku does, finds one process, with the command in it; a shell takes that for these words.
func TestE2EEmitProcfile(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"app":   {"gunicorn", "--threads", "4", "app:app", "--workers", "2"},
		"a b'c": {"gunicorn", "a b'c", "--workers", "2"},
	} {
		r := savedRun(t, "creeping")
		if name != "app" {
			r.Target.Command = []string{"gunicorn", name}
		}
		processes := readBy[map[string]string](t, "procfile", emittedTo(t, filepath.Join(t.TempDir(), "Procfile"), r, "procfile"))
		if len(processes) != 1 {
			t.Fatalf("%q", processes)
		}
		words := strings.Split(strings.TrimSpace(reads(t, ".", "sh", "-c", "printf '%s\\n' "+processes["web"])), "\n")
		if len(words) < len(want) || !slices.Equal(words[:len(want)], want) {
			t.Errorf("%q", words)
		}
	}
}

// A Dockerfile takes the lines: its command as the words that they are, its variables with their values.
func TestE2EEmitDockerfile(t *testing.T) {
	t.Parallel()
	type image struct {
		Kinds []string
		Env   map[string]string
		Cmd   []string
	}
	lines := func(r calibrate.Result) image {
		file := emittedTo(t, filepath.Join(t.TempDir(), "Dockerfile"), r, "dockerfile")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append([]byte("FROM scratch\n"), text...), 0o600); err != nil {
			t.Fatal(err)
		}
		return readBy[image](t, "dockerfile", file)
	}
	r := savedRun(t, "creeping")
	r.Target.Command = []string{"gunicorn", "a \"b\" $HOME \u202e\n", "app:app"}
	if got := lines(r); !slices.Equal(got.Cmd[:len(r.Target.Command)], r.Target.Command) || len(got.Env) > 0 || slices.Contains(got.Kinds, "RUN") {
		t.Errorf("%+v", got)
	}
	r.Target.Server, r.Target.Command = "lmsctl", []string{"lmsctl", "serve"}
	if got := lines(r); got.Env["NOW_LMS_WORKERS"] != "2" || !slices.Equal(got.Cmd, r.Target.Command) {
		t.Errorf("%+v", got)
	}
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - {name: NAME, image: shop, env: [{name: DEBUG, value: "0"}]}
`

// kubectl patches a deployment in a file, without a cluster: what was there stays.
func TestE2EEmitKubernetes(t *testing.T) {
	t.Parallel()
	kubectl := needTool(t, "kubectl")
	patch := pasted(t, "creeping", "kubernetes", "patch.yaml")
	file := filepath.Join(t.TempDir(), "deployment.yaml")
	if err := os.WriteFile(file, []byte(deployment), 0o644); err != nil {
		t.Fatal(err)
	}
	out := reads(t, ".", kubectl, "patch", "--local", "-f", file, "--patch-file", patch, "-o", "yaml")
	says(t, out, "- name: WEB_CONCURRENCY", "- name: DEBUG", "image: shop", "memory: 1638Mi", "memory: 336Mi")
}

func TestE2EEmitPuma(t *testing.T) {
	t.Parallel()
	ruby := needTool(t, "ruby")
	if err := exec.CommandContext(t.Context(), ruby, "-e", `require "puma"`).Run(); err != nil {
		t.Skip("ruby has no puma")
	}
	const read = `require "puma"; require "puma/configuration"; c = Puma::Configuration.new(config_files: [ARGV[0]]); c.load; c.clamp; ` +
		`puts [:workers, :min_threads, :max_threads].map { |k| "#{k} #{c.options[k]}" }`
	says(t, reads(t, ".", ruby, "-e", read, pasted(t, "creeping", "puma", "puma.rb")), "workers 2", "min_threads 4", "max_threads 4")
}

func TestE2EEmitUWSGIAsINI(t *testing.T) {
	t.Parallel()
	python := needTool(t, "python3") // in the place of uwsgi
	const read = `import configparser, sys; c = configparser.ConfigParser(interpolation=None); c.read(sys.argv[1])
for k, v in c["uwsgi"].items(): print(k, v)`
	says(t, reads(t, ".", python, "-c", read, pasted(t, "creeping", "uwsgi", "uwsgi.ini")), "master true", "processes 2", "threads 4",
		"max-requests 33000", "max-requests-delta 3742", "min-worker-lifetime 0", "die-on-term true", "need-app true")
}
