package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/say/saytest"
	"workermem/calibrate/server"
	"workermem/report"
)

// What emit writes is read by those that it is for.

// accepted is what emit writes, and one who takes it for what it is.
type accepted struct {
	kind    string // of emit
	by      string
	version func(t *testing.T) string
	run     string                                 // that is recorded; "" for one that creeps
	of      func(*calibrate.Result)                // what else was measured; nil: Gunicorn
	read    func(t *testing.T, file string) string // the settings that are found, a line each; it fails where the file isn't taken
	want    []string                               // lines of that
}

const gunicornArgs = "--workers 2 --threads 4 --max-requests 33000 --max-requests-jitter 3742"

var gunicornSettings = []string{"workers = 2", "threads = 4", "max_requests = 33000", "max_requests_jitter = 3742"}

// acceptances has each kind at least once.
var acceptances = []accepted{
	{kind: "gunicorn", by: "gunicorn --check-config", version: itsVersion("gunicorn", "--version"), read: byGunicorn, want: gunicornSettings},
	{kind: "gunicorn", by: "gunicorn, where nothing creeps", run: "flat", version: itsVersion("gunicorn", "--version"), read: byGunicorn, want: []string{"workers = 2", "threads = 4", "max_requests = 0"}},
	{kind: "gunicorn", by: "gunicorn, of an ASGI app", version: itsVersion("gunicorn", "--version"), of: onUvicorn, read: byGunicorn, want: []string{"workers = 2", "threads = 1", "worker_class = uvicorn.workers.UvicornWorker"}},
	{kind: "env", by: "sh, and gunicorn", version: itsVersion("gunicorn", "--version"), read: byShellAndGunicorn, want: append([]string{"memory = 168"}, gunicornSettings...)},
	{kind: "uvicorn", by: "uvicorn", version: itsVersion("uvicorn", "--version"), of: onUvicorn, read: byOptionsOf("uvicorn", "python"), want: []string{"workers = 2", "limit_max_requests = 33000", "limit_max_requests_jitter = 3742"}},
	{kind: "hypercorn", by: "hypercorn", version: distribution("python", "hypercorn"), read: byOptionsOf("hypercorn", "python"), want: []string{"workers = 2", "max_requests = 33000"}},
	{kind: "granian", by: "granian", version: itsVersion("granian", "--version"), read: byOptionsOf("granian", "python"), want: []string{"workers = 2", "blocking_threads = 4"}},
	{kind: "waitress", by: "waitress", version: distribution("python", "waitress"), read: byOptionsOf("waitress", "python"), want: []string{"threads = 4"}},
	{kind: "uwsgi", by: "uwsgi --no-server --strict", version: itsVersion("/usr/bin/uwsgi", "--version"), of: onUWSGI, read: byUWSGI, want: []string{
		"master = true", "processes = 2", "threads = 4", "max-requests = 33000", "min-worker-lifetime = 0", "die-on-term = true", "need-app = true"}},
	{kind: "uwsgi", by: "Python's configparser", version: itsVersion("python", "--version"), read: byConfigparser("uwsgi"), want: []string{
		"master = true", "processes = 2", "threads = 4", "max-requests = 33000", "max-requests-delta = 3742", "min-worker-lifetime = 0", "die-on-term = true", "need-app = true"}},
	{kind: "mod_wsgi", by: "apache2 -t", version: itsVersion("/usr/sbin/apache2", "-v"), read: byApache, want: []string{"Syntax OK"}},
	{kind: "puma", by: "Puma::Configuration", version: itsVersion("puma", "--version"), read: byPuma, want: []string{"workers = 2", "min_threads = 4", "max_threads = 4"}},
	{kind: "now-lms", by: "lmsctl's own reader", version: distribution("../nowlms/bin/python", "now-lms"), read: byOptionsOf("now_lms", "../nowlms/bin/python"), want: []string{"workers = 2", "threads = 4", "memory = 168"}},
	{kind: "pypnm", by: "pypnm's own reader", version: distribution("../pypnm/bin/python", "pypnm-docsis"), read: byOptionsOf("pypnm", "../pypnm/bin/python"), want: []string{"cpu_count = 4", "total_memory_gib = 2.0", "workers = 2", "limit_max_requests = 33000"}},
	{kind: "pypnm", by: "sh -eu, as its start script", version: itsVersion("sh", "-c", "readlink -f $(command -v sh)"), read: byShell("$PYPNM_SERVE_CPU_COUNT $PYPNM_SERVE_TOTAL_MEMORY_GIB $PYPNM_SERVE_WORKERS $PYPNM_SERVE_LIMIT_MAX_REQUESTS"), want: []string{"4 2.00 2 33000"}},
	{kind: "systemd", by: "systemd-analyze verify", version: itsVersion("systemd-analyze", "--version"), read: bySystemd, want: []string{
		"MemoryHigh = 1474M", "MemoryMax = 1638M", "MemorySwapMax = 0", `Environment = "WEB_CONCURRENCY=2"`}},
	{kind: "procfile", by: "honcho, and sh", version: distribution("../consumers/bin/python", "honcho"), read: byHoncho, want: []string{"gunicorn --threads 4 app:app " + gunicornArgs}},
	{kind: "dockerfile", by: "dockerfile-parse", version: distribution("../consumers/bin/python", "dockerfile-parse"), read: byDockerfile, want: []string{`{[FROM CMD] map[] [gunicorn --threads 4 app:app ` + gunicornArgs + `]}`}},
	{kind: "dockerfile", by: "dockerfile-parse, of variables", version: distribution("../consumers/bin/python", "dockerfile-parse"), of: onNowLMS, read: byDockerfile,
		want: []string{`{[FROM ENV CMD] map[NOW_LMS_THREADS:4 NOW_LMS_WORKERS:2] [lmsctl serve]}`}},
	{kind: "docker", by: "docker run, without a daemon", version: itsVersion("docker", "--version"), read: byDocker, want: []string{"its options are taken"}},
	{kind: "docker", by: "sh", version: itsVersion("sh", "-c", "readlink -f $(command -v sh)"), read: byShellAsDocker, want: []string{
		"run", "--memory=1638m", "--memory-swap=1638m", "WEB_CONCURRENCY=2", "GUNICORN_CMD_ARGS=" + gunicornArgs, "IMAGE"}},
	{kind: "compose", by: "compose-go", version: module("github.com/compose-spec/compose-go/v2"), read: byCompose, want: []string{
		`"mem_limit": "1638m"`, `"mem_reservation": "336m"`, `"memswap_limit": "1638m"`, `"WEB_CONCURRENCY": "2"`, `"GUNICORN_CMD_ARGS": "` + gunicornArgs + `"`, `"restart": "unless-stopped"`}},
	{kind: "kubernetes", by: "kubernetes-validate, strict", version: distribution("../consumers/bin/python", "kubernetes-validate"), read: byKubernetes, want: []string{
		`{"requests":{"memory":"336Mi"},"limits":{"memory":"1638Mi"}}`, `[{"name":"WEB_CONCURRENCY","value":"2"},{"name":"GUNICORN_CMD_ARGS","value":"` + gunicornArgs + `"}]`}},
	{kind: "kubernetes", by: "kubectl patch --local", version: itsVersion("kubectl", "version", "--client"), read: byKubectl, want: []string{
		"- name: WEB_CONCURRENCY", "- name: DEBUG", "image: shop", "memory: 1638Mi", "memory: 336Mi"}},
}

