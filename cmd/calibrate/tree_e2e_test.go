package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"workermem/calibrate"
	"workermem/calibrate/server"
	"workermem/sampler"
)

// What the kernel charges the app's own control group, against the sum over its processes of what they map (PSS). Both
// count a shared page once. They differ by what is named here, and by nothing else:
//
//   - anonymous memory is the same, but for the pages of a moment;
//   - PSS counts file pages that somebody else had touched before (libraries), the charge counts those that were read
//     and aren't mapped;
//   - the charge has kernel memory, and up to 64 pages a core that are charged and not yet used.
func TestE2EChargeAgainstPSS(t *testing.T) {
	skipShort(t)
	t.Parallel()
	for _, c := range []struct{ workers, importMB int }{{1, 0}, {4, 100}} {
		t.Run(fmt.Sprintf("%d workers, %d MB at import", c.workers, c.importMB), func(t *testing.T) {
			app, folder := startInGroup(t, c.workers, c.importMB)
			get(t, app.Info().URL, 100*c.workers)
			charge := readCharge(t, folder)
			pss, processes := mappedBy(t, app.Tree())
			t.Logf("%d processes: charge %.1f MB, PSS %.1f MB (%+.1f%%); anonymous %.1f and %.1f, file %.1f and %.1f, kernel %.1f; unreclaimable %.1f",
				processes, mb(charge.ChargeBytes), mb(pss.all), 100*(mb(charge.ChargeBytes)/mb(pss.all)-1), mb(charge.AnonBytes), mb(pss.anon),
				mb(charge.FileBytes), mb(pss.file), mb(charge.KernelBytes), mb(charge.UnreclaimableBytes))
			if processes != c.workers+1 {
				t.Errorf("%d processes, want the master and %d workers", processes, c.workers)
			}
			if off := mb(charge.AnonBytes - pss.anon); off < -1 || off > 1 {
				t.Errorf("the charge's anonymous memory is %+.1f MB off", off)
			}
			rest := charge.ChargeBytes - charge.AnonBytes - charge.FileBytes - charge.KernelBytes
			if rest < -1<<20 || rest > 2<<20 {
				t.Errorf("%.1f MB of the charge are neither anonymous nor file nor kernel", mb(rest))
			}
			if least := int64(c.workers*c.importMB) << 20; charge.UnreclaimableBytes < least || charge.PeakBytes < charge.ChargeBytes {
				t.Errorf("%+v: less than the %d bytes that were touched", charge, least)
			}
		})
	}
}

// treeFits holds what a whole run says of its tree against what it says of the processes.
func treeFits(t *testing.T, r calibrate.Result) {
	t.Helper()
	if r.Tree.Source == "" {
		t.Logf("no control group: %s", r.Tree.Missing)
		return
	}
	pss, dirty := r.Worker.End.TreePSSBytes, r.Worker.End.PrivateDirtyBytes
	if anon := r.Tree.AnonBytes; anon < dirty || anon > pss+2<<20 {
		t.Errorf("anonymous %.1f MB: not between the worker's private %.1f MB and the tree's PSS of %.1f MB", mb(anon), mb(dirty), mb(pss))
	}
	if r.Tree.PeakBytes < r.Tree.ChargeBytes || r.Tree.ChargeBytes < r.Tree.AnonBytes || r.Tree.BootPeakBytes == 0 {
		t.Errorf("%+v", r.Tree)
	}
	for _, run := range r.Law.Runs {
		if run.ChargeBytes < run.TotalBytes/2 || run.ChargeBytes > run.TotalBytes*3/2 || run.ChargePeakBytes < run.ChargeBytes {
			t.Errorf("%+v", run)
		}
	}
}

// groupsOf are the control groups that a process made and that are still there.
func groupsOf(pid int) (left []string) {
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), fmt.Sprintf("%s%d-", calibrate.GroupPrefix, pid)) {
			left = append(left, path)
		}
		return nil
	})
	return left
}

func mb(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// startInGroup starts Gunicorn in a control group of its own.
func startInGroup(t *testing.T, workers, importMB int) (app calibrate.App, folder string) {
	t.Helper()
	launch, err := server.Recognise(t.Context(), server.Spec{
		Command: []string{needServer(t, "gunicorn"), "--chdir", filepath.Join(fixtures(t), "wsgi"), "app:app"},
		Env:     map[string]string{"CALIBRATE_IMPORT_MB": fmt.Sprint(importMB)},
		Workers: workers,
	})
	if err != nil {
		t.Fatal(err)
	}
	app, err = launch.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := app.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	folder, why := app.Group()
	if folder == "" {
		needGroup(t, why)
	}
	return app, folder
}

var v1Memory = regexp.MustCompile(`(?m)^\d+:(?:.*,)?memory(?:,.*)?:(.*)$`)

// needGroup skips where no control group can be made. Root may, where the controller is there and can be written to.
func needGroup(t *testing.T, why string) {
	t.Helper()
	text, _ := os.ReadFile("/proc/self/cgroup")
	own := v1Memory.FindSubmatch(text)
	if own != nil && os.Geteuid() == 0 && os.Getenv("CALIBRATE_REQUIRE_SERVERS") == "1" &&
		unix.Access("/sys/fs/cgroup/memory"+string(own[1]), unix.W_OK) == nil {
		t.Fatal("root can't make a control group here: " + why)
	}
	t.Skip("no control group can be made here: " + why)
}

func readCharge(t *testing.T, folder string) calibrate.Charge {
	t.Helper()
	group, err := sampler.New().OpenGroup(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	charge, err := group.Charge()
	if err != nil || charge.Missing != "" {
		t.Fatalf("%+v %v", charge, err)
	}
	return charge
}

type pss struct{ all, anon, file int64 }

// mappedBy sums what smaps_rollup says of the processes.
func mappedBy(t *testing.T, pids []int) (sum pss, processes int) {
	t.Helper()
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var kb int64
			name, value, _ := strings.Cut(line, ":")
			fmt.Sscan(value, &kb)
			switch name {
			case "Pss":
				sum.all += kb << 10
			case "Pss_Anon":
				sum.anon += kb << 10
			case "Pss_File", "Pss_Shmem":
				sum.file += kb << 10
			}
		}
		processes++
	}
	return sum, processes
}

func get(t *testing.T, url string, times int) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range times {
		res, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
}
