package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"workermem/calibrate"
	"workermem/report"
)

var proof = flag.Bool("proof", false, "prove what is recommended for real servers (make proof)")

// proofCase is an app on a server, and the box that its recommendation is proved in: just large enough for so many
// workers, each at the end of a life of so many requests. Memory is the bound then, not the cores.
type proofCase struct {
	name    string
	command []string
	env     map[string]string // --env of both commands
	setUp   func(t *testing.T, c *proofCase)
	workers int64
	life    int64 // of an app that keeps nothing: --max-requests, 0 for none

	inherited []string // NAME=VALUE of calibrate's own environment
}

var keeps16KB = map[string]string{"CALIBRATE_KEEP_BYTES": "16384"}

// The box has so many cores and no reserve: (2 x 4 + 1) / 2 threads are 4 workers by the cores' rule.
const proofCPUs = 4

var proofCases = []proofCase{
	{name: "gunicorn flask", command: []string{"gunicorn", "--threads", "2", "app:app"}, env: keeps16KB, workers: 4, life: 3000},
	{name: "gunicorn flask preload", command: []string{"gunicorn", "--preload", "--threads", "2", "app:app"},
		env: map[string]string{"CALIBRATE_KEEP_BYTES": "16384", "CALIBRATE_IMPORT_MB": "50"}, workers: 4, life: 3000},
	{name: "gunicorn flask keeps nothing", command: []string{"gunicorn", "--threads", "2", "app:app"}, workers: 4},
	{name: "gunicorn django", command: []string{"gunicorn", "--threads", "2", "django_app:application"}, env: keeps16KB, workers: 4, life: 3000},
	{name: "uvicorn fastapi", command: []string{"uvicorn", "--log-level", "warning", "app:app"}, env: keeps16KB, setUp: asgi, workers: 4, life: 3000},
	{name: "mod_wsgi pyramid", setUp: pyramid, env: keeps16KB, workers: 4, life: 3000},
	{name: "now lms", command: []string{"../nowlms/bin/gunicorn", "--preload", "--threads", "2", "now_lms:lms_app"}, setUp: nowLMS, workers: 2, life: 1000},
}

// TestProof measures each app as a user does, then has calibrate prove what it recommends for a small box, with one worker
// more, and with what the field's rules would choose. What comes out is the table; only what keeps a proof from being
// made fails.
func TestProof(t *testing.T) {
	if !*proof {
		t.Skip("runs for about an hour: make proof")
	}
	var all []proofRow
	defer func() { t.Logf("\n%s", proofTable(all)) }()
	for _, c := range proofCases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			row := proofRow{c.name, c.prove(t)}
			all = append(all, row)
			t.Logf("\n%s", proofTable([]proofRow{row}))
		})
	}
}

// prove is calibrate run, then calibrate prove, as a user types them.
func (c proofCase) prove(t *testing.T) calibrate.Proof {
	c.find(t)
	var env []string // given again to prove: a run doesn't keep the values
	for name, value := range c.env {
		env = append(env, "--env", name+"="+value)
	}
	s := start(t, c.inherited, slices.Concat([]string{"run"}, env, []string{"--"}, c.command)...)
	code := s.end(t, 10*time.Minute)
	if code != 0 && code != int(calibrate.KindInconclusive) { // of a verdict on creep; prove says whether that is enough
		t.Fatalf("run: exit code %d\n%s", code, s.stderr.String())
	}
	measured := s.result(t)
	logMeasured(t, measured)
	memory := fmt.Sprintf("%dM", c.box(measured)>>20+1)
	args := []string{"prove", "--memory", memory, "--reserve", "0%", "--cpus", fmt.Sprint(proofCPUs), "--production-rate", c.rate(measured),
		"--one-more", "--formulas", "--json", "--max-time", "3m"}
	if c.life > 0 && measured.Creep.Verdict != "creeping" {
		args = append(args, "--max-requests", fmt.Sprint(c.life))
	}
	s = startIn(t, s.dir, c.inherited, slices.Concat(args, env, []string{filepath.Join(s.dir, ".calibrate", "runs", latestLink)})...)
	code = s.end(t, time.Hour)
	var r calibrate.Result
	if err := json.Unmarshal([]byte(s.stdout.String()), &r); err != nil || r.Proof == nil || !r.Proof.Complete {
		t.Fatalf("prove --memory %s: exit code %d, %v\n%s", memory, code, err, s.stderr.String())
	}
	t.Logf("prove --memory %s: exit code %d, %s: %s; %s", memory, code, r.Proof.Verdict, r.Proof.Reason, report.Refusal(r))
	for _, one := range r.Proof.Trials {
		t.Logf("  %s", trialLine(one))
	}
	return *r.Proof
}