// TestE2EEmitIsAccepted prints who takes what emit writes, and holds what is read to what is recommended. Texts of others in the run
// change nothing of that.
func TestE2EEmitIsAccepted(t *testing.T) {
	skipShort(t)
	t.Parallel()
	rows := make([]string, len(acceptances))
	t.Run("by", func(t *testing.T) {
		for i, a := range acceptances {
			rows[i] = fmt.Sprintf("| %s | %s | not asked |", a.kind, a.by)
			t.Run(a.kind+" "+a.by, func(t *testing.T) {
				t.Parallel()
				rows[i] = fmt.Sprintf("| %s | %s | not had here |", a.kind, a.by) // it skips
				a.accept(t)
				rows[i] = fmt.Sprintf("| %s | %s | %s |", a.kind, a.by, a.version(t))
			})
		}
	})
	t.Logf("\n| emitted | accepted by | version |\n|---|---|---|\n%s", strings.Join(rows, "\n"))
	for _, kind := range report.EmitKinds(server.Known()) {
		if !slices.ContainsFunc(acceptances, func(a accepted) bool { return a.kind == kind }) {
			t.Errorf("nobody reads what is emitted for %s", kind)
		}
	}
}

func (a accepted) accept(t *testing.T) {
	t.Helper()
	r := savedRun(t, cmp.Or(a.run, "creeping"))
	if a.of != nil {
		a.of(&r)
	}
	found := a.read(t, a.emit(t, r))
	says(t, found, a.want...)
	for name, texts := range map[string][]string{"encodings": textsOf(t, "encodings"), "all": {strings.Join(saytest.All(), " ")}} {
		hostile, next := r, 0
		ofOthers(&hostile, func() string { next++; return texts[next%len(texts)] })
		hostile.Target.Command = r.Target.Command
		if got := a.read(t, a.emit(t, hostile)); got != found {
			t.Errorf("with texts of the kind %q it is read as\n%s\nand without as\n%s", name, got, found)
		}
	}
}

