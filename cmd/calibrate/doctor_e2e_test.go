package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workermem/calibrate"
	"workermem/calibrate/server"
)

// visit is one run of calibrate doctor --json: as whom, where, and how it is started.
type visit struct {
	user uint32   // 0: as the test's own
	dir  string   // "" for a folder of its own
	path string   // PATH
	wrap []string // a shell's -c and its script, which runs "$0" with "$@"; nil to be started directly
}

// A patient is what doctor said, and the folder it was asked in.
type patient struct {
	calibrate.Checkup
	dir  string
	code int
}

func (v visit) doctor(t *testing.T) patient {
	t.Helper()
	skipShort(t)
	if v.dir == "" {
		v.dir = publicFolder(t)
	}
	// Through /proc/self/exe every user can run the test's binary, which go builds where only this one may look.
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"calibrate", "doctor", "--json"}, Dir: v.dir}
	if v.wrap != nil {
		cmd.Path, cmd.Args = v.wrap[0], append(append([]string{v.wrap[0]}, v.wrap[1:]...), namedCalibrate(t), "doctor", "--json")
	}
	cmd.Env = []string{"PATH=" + v.path, "HOME=" + v.dir}
	if v.user != 0 {
		cmd.SysProcAttr = asUser(v.user)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// Whatever loses its parent comes to this process, and is seen below.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	before := children(t)
	began := time.Now()
	err := cmd.Run()
	t.Logf("it took %v", time.Since(began).Round(time.Millisecond))
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	p := patient{dir: v.dir, code: cmd.ProcessState.ExitCode()}
	if err := json.Unmarshal(stdout.Bytes(), &p.Checkup); err != nil {
		t.Fatalf("%v\n%s%s", err, stdout.String(), stderr.String())
	}
	if stderr.Len() > 0 || p.Schema != calibrate.CheckupSchema || p.Works != (p.code == 0) {
		t.Errorf("exit code %d, works %v, schema %q, stderr %q", p.code, p.Works, p.Schema, stderr.String())
	}
	if left := children(t); len(left) > len(before) {
		t.Errorf("left behind: processes %v", left)
	}
	if left := groupsOf(cmd.Process.Pid); len(left) > 0 {
		t.Errorf("left behind: control groups %q", left)
	}
	return p
}

// find is one finding, by its name.
func (p patient) find(t *testing.T, name string) calibrate.Finding {
	t.Helper()
	for _, f := range p.Findings {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no finding %q", name)
	return calibrate.Finding{}
}

// says holds a finding to what was seen in another way.
func (p patient) says(t *testing.T, name string, isSo bool, how any) {
	t.Helper()
	if f := p.find(t, name); (f.State == calibrate.StateOK) != isSo {
		t.Errorf("%s is %s: %s; tried here: %v", name, f.State, f.Text, how)
	}
}

// children are the test's own processes that live, their children included.
func children(t *testing.T) []int {
	t.Helper()
	parents, _ := processes()
	mine := map[int]bool{os.Getpid(): true}
	var all []int
	for grown := true; grown; {
		grown = false
		for pid, parent := range parents {
			if mine[parent] && !mine[pid] {
				mine[pid], grown = true, true
				all = append(all, pid)
			}
		}
	}
	return all
}

// publicFolder is one that every user may look into, and only this one may write to.
func publicFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{dir, filepath.Dir(dir)} { // the test's own folder is for this user alone
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// namedCalibrate is the test's binary under the name by which it is calibrate.
func namedCalibrate(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "calibrate")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	return link
}

func asUser(user uint32) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
}

// tried runs a shell command as a user and returns its error.
func tried(user uint32, dir, script string) error {
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Dir, cmd.SysProcAttr = dir, asUser(user)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return errors.New(strings.TrimSpace(string(out)) + " (" + err.Error() + ")")
	}
	return nil
}

func needRoot(t *testing.T) {
	t.Helper()
	skipShort(t)
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
}

// appGroup is the control group in which a server was started by this user, "" with the reason if it has none.
func appGroup(t *testing.T) (folder, why string) {
	t.Helper()
	const python = "/usr/bin/python3" // the servers' own may be where only root can go
	if _, err := os.Stat(python); err != nil {
		t.Skip(err)
	}
	launch, err := server.Recognise(t.Context(), server.Spec{
		Command: []string{python, "-m", "http.server", "--bind", "127.0.0.1", "--directory", "/sys", "{port}"},
	})
	if err != nil {
		t.Fatal(err)
	}
	app, err := launch.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	folder, why = app.Group()
	if _, err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	return folder, why
}

