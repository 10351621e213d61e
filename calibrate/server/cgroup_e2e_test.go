package server

import (
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

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/group"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// The app's own memory control group, made for real. Who may not make one skips; root may, where the controller is
// there and can be written to.
func needGroup(t *testing.T, why string) {
	t.Helper()
	if why == "" {
		return
	}
	h, err := group.FindHierarchy(linux.Here)
	able := err == nil && h.Version == 1 && unix.Access(h.Groups[0], unix.W_OK) == nil
	if able && os.Geteuid() == 0 && os.Getenv("CALIBRATE_REQUIRE_SERVERS") == "1" {
		t.Fatal("root can't make a control group here: " + why)
	}
	t.Skip("no control group can be made here: " + why)
}

func groupProcesses(t *testing.T, folder string) []int {
	t.Helper()
	var pids []int
	text, _ := os.ReadFile(filepath.Join(folder, "cgroup.procs"))
	for _, field := range strings.Fields(string(text)) {
		pids = append(pids, atoi(t, field))
	}
	slices.Sort(pids)
	return pids
}

// sayGroup is an app that writes down in which group it was at its import.
const sayGroup = `
born = open("/proc/self/cgroup").read()
def app(environ, start_response):
    start_response("200 OK", [])
    return [born.encode()]
`

func TestE2EGroup(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, sayGroup), "--preload", "mod:app"), Workers: 2})
	needGroup(t, r.noGroup)
	if born := r.get("/"); !strings.Contains(born+"\n", "/"+filepath.Base(r.group)+"\n") {
		t.Errorf("at its import the app was in\n%s", born)
	}
	tree := r.Tree()
	slices.Sort(tree)
	if got := groupProcesses(t, r.group); !slices.Equal(got, tree) {
		t.Errorf("%v are in the group, the app is %v", got, tree)
	}
	if owner, _, ok := group.OwnerOf(filepath.Base(r.group)); !ok || owner.PID != os.Getpid() || !linux.Here.Lives(owner) {
		t.Errorf("%s is %+v's", r.group, owner)
	}
	threads, err := linux.Here.Threads(r.guardian.PID)
	if err != nil || len(threads) < 2 {
		t.Fatal(threads, err)
	}
	for _, thread := range threads {
		if in, _ := os.ReadFile("/proc/" + strconv.Itoa(thread) + "/cgroup"); strings.Contains(string(in), filepath.Base(r.group)) {
			t.Errorf("thread %d of the guard stayed in the group", thread)
		}
	}
}

// A daemon has left everything that can be left, but its control group.
func TestE2EGroupHoldsDaemons(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, withDaemon), "--preload", "mod:app")})
	needGroup(t, r.noGroup)
	if got := groupProcesses(t, r.group); len(got) != 3 {
		t.Errorf("%v are in the group, want master, worker and daemon", got)
	}
}

// The app may make groups of its own below.
func TestE2EGroupWithGroupsOfTheApp(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, okApp), "mod:app")})
	needGroup(t, r.noGroup)
	if err := os.MkdirAll(filepath.Join(r.group, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	// the end of start's test looks for what is left
}

func TestE2EMemoryLimit(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, okApp), "mod:app")})
	needGroup(t, r.noGroup)
	f := failure(t, known.Spec{
		Command: gunicornWith(t, servertest.Module(t, "eaten = bytearray(200 << 20)\n"+okApp), "mod:app"), MemoryLimit: 64 << 20, BootDeadline: 20 * time.Second,
	})
	says(t, f, 3, "the kernel ended", "for memory (oom_kill in /", "under the limit of 64 MB that was set on it")
}

// What fits starts, and what then comes on top is killed; nothing of it may go to swap.
func TestE2EMemoryLimitUnderLoad(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{MemoryLimit: 96 << 20, Command: gunicornWith(t, servertest.Module(t, `
def app(environ, start_response):
    if environ["PATH_INFO"] == "/eat":
        app.kept = bytearray(200 << 20)
    start_response("200 OK", [])
    return [b""]
`), "mod:app")})
	h, err := group.FindHierarchy(linux.Here)
	if err != nil {
		t.Fatal(err)
	}
	c := group.Group{Folder: r.group, Version: h.Version}
	if got, _ := os.ReadFile(c.File(linux.MemoryOf(c.Version).Limit)); strings.TrimSpace(string(got)) != strconv.Itoa(96<<20) {
		t.Errorf("the limit is %s", got)
	}
	if swap, err := os.ReadFile(c.File(linux.MemoryOf(c.Version).Swap)); err == nil {
		if want := map[int]string{1: strconv.Itoa(96 << 20), 2: "0"}[c.Version]; strings.TrimSpace(string(swap)) != want {
			t.Errorf("swap's limit is %s, want %s", swap, want)
		}
	}
	before := r.worker()
	client := plainClient()
	client.Timeout = 20 * time.Second
	if res, err := client.Get(r.Info().URL + "/eat"); err == nil {
		res.Body.Close()
		t.Fatalf("200 MB were had (%s) under a limit of 96", res.Status)
	}
	eventually(t, "another worker", func() bool {
		workers, _ := r.Workers()
		return len(workers) == 1 && workers[0] != before
	})
	f := r.Failure("soak")
	showFailure(t, f)
	says(t, f, 3, "the worker was replaced once", "the kernel ended 1 process for memory", "the limit of 96 MB")
}