// emit writes it into a folder of its own.
func (a accepted) emit(t *testing.T, r calibrate.Result) string {
	t.Helper()
	names := map[string]string{"gunicorn": "gunicorn.conf.py", "systemd": "shop.service.d/calibrate.conf", "procfile": "Procfile", "dockerfile": "Dockerfile", "compose": "compose.yaml", "uwsgi": "uwsgi.ini"}
	return emittedTo(t, filepath.Join(t.TempDir(), "shop", cmp.Or(names[a.kind], a.kind)), r, a.kind)
}

func textsOf(t *testing.T, kind string) []string {
	t.Helper()
	i := slices.IndexFunc(saytest.Hostile, func(k saytest.Kind) bool { return k.Name == kind })
	if i < 0 {
		t.Fatalf("there is no kind %q", kind)
	}
	return saytest.Hostile[i].Texts
}

// onUvicorn is the run as if Uvicorn had been measured.
func onUvicorn(r *calibrate.Result) {
	r.Target.Server, r.Target.ServerVersion, r.Target.HasJitter = "uvicorn", "0.54.0", true
	r.Target.HasThreads, r.Target.Threads, r.Recommendation.Threads = false, 0, 0
}

// onUWSGI is the run as if Debian's uWSGI had been measured, which has no max-requests-delta.
func onUWSGI(r *calibrate.Result) {
	r.Target.Server, r.Target.ServerVersion, r.Target.HasJitter = "uwsgi", "2.0.21", false
}

func onNowLMS(r *calibrate.Result) {
	r.Target.Server, r.Target.Command = "lmsctl", []string{"lmsctl", "serve"}
}

// pasted writes what emit says for a recorded run into a file, in a folder that has the fixture app.
func pasted(t *testing.T, run, kind, file string) string {
	t.Helper()
	return emittedTo(t, filepath.Join(t.TempDir(), file), savedRun(t, run), kind)
}

func emittedTo(t *testing.T, path string, r calibrate.Result, kind string) string {
	t.Helper()
	var b bytes.Buffer
	must(t, report.Emit(&b, r, kind, server.Known()))
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

func savedRun(t *testing.T, name string) calibrate.Result {
	t.Helper()
	r, err := analyse.Load(filepath.Join(fixtures(t), "runs", name))
	must(t, err)
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

// itsVersion is the first line that a program says of itself: one of make servers, or of the PATH.
func itsVersion(words ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		if own := filepath.Join(venvBin(t), words[0]); !filepath.IsAbs(words[0]) {
			if _, err := os.Stat(own); err == nil {
				return firstLine(reads(t, ".", append([]string{own}, words[1:]...)...))
			}
		}
		return firstLine(reads(t, ".", append([]string{needTool(t, words[0])}, words[1:]...)...))
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// distribution is the version of a package of Python's.
func distribution(python, name string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		return name + " " + firstLine(reads(t, ".", needServer(t, python), "-c", "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))", name))
	}
}

// module is the version of a Go module that a consumer is built of.
func module(path string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		return strings.TrimSpace(reads(t, filepath.Join(fixtures(t), "consumers"), "go", "list", "-m", path))
	}
}

// reads runs a reader and returns what it says; its exit code must be 0.
func reads(t *testing.T, dir string, words ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH="+filepath.Join(fixtures(t), "wsgi"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%.300q: %v\n%s", words, err, out)
	}
	return string(out)
}