// What doctor says of the app's own group is what becomes of an app that is started.
func TestE2EDoctorOwnGroup(t *testing.T) {
	p := visit{}.doctor(t)
	folder, why := appGroup(t)
	p.says(t, "own-cgroup", folder != "", folder+why)
	_, said, _ := strings.Cut(p.find(t, "own-cgroup").Text, ": ")
	_, seen, _ := strings.Cut(why, ": ")
	if said != seen {
		t.Errorf("doctor says %q, a start %q", said, seen)
	}
}

// Another user is another process, so the test above is run as that user: from a copy, because nobody may not look into
// the folder of the binary.
func TestE2EDoctorOwnGroupAsNobody(t *testing.T) {
	needRoot(t)
	copied := filepath.Join(publicFolder(t), "doctor.test")
	if err := tried(0, "/", "cp -L "+namedCalibrate(t)+" "+copied+" && chmod 755 "+copied); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(copied, "-test.run=^TestE2EDoctorOwnGroup$", "-test.v")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", []string{"PATH=/usr/bin:/bin", "HOME=/"}, asUser(nobody)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") && !strings.Contains(string(out), "--- SKIP") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The child to look at has another user, who may read what it was started with.
func TestE2EDoctorIdleHasNoEnvironment(t *testing.T) {
	skipShort(t)
	t.Setenv("SECRET", "hunter2")
	for _, as := range []*syscall.SysProcAttr{nil, asNobody()} {
		pid, end := startIdle(as)
		defer end()
		if pid == 0 && as != nil && os.Geteuid() != 0 {
			continue // only root can be somebody else
		}
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err != nil || len(text) > 0 {
			t.Errorf("as %v: environment %q, %v", as, text, err)
		}
	}
}