// box is what the law has for the workers of the case, each at its end. A few per cent on top hold no fifth.
func (c proofCase) box(r calibrate.Result) int64 {
	all := r.Law.SharedBytes + c.workers*(r.Law.WorkerBytes+int64(max(r.Target.Threads, 1))*r.Law.ThreadBytes)
	if r.Creep.Verdict == "creeping" && r.Creep.High != nil {
		all += int64(*r.Creep.High * float64(c.workers*c.life))
	}
	return all + all/50
}

// rate is what all workers serve together where restarting after such a life costs 0.7 % of a worker's time. Below 0.5 %
// a longer life would not pay for its memory, and above 1 % fewer workers would be chosen: between them memory alone is
// the bound.
func (c proofCase) rate(r calibrate.Result) string {
	if c.life == 0 || r.Target.WorkerBootSeconds == 0 {
		return "100/s" // of no effect
	}
	return fmt.Sprintf("%.0f/s", max(0.007*float64(c.workers*c.life)/r.Target.WorkerBootSeconds, 1))
}

func logMeasured(t *testing.T, r calibrate.Result) {
	l, creep := r.Law, "-"
	if r.Creep.BytesPerRequest != nil && r.Creep.High != nil {
		creep = fmt.Sprintf("%.0f (up to %.0f) bytes a request", *r.Creep.BytesPerRequest, *r.Creep.High)
	}
	t.Logf("law: %.1f + N x (%.2f + T x %.3f) MB, %s; %d requests, %s, creep %s, in %.0f s", megabytes(l.SharedBytes), megabytes(l.WorkerBytes),
		megabytes(l.ThreadBytes), l.Basis, r.Worker.Requests, r.Creep.Verdict, creep, r.DurationSeconds)
	for _, w := range r.Warnings {
		t.Logf("  warning %s: %s", w.Code, w.Text)
	}
}

// find makes the case's command one that can be started from anywhere.
func (c *proofCase) find(t *testing.T) {
	if c.setUp != nil {
		c.setUp(t, c)
	}
	if !filepath.IsAbs(c.command[0]) {
		c.command = append([]string{needServer(t, c.command[0])}, c.command[1:]...)
	}
}

func asgi(t *testing.T, c *proofCase) {
	c.env = map[string]string{"PYTHONPATH": filepath.Join(fixtures(t), "asgi"), "CALIBRATE_KEEP_BYTES": c.env["CALIBRATE_KEEP_BYTES"]}
}

func pyramid(t *testing.T, c *proofCase) {
	c.command = []string{needTool(t, "/usr/sbin/apache2"), "-C", "Define FIXTURES " + fixtures(t), "-f", filepath.Join(fixtures(t), "apache", "pyramid.conf")}
}

// nowLMS has a database that NOW LMS's own command makes, and a folder for its files.
func nowLMS(t *testing.T, c *proofCase) {
	lmsctl, dir := needServer(t, "../nowlms/bin/lmsctl"), t.TempDir()
	c.inherited = []string{
		"DATABASE_URL=sqlite:///" + filepath.Join(dir, "lms.db"), "NOW_LMS_DATA_DIR=" + filepath.Join(dir, "data"),
		"SECRET_KEY=" + strings.Repeat("k", 40), "HOME=" + dir,
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, lmsctl, "database", "init")
	cmd.Env = append(os.Environ(), c.inherited...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("lmsctl database init: %v\n%s", err, out)
	}
}