// says checks lines of a reader's words, blanks apart.
func says(t *testing.T, out string, want ...string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(out) {
		lines = append(lines, strings.TrimSuffix(strings.Join(strings.Fields(line), " "), ","))
	}
	for _, w := range want {
		if !slices.Contains(lines, w) {
			t.Errorf("no line %q in:\n%s", w, out)
		}
	}
}

// chosen are the lines NAME = VALUE of some names, as many as there are.
func chosen(out string, names string) string {
	var found []string
	for line := range strings.Lines(out) {
		if name, value, is := strings.Cut(line, "="); is && slices.Contains(strings.Fields(names), strings.TrimSpace(name)) {
			found = append(found, strings.TrimSpace(name)+" = "+strings.TrimSpace(value))
		}
	}
	return strings.Join(found, "\n")
}

// --check-config takes misspelt keys, so the values are looked for in --print-config.
func byGunicorn(t *testing.T, file string) string {
	t.Helper()
	gunicorn := needServer(t, "gunicorn")
	reads(t, filepath.Dir(file), gunicorn, "--check-config", "app:app")
	return chosen(reads(t, filepath.Dir(file), gunicorn, "--print-config", "app:app"), "workers threads max_requests max_requests_jitter worker_class preload_app user raw_env")
}

// A shell reads the variables, and Gunicorn its own among them.
func byShellAndGunicorn(t *testing.T, file string) string {
	t.Helper()
	return chosen(reads(t, filepath.Dir(file), "sh", "-euc", `set -a; . "$1"; echo "memory = $WORKER_MEMORY_MB"; exec "$2" --print-config app:app`, "sh", file, needServer(t, "gunicorn")),
		"memory workers threads max_requests max_requests_jitter")
}

// byShell is what variables say once a shell has read them.
func byShell(variables string) func(*testing.T, string) string {
	return func(t *testing.T, file string) string {
		t.Helper()
		return reads(t, ".", "sh", "-euc", `. "$1"; echo `+variables, "sh", file)
	}
}

// byOptionsOf is what a server's own parser makes of options, variables or a file (fixtures/consumers/options.py).
func byOptionsOf(name, python string) func(*testing.T, string) string {
	return func(t *testing.T, file string) string {
		t.Helper()
		words := `$(grep -v "^#" "$1")`
		switch name {
		case "now_lms":
			words = ""
		case "pypnm":
			words = `"$1"`
		}
		out := reads(t, ".", "sh", "-euc", `[ $4 != now_lms ] || { set -a; . "$1"; }; exec "$2" "$3" "$4" `+words, "sh", file, needServer(t, python), filepath.Join(fixtures(t), "consumers", "options.py"), name)
		return chosen(out, "workers threads memory max_requests limit_max_requests limit_max_requests_jitter blocking_threads cpu_count total_memory_gib")
	}
}

func byUWSGI(t *testing.T, file string) string {
	t.Helper()
	app := filepath.Join(filepath.Dir(file), "app.py")
	must(t, os.WriteFile(app, []byte("def application(environ, start): pass\n"), 0o600))
	out := reads(t, filepath.Dir(file), needTool(t, "/usr/bin/uwsgi"), "--strict", "--show-config", "--no-server", "--socket", "uwsgi.sock",
		"--plugin", "python3", "--wsgi-file", app, "--ini", file)
	return chosen(out, "master processes threads max-requests max-requests-delta min-worker-lifetime die-on-term need-app uid exec-asap")
}