// Ctrl-C ends it, and the servers that it asks, while one of them keeps it waiting.
func TestE2EDoctorInterrupted(t *testing.T) {
	skipShort(t)
	dir := publicFolder(t)
	asked := filepath.Join(dir, "asked")
	if err := os.WriteFile(filepath.Join(dir, "puma"), []byte("#!/bin/sh\n: >'"+asked+"'\nexec /bin/sleep 60\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"calibrate", "doctor"}, Dir: dir, Env: []string{"PATH=" + dir}, Stderr: &stderr}
	before := children(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(4 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(asked); err == nil {
			break
		}
	}
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(stderr.String(), "Ctrl-C") {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
	if left := children(t); len(left) > len(before) {
		t.Errorf("left behind: processes %v", left)
	}
}

// As this user (root, in CI): whatever it says can be done is done here as well.
func TestE2EDoctor(t *testing.T) {
	skipShort(t)
	gunicorn := needServer(t, "gunicorn")
	p := visit{path: filepath.Dir(gunicorn) + ":/usr/bin:/bin"}.doctor(t)
	if p.code != 0 {
		t.Errorf("exit code %d", p.code)
	}
	if left, _ := os.ReadDir(p.dir); len(left) != 0 {
		t.Errorf("it made %v", left)
	}
	err := os.MkdirAll(filepath.Join(p.dir, ".calibrate", "runs"), 0o755)
	p.says(t, "writable", err == nil, err)

	out, err := exec.Command(gunicorn, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	first := p.Servers[0]
	if first.Name != "gunicorn" || first.Path != gunicorn || first.Version == "" || !strings.Contains(string(out), first.Version) || !first.Known {
		t.Errorf("%+v, but it says %s", first, out)
	}
}

func TestE2EDoctorAsNobody(t *testing.T) {
	needRoot(t)
	p := visit{user: nobody, path: "/usr/bin:/bin"}.doctor(t)
	if p.code != 0 {
		t.Errorf("exit code %d: run works for anybody", p.code)
	}
	err := tried(nobody, p.dir, "mkdir .calibrate")
	p.says(t, "writable", err == nil, err)
	err = tried(nobody, p.dir, "exec 3</proc/1/smaps_rollup")
	p.says(t, "other-users", err == nil, err)
	for _, name := range []string{"statm", "peak", "smaps_rollup", "loopback"} { // of its own processes
		p.says(t, name, true, "any user may")
	}
}

// A root that lost the capabilities to read others' processes, as in most containers, says so.
func TestE2EDoctorAsLesserRoot(t *testing.T) {
	needRoot(t)
	const drop = "-sys_ptrace,-perfmon,-sys_admin"
	p := visit{path: "/usr/bin:/bin", wrap: []string{"/bin/sh", "-c",
		`exec setpriv --bounding-set=` + drop + ` --inh-caps=` + drop + ` "$0" "$@"`}}.doctor(t)
	if f := p.find(t, "other-users"); f.State != calibrate.StateLimited || !strings.Contains(f.Try, "SYS_PTRACE") {
		t.Errorf("%s: %s; try %s", f.State, f.Text, f.Try)
	}
}

func TestE2EDoctorWithoutPath(t *testing.T) {
	p := visit{}.doctor(t)
	if p.code != 0 || len(p.Servers) != 0 || len(p.ServersMissing) < 10 {
		t.Errorf("exit code %d, servers %v, missing %q", p.code, p.Servers, p.ServersMissing)
	}
	p.says(t, "no-server", false, "PATH is empty")
}

func TestE2EDoctorInReadOnlyFolder(t *testing.T) {
	needRoot(t)
	dir := publicFolder(t)
	p := visit{dir: dir, wrap: []string{"/usr/bin/unshare", "-m", "/bin/sh", "-c",
		`/bin/mount -t tmpfs -o ro none "` + dir + `" && cd "` + dir + `" && exec "$0" "$@"`}}.doctor(t)
	if f := p.find(t, "writable"); f.State != calibrate.StateLimited || !strings.Contains(f.Text, "read-only") || !strings.Contains(f.Try, "--out") {
		t.Errorf("%s: %s; try %s", f.State, f.Text, f.Try)
	}
}

func TestE2EDoctorInFolderThatIsGone(t *testing.T) {
	p := visit{path: "/usr/bin:/bin", wrap: []string{"/bin/sh", "-c", `mkdir gone && cd gone && rmdir ../gone && exec "$0" "$@"`}}.doctor(t)
	for _, name := range []string{"writable", "space"} {
		if f := p.find(t, name); f.State != calibrate.StateLimited || !strings.Contains(f.Text, "this folder is gone") {
			t.Errorf("%s: %s", f.State, f.Text)
		}
	}
}

func TestE2EDoctorWithFewDescriptors(t *testing.T) {
	skipShort(t)
	gunicorn := needServer(t, "gunicorn")
	p := visit{path: filepath.Dir(gunicorn) + ":/usr/bin:/bin", wrap: []string{"/bin/sh", "-c", `ulimit -n 64 && exec "$0" "$@"`}}.doctor(t)
	if f := p.find(t, "descriptors"); f.State != calibrate.StateLimited || !strings.Contains(f.Text, "open files: calibrate 64, the app 64:") {
		t.Errorf("%s: %s", f.State, f.Text)
	}
	for _, s := range p.Servers { // asking them takes few
		if s.State != calibrate.StateOK {
			t.Errorf("%s: %s", s.Path, s.Doubt)
		}
	}
	soft := visit{wrap: []string{"/bin/sh", "-c", `ulimit -Sn 80 && exec "$0" "$@"`}}.doctor(t)
	if f := soft.find(t, "descriptors"); f.State != calibrate.StateLimited || !strings.Contains(f.Text, "the app 80:") || strings.Contains(f.Text, "calibrate 80") {
		t.Errorf("a soft limit binds the app alone: %s: %s", f.State, f.Text)
	}
}

// Nothing can be measured without /proc, and that is what the exit code says.
func TestE2EDoctorWithoutProc(t *testing.T) {
	needRoot(t)
	p := visit{wrap: []string{"/usr/bin/unshare", "-m", "/bin/sh", "-c", `/bin/umount -l /proc && exec "$0" "$@"`}}.doctor(t)
	if f := p.find(t, "statm"); p.code != 1 || f.State != calibrate.StateMissing || !f.Stops {
		t.Errorf("exit code %d, %s: %s", p.code, f.State, f.Text)
	}
}

// Without a loopback network no load can reach the app.
func TestE2EDoctorWithoutLoopback(t *testing.T) {
	needRoot(t)
	p := visit{wrap: []string{"/usr/bin/unshare", "-n", "/bin/sh", "-c", `exec "$0" "$@"`}}.doctor(t)
	if f := p.find(t, "loopback"); p.code != 1 || f.State != calibrate.StateMissing || !f.Stops {
		t.Errorf("exit code %d, %s: %s", p.code, f.State, f.Text)
	}
}

func TestE2EDoctorUnderHidepid(t *testing.T) {
	needRoot(t)
	const mount = `/bin/mount -t proc -o hidepid=2 proc /proc && `
	unshare := slices.Clip([]string{"/usr/bin/unshare", "-m", "-p", "-f", "/bin/sh", "-c"})
	root := visit{wrap: append(unshare, mount+`exec "$0" "$@"`)}.doctor(t)
	root.says(t, "hidepid", true, "root sees all")
	// A copy, because nobody may not look into the folder of the binary.
	other := visit{wrap: append(unshare, mount+`/bin/cp -L "$0" ./calibrate && /bin/chmod 755 ./calibrate && exec /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups ./calibrate "$@"`)}
	p := other.doctor(t)
	p.says(t, "hidepid", false, "nobody sees its own processes alone")
}
