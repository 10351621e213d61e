package target

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A worker that the kernel kills for memory: proved by the counter of the cgroup. The test starts itself again inside
// a cgroup with a limit, which takes the right to make one.
func TestE2EOutOfMemory(t *testing.T) {
	if os.Getenv("CALIBRATE_TEST_IN_CGROUP") != "" {
		outOfMemory(t)
		return
	}
	t.Parallel()
	venv(t, "gunicorn")
	group := limitedGroup(t, 256<<20)
	test, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$1" -test.v -test.run "^TestE2EOutOfMemory$" -test.timeout 60s`, group, test)
	cmd.Env = append(os.Environ(), "CALIBRATE_TEST_IN_CGROUP=1")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "--- PASS: TestE2EOutOfMemory") {
		t.Error(err)
	}
}

// limitedGroup makes a cgroup below this process's own.
func limitedGroup(t *testing.T, bytes int64) string {
	t.Helper()
	groups, _ := os.ReadFile("/proc/self/cgroup")
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	for _, file := range oomFiles(string(groups), string(mounts)) {
		limit := map[string]string{"memory.events": "memory.max", "memory.oom_control": "memory.limit_in_bytes"}[filepath.Base(file)]
		group := filepath.Join(filepath.Dir(file), fmt.Sprintf("calibrate-test-%d", os.Getpid()))
		if file == "" || os.Mkdir(group, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { os.Remove(group) })
		if os.WriteFile(filepath.Join(group, limit), []byte(strconv.FormatInt(bytes, 10)), 0) == nil {
			return group
		}
	}
	t.Skip("no right to make a memory cgroup here")
	return ""
}

func outOfMemory(t *testing.T) {
	r := start(t, Spec{Command: gunicornWith(t, module(t, `
def app(environ, start_response):
    if environ["PATH_INFO"] == "/eat":
        app.kept = bytearray(1 << 30)
    start_response("200 OK", [])
    return [b""]
`), "mod:app")})
	before := r.worker()
	client := readyClient()
	client.Timeout = 20 * time.Second
	if res, err := client.Get(r.Info().URL + "/eat"); err == nil {
		res.Body.Close()
		t.Fatalf("a request for 1 GB was answered (%s) under a limit of 256 MB", res.Status)
	}
	eventually(t, "another worker", func() bool {
		workers, _ := r.Workers()
		return len(workers) == 1 && workers[0] != before
	})
	f := r.Failure("soak")
	showFailure(t, f)
	says(t, f, 3, "the worker was replaced once", "the kernel ended 1 process for memory")
}