func byConfigparser(section string) func(*testing.T, string) string {
	const read = `import configparser, sys; c = configparser.ConfigParser(interpolation=None); c.read(sys.argv[1])
for s in c.sections(): print(s)
for k, v in c[sys.argv[2]].items(): print(k, "=", v)`
	return func(t *testing.T, file string) string {
		t.Helper()
		return reads(t, ".", needServer(t, "python"), "-c", read, file, section)
	}
}

// byApache checks the syntax; TestE2EEmitModWSGI starts what is written.
func byApache(t *testing.T, file string) string {
	t.Helper()
	return reads(t, filepath.Dir(file), needTool(t, "/usr/sbin/apache2"), "-t", "-f", emittedConf(t, "event", freeAddress(t), file))
}

func byPuma(t *testing.T, file string) string {
	t.Helper()
	ruby := needTool(t, "ruby")
	if err := exec.CommandContext(t.Context(), ruby, "-e", `require "puma"`).Run(); err != nil {
		t.Skip("ruby has no puma")
	}
	const read = `require "puma"; require "puma/configuration"; c = Puma::Configuration.new(config_files: [ARGV[0]]); c.load; c.clamp; ` +
		`puts [:workers, :min_threads, :max_threads, :preload_app].map { |k| "#{k} = #{c.options[k]}" }`
	return reads(t, ".", ruby, "-e", read, file)
}

// bySystemd reads a unit with the drop-in. That it does read it shows where the drop-in is spoilt: it complains of what it doesn't know.
func bySystemd(t *testing.T, file string) string {
	t.Helper()
	analyze := needTool(t, "systemd-analyze")
	unit := strings.TrimSuffix(filepath.Dir(file), ".d")
	must(t, os.WriteFile(unit, []byte("[Service]\nExecStart=/bin/true\n"), 0o644))
	if out := reads(t, ".", analyze, "verify", "--man=no", unit); strings.Contains(out, "calibrate.conf") {
		t.Errorf("systemd complains: %s", out)
	}
	text, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, bytes.Replace(text, []byte("MemoryMax=1638M"), []byte("MemoryMax=1638Q"), 1), 0o644))
	if out, _ := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", unit).CombinedOutput(); !bytes.Contains(out, []byte("calibrate.conf")) {
		t.Errorf("systemd takes MemoryMax=1638Q: %s", out)
	}
	return strings.ReplaceAll(regexp.MustCompile(`(?m)^(\w+)=`).ReplaceAllString(strings.Join(regexp.MustCompile(`(?m)^[^#\n].*$`).FindAllString(string(text), -1), "\n"), "$1 = "), "\r", "")
}

// Honcho starts processes as Heroku does; a shell takes the command for its words.
func byHoncho(t *testing.T, file string) string {
	t.Helper()
	return wordsOfProcfiles(t, file)[file]
}

// wordsOfProcfiles are those of the one process in each file.
func wordsOfProcfiles(t *testing.T, files ...string) map[string]string {
	t.Helper()
	words := map[string]string{}
	for file, processes := range readBy[map[string]map[string]string](t, "procfile", files...) {
		if len(processes) != 1 {
			t.Fatalf("%q", processes)
		}
		words[file] = strings.TrimSuffix(reads(t, t.TempDir(), "sh", "-c", `set -- `+processes["web"]+"\n"+`printf '%s ' "$@"`), " ")
	}
	return words
}

type image struct {
	Kinds []string
	Env   map[string]string
	Cmd   []string
}

func byDockerfile(t *testing.T, file string) string {
	t.Helper()
	found := images(t, file)[file]
	found.Kinds = slices.Compact(found.Kinds)
	return fmt.Sprint(found)
}

// images are what lines make of an empty one.
func images(t *testing.T, files ...string) map[string]image {
	t.Helper()
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		must(t, os.WriteFile(file, append([]byte("FROM scratch\n"), text...), 0o600))
	}
	return readBy[map[string]image](t, "dockerfile", files...)
}