// proofRow is a case, and what became of it.
type proofRow struct {
	name string
	calibrate.Proof
}

func proofTable(all []proofRow) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "profile\tworkers x threads, max-requests\tlimit MB\tat most\tpeak\tof limit\texpected\tobserved\toff\trecycles\tfailed\tp99\tOOM kills\tone more\trules under the same limit")
	for _, row := range all {
		t := row.Trials[0]
		more, rules := others(row.Trials)
		fmt.Fprintf(w, "%s\t%dx%d, %d+%d\t%.0f\t%.1f\t%.1f\t%.0f %%\t%.1f\t%.1f\t%+.1f %%\t%d\t%d\t%s\t%d\t%s\t%s\n", row.name, t.Workers, t.Threads, t.MaxRequests,
			t.Jitter, megabytes(t.LimitBytes), megabytes(t.MostBytes), megabytes(t.PeakBytes), 100*used(t),
			megabytes(t.ExpectedBytes), megabytes(t.ObservedBytes), 100*t.Off(), t.Recycles,
			t.Requests-t.Succeeded, p99Of(t), t.OOMKills, more, rules)
	}
	w.Flush()
	return b.String()
}

// others are how one worker more ended, and the field's rules by how theirs did.
func others(trials []calibrate.Trial) (more, rules string) {
	var killed, unused, odd []string
	for _, t := range trials {
		for _, name := range strings.Split(t.Name, ", ") {
			switch {
			case name == "recommended":
			case name == "one more":
				more = endOfTrial(t)
			case t.OOMKills > 0:
				killed = append(killed, fmt.Sprintf("%s %dx%d", name, t.Workers, t.Threads))
			case t.Failed == nil:
				unused = append(unused, fmt.Sprintf("%s %dx%d %.0f MB", name, t.Workers, t.Threads, megabytes(t.LimitBytes-t.PeakBytes)))
			default:
				odd = append(odd, fmt.Sprintf("%s %dx%d: %s", name, t.Workers, t.Threads, t.Failed.Error()))
			}
		}
	}
	for _, group := range []struct {
		title string
		names []string
	}{{"killed", killed}, {"unused", unused}, {"not judged", odd}} {
		if len(group.names) > 0 {
			rules += group.title + ": " + strings.Join(group.names, ", ") + "; "
		}
	}
	return more, strings.TrimSuffix(rules, "; ")
}

func endOfTrial(t calibrate.Trial) string {
	if t.OOMKills > 0 {
		return "killed"
	}
	if t.Failed != nil {
		return t.Failed.Error()
	}
	return fmt.Sprintf("%.0f %% of the limit", 100*used(t))
}

func used(t calibrate.Trial) float64 { return float64(t.PeakBytes) / float64(max(t.LimitBytes, 1)) }

func p99Of(t calibrate.Trial) string {
	if t.Latency.P99 == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f ms", 1000**t.Latency.P99)
}

func trialLine(t calibrate.Trial) string {
	cost := ""
	if c := t.Recycling; c != nil && c.LostRatio != nil && c.LostError != nil && c.PredictedRatio != nil {
		cost = fmt.Sprintf("; recycling cost %.1f %% +-%.1f of throughput, %.1f %% computed", 100**c.LostRatio, 100**c.LostError, 100**c.PredictedRatio)
	}
	return fmt.Sprintf("%s: %dx%d, %d+%d: at most %.1f, peak %.1f, expected %.1f, observed %.1f MB (%+.1f %%), %d requests in %.0f s, %d failed, %d recycles, %d killed; %s %v%s",
		t.Name, t.Workers, t.Threads, t.MaxRequests, t.Jitter, megabytes(t.MostBytes), megabytes(t.PeakBytes), megabytes(t.ExpectedBytes), megabytes(t.ObservedBytes), 100*t.Off(),
		t.Requests, t.Seconds, t.Requests-t.Succeeded, t.Recycles, t.OOMKills, t.Ended.By, t.Failed, cost)
}