// Who may make no group gets an app without one and is told why. A limit that can't be set is no limit: nothing starts.
func TestE2EWithoutTheRightToAGroup(t *testing.T) {
	t.Parallel()
	const nobody = 65534
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	servertest.NotShort(t)
	python := "/usr/bin/python3" // the servers' own may be where only root can go
	if !known.FileExists(python) {
		t.Skip("no " + python)
	}
	spec := known.Spec{Command: []string{python, "-m", "http.server", "--bind", "127.0.0.1", "--directory", "/sys", "{port}"}}
	tool := startTool(t, toolOrder{Spec: spec, User: nobody})
	if tool.Group != "" || !strings.Contains(tool.NoGroup, "permission denied") {
		t.Errorf("group %q, %q", tool.Group, tool.NoGroup)
	}
	tool.kill9(t)
	goneWithin(t, tool.Guard, 5*time.Second)

	spec.MemoryLimit = 64 << 20
	_, said := askTool(t, toolOrder{Spec: spec, User: nobody})
	if !strings.Contains(said, "a memory limit of 64 MB can't be set on the app") || !strings.Contains(said, "permission denied") {
		t.Errorf("the tool said %q", said)
	}
}

// giveTo makes a file another user's, and lets them reach it.
func giveTo(t *testing.T, user uint32, file string) {
	t.Helper()
	if err := os.Chown(file, int(user), int(user)); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Dir(file), filepath.Dir(filepath.Dir(file))} { // t.TempDir makes two
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// groupGone fails unless a group is removed within the time.
func groupGone(t *testing.T, folder string, within time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(within); known.FileExists(folder); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("%s is left behind", folder)
			return
		}
	}
}

func TestE2EGroupWhenTheToolIsKilled(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"plain": okApp, "daemon": withDaemon, "stubborn": stubborn} {
		processes := map[string]int{"plain": 2, "daemon": 3, "stubborn": 3}[name]
		tool, mark := toolWith(t, text, processes, toolOrder{})
		needGroup(t, tool.NoGroup)
		tool.kill9(t)
		noneLeft(t, mark, 5*time.Second)
		groupGone(t, tool.Group, time.Second)
	}
}

func TestE2EGroupWhenTheGuardIsKilled(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, withDaemon), "--preload", "mod:app"), Env: map[string]string{"PYTHONPATH": noTitles(t)}})
	needGroup(t, r.noGroup)
	if err := syscall.Kill(r.guardian.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	noneLeft(t, r.mark, 5*time.Second)
	groupGone(t, r.group, time.Second)
}

// Nobody is left to remove the group, so the next start does.
func TestE2EGroupWhenToolAndGuardAreKilled(t *testing.T) {
	t.Parallel()
	tool, mark := toolWith(t, okApp, 2, toolOrder{})
	needGroup(t, tool.NoGroup)
	if err := tool.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(tool.Guard, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	tool.kill9(t)
	noneLeft(t, mark, 10*time.Second)
	// The kernel may be a moment behind: a process that is gone from /proc can still be in its group.
	for deadline := time.Now().Add(5 * time.Second); slices.Contains(group.Sweep(filepath.Dir(tool.Group)), tool.Group); {
		if time.Now().After(deadline) {
			t.Fatal("an empty group is called inhabited")
		}
		time.Sleep(20 * time.Millisecond)
	}
	groupGone(t, tool.Group, 0)
}

// What still lives in the group of a run that is gone isn't touched, but told.
func TestE2EInhabitedGroupIsTold(t *testing.T) {
	t.Parallel()
	h, err := group.FindHierarchy(linux.Here)
	if err != nil {
		needGroup(t, err.Error())
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	namespace, err := linux.Here.PIDNamespace()
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.Make(group.NameOf(linux.Identity{PID: gone.Process.Pid, Start: 1}, namespace, 1))
	if err != nil {
		needGroup(t, err.Error())
	}
	survivor := exec.Command("sh", "-c", `echo $$ > "$0/cgroup.procs" && exec sleep 60`, c.Folder)
	survivor.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // as an app has it: what is in calibrate's own session is never an orphan's
	if err := survivor.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = survivor.Process.Kill(); _ = survivor.Wait(); c.Remove() })
	eventually(t, "a survivor", func() bool { return len(groupProcesses(t, c.Folder)) == 1 })

	tool, mark := toolWith(t, okApp, 2, toolOrder{}) // whoever looks does so once, before a first start
	if !slices.ContainsFunc(tool.Warnings, func(w calibrate.Warning) bool {
		return w.Code == "orphaned-app" && strings.Contains(w.Text, fmt.Sprintf("(pid %d)", survivor.Process.Pid))
	}) {
		t.Errorf("no word of it in %+v", tool.Warnings)
	}
	tool.kill9(t)
	noneLeft(t, mark, 10*time.Second)
	if len(groupProcesses(t, c.Folder)) != 1 {
		t.Error("the survivor was killed")
	}
	_ = survivor.Process.Kill()
	_ = survivor.Wait()
	eventually(t, "an empty group", func() bool { group.Sweep(filepath.Dir(c.Folder)); return !known.FileExists(c.Folder) })
}

// BenchmarkGroup is what a group costs the start and the end of an app.
func BenchmarkGroup(b *testing.B) {
	for b.Loop() {
		c, err := newGroup(1 << 30)
		if err != nil {
			b.Skip(err)
		}
		group.Sweep(filepath.Dir(c.Folder))
		c.Remove()
	}
}

// newGroup is a group of this process.
func newGroup(limit int64) (group.Group, error) {
	name, err := group.NewName()
	if err != nil {
		return group.Group{}, err
	}
	return group.New(name, limit)
}
