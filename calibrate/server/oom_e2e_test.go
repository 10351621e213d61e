package server

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// A worker that the kernel kills for memory: proved by the counter of the cgroup. The test starts itself again inside
// a cgroup with a limit, which takes the right to make one.
func TestE2EOutOfMemory(t *testing.T) {
	if os.Getenv("CALIBRATE_TEST_IN_CGROUP") != "" {
		outOfMemory(t)
		return
	}
	t.Parallel()
	servertest.Venv(t, "gunicorn")
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

// limitedGroup makes a cgroup as for an app.
func limitedGroup(t *testing.T, bytes int64) (folder string) {
	t.Helper()
	c, err := newGroup(bytes)
	if err != nil {
		needGroup(t, err.Error())
	}
	t.Cleanup(c.Remove)
	return c.Folder
}

func outOfMemory(t *testing.T) {
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, `
def app(environ, start_response):
    if environ["PATH_INFO"] == "/eat":
        app.kept = bytearray(1 << 30)
    start_response("200 OK", [])
    return [b""]
`), "mod:app")})
	before := r.worker()
	client := plainClient()
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