// byDocker has the program itself read its options, with the name of an image. There is nobody that it could ask to do them.
func byDocker(t *testing.T, file string) string {
	t.Helper()
	needTool(t, "docker")
	text, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, append(bytes.TrimSuffix(text, []byte("IMAGE\n")), "image\n"...), 0o600))
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", `. "$1"`, "sh", file)
	cmd.Env = append(os.Environ(), "DOCKER_HOST=unix://"+filepath.Join(t.TempDir(), "none"))
	if out, err := cmd.CombinedOutput(); err == nil || !bytes.Contains(out, []byte("onnect to the Docker daemon")) && !bytes.Contains(out, []byte("failed to connect")) {
		t.Errorf("%v\n%s", err, out)
	}
	return "its options are taken"
}

// byShellAsDocker is what a shell would give docker.
func byShellAsDocker(t *testing.T, file string) string {
	t.Helper()
	return reads(t, ".", "sh", "-euc", `docker() { printf '%s\n' "$@"; }; . "$1"`, "sh", file)
}

func byCompose(t *testing.T, file string) string {
	t.Helper()
	return reads(t, filepath.Dir(file), consumer(t, "cmd"), "-format", "json", file)
}

func byKubernetes(t *testing.T, file string) string {
	t.Helper()
	type container struct{ Name, Resources, Env json.RawMessage }
	patch := readBy[map[string]struct {
		Spec struct {
			Template struct {
				Spec struct{ Containers []container }
			}
		}
	}](t, "kubernetes", file)[file]
	var lines []string
	for _, c := range patch.Spec.Template.Spec.Containers {
		for _, part := range []json.RawMessage{c.Name, c.Resources, c.Env} {
			var b bytes.Buffer
			must(t, json.Compact(&b, part))
			lines = append(lines, b.String())
		}
	}
	return strings.Join(lines, "\n")
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

// byKubectl patches a deployment in a file, without a cluster: what was there stays.
func byKubectl(t *testing.T, file string) string {
	t.Helper()
	whole := filepath.Join(filepath.Dir(file), "deployment.yaml")
	must(t, os.WriteFile(whole, []byte(deployment), 0o644))
	return reads(t, ".", needTool(t, "kubectl"), "patch", "--local", "-f", whole, "--patch-file", file, "-o", "yaml")
}

// TestE2EEmitHostileCommands: a Procfile and a Dockerfile have the measured command in them. They start it with the words that it has,
// or leave it to the reader.
func TestE2EEmitHostileCommands(t *testing.T) {
	skipShort(t)
	t.Parallel()
	texts := saytest.All()
	files := map[string][]string{}
	for _, text := range texts {
		r := savedRun(t, "creeping")
		r.Target.Command = []string{"gunicorn", text, "app:app"}
		for _, kind := range []string{"procfile", "dockerfile"} {
			files[kind] = append(files[kind], emittedTo(t, filepath.Join(t.TempDir(), kind), r, kind))
		}
	}
	procfiles, dockerfiles, kept := wordsOfProcfiles(t, files["procfile"]...), images(t, files["dockerfile"]...), map[string]int{}
	for i, text := range texts {
		for kind, got := range map[string]string{"procfile": procfiles[files["procfile"][i]], "dockerfile": strings.Join(dockerfiles[files["dockerfile"][i]].Cmd, " ")} {
			switch {
			case got == "gunicorn "+text+" app:app "+gunicornArgs:
				kept[kind]++
			case got != "COMMAND "+gunicornArgs:
				t.Errorf("%s takes %.100q for %.200q", kind, text, got)
			}
		}
		if kinds := dockerfiles[files["dockerfile"][i]].Kinds; !slices.Equal(kinds, []string{"FROM", "CMD"}) {
			t.Errorf("%.100q: %q", text, kinds)
		}
	}
	if kept["procfile"] < len(texts)/3 || kept["dockerfile"] < len(texts)/2 {
		t.Errorf("of %d commands %v are written", len(texts), kept)
	}
}

// Uvicorn is started with the flags, and serves with as many workers, by the environment too.
func TestE2EEmitUvicorn(t *testing.T) {
	t.Parallel()
	skipShort(t)
	r := savedRun(t, "creeping")
	onUvicorn(&r)
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
