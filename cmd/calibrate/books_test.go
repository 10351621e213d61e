package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server"
	"workermem/loadgen"
	"workermem/report"
)

var books = flag.Bool("books", false, "hold the law and the proof of apps whose memory is in many places (make books)")

// book is an app whose memory is more than its worker's own anonymous pages: CALIBRATE_BOOKS of fixtures/books, whose doc
// comment has the answer.
type book struct {
	app     string
	command []string // gunicorn app:app, if there is none
	folder  string   // of fixtures; books, if there is none
	env     map[string]string
	flags   []string // of the run
	path    string
	memory  string  // the box that it is sized for and proved in
	each    float64 // MB that one more worker takes under load, with the threads of the command, creep apart, read by hand; 0: not known
	creeps  float64 // bytes of every kind that a request keeps; 0: none
	apart   bool    // its peaks hardly ever meet, so that the law, which has them all at once, is above what was seen
	refused bool    // nothing gives back what it keeps, and a day of that at the soak's rate fits no box
	short   string  // --duration with which it is in every test run; "" for make books alone
	known   string  // what is known to be wrong with the row, and why
}

var (
	gthread  = []string{"gunicorn", "--threads", "4", "app:app"}
	preload  = []string{"gunicorn", "--preload", "app:app"}
	holds4MB = map[string]string{"CALIBRATE_HOLD_MB": "4", "CALIBRATE_HOLD_MS": "50"}
)

// Each box is just large enough for what five workers take, or for fewer, so that memory is the bound.
var allBooks = []book{
	{app: "plain", memory: "70M", each: 7.7},
	{app: "child", command: gthread, memory: "800M", each: 343, apart: true},
	{app: "process", memory: "300M", each: 69, apart: true},
	{app: "spawn", memory: "400M", each: 87, apart: true},
	{app: "shared", memory: "500M", each: 8, creeps: 64<<10 + 2.1*1024},
	{app: "shm", memory: "500M", each: 9, creeps: 64<<10 + 0.3*1024},
	{app: "tmpfs", memory: "500M", each: 8, creeps: 64<<10 + 1.5*1024, short: "15s"},
	{app: "left", memory: "500M", each: 8, creeps: 64<<10 + 1.5*1024, refused: true},
	{app: "segment", memory: "270M", each: 48},
	{app: "unmapped", memory: "270M", each: 48, short: "5s"},
	{app: "mlock", memory: "270M", each: 48},
	{app: "mlockfile", memory: "280M", each: 49},
	{app: "sendfile", command: preload, memory: "75M", each: 8},
	{app: "model", command: preload, memory: "165M", each: 5.8},
	{app: "tables", command: preload, memory: "165M", each: 5.8},
	{app: "pool", memory: "300M", each: 54},
	{app: "browser", memory: "490M", each: 92},
	{app: "helper", memory: "345M", each: 62.3},
	{app: "keeper", memory: "400M", each: 14, creeps: 8<<10 + 68},
	{app: "cache", command: gthread, memory: "660M", each: 126, apart: true},
	{app: "step", command: gthread, memory: "145M", each: 24},
	{app: "FastAPI def", command: []string{"uvicorn", "--log-level", "warning", "app:app"}, folder: "asgi", env: holds4MB, path: "/sync", memory: "820M", apart: true},
	{app: "no recycling", command: []string{"python3", "$FIXTURES/books/server.py", "{port}", "{workers}"}, env: map[string]string{"CALIBRATE_KEEP_BYTES": "36864"},
		memory: "2G", creeps: keptBytes(36 << 10), refused: true},
}

// TestBooks runs each app as a user does, holds the law to what the kernel charges a group in which the recommendation
// really runs, and has calibrate prove it. What comes out is the table.
func TestBooks(t *testing.T) {
	if !*books {
		t.Skip("runs for about an hour: make books")
	}
	var all []bookRow
	defer func() { t.Logf("\n%s", booksTable(all)) }()
	for _, b := range allBooks {
		t.Run(strings.ReplaceAll(b.app, " ", "_"), func(t *testing.T) {
			row := b.measure(t, nil, b.longProof(), true)
			all = append(all, row)
			t.Logf("\n%s", booksTable([]bookRow{row}))
			row.check(t)
		})
	}
}

// Two of them in a short run each: files that no process maps, and that grow or not.
func TestE2EBooks(t *testing.T) {
	skipShort(t)
	t.Parallel()
	for _, b := range allBooks {
		if b.short == "" {
			continue
		}
		t.Run(b.app, func(t *testing.T) {
			t.Parallel()
			b.measure(t, []string{"--duration", b.short}, leastProof, false).check(t)
		})
	}
}

// longProof is long enough for workers that creep to be replaced.
func (b book) longProof() time.Duration {
	if b.creeps > 0 {
		return 3 * time.Minute
	}
	return 3 * leastProof
}

// leastProof is enough for every thread to have been busy with all others.
const leastProof = 10 * time.Second

// bookRow is an app, and what was found of it, in bytes.
type bookRow struct {
	book
	calibrate.Result
	code       int // exit code of the run
	law, truth int64
	proof      *calibrate.Proof
}

// measure is calibrate run, what its recommendation really takes where that is asked for, and calibrate prove.
func (b book) measure(t *testing.T, flags []string, proof time.Duration, truth bool) bookRow {
	b.find(t)
	s := start(t, nil, slices.Concat([]string{"run", "--memory", b.memory, "--reserve", "0%"}, b.sameFlags(), flags, []string{"--"}, b.command)...)
	row := bookRow{book: b, code: s.end(t, 5*time.Minute)}
	if row.code != 0 && row.code != int(calibrate.KindInconclusive) && !(b.refused && row.code == int(calibrate.KindNothingFits)) {
		t.Fatalf("run: exit code %d\n%s", row.code, s.stderr.String())
	}
	row.Result = s.result(t)
	logMeasured(t, row.Result)
	rec := row.Recommendation
	if rec.Workers == 0 {
		t.Logf("no recommendation: %s", report.Refusal(row.Result))
		return row
	}
	if b.creeps == 0 && truth {
		row.law = rec.TotalBytes
		row.truth = b.truth(t, rec.Workers, rec.Threads)
	}
	row.proof = b.prove(t, s.dir, proof)
	return row
}

func (b book) prove(t *testing.T, dir string, most time.Duration) *calibrate.Proof {
	s := startIn(t, dir, nil, slices.Concat([]string{"prove", "--json", "--max-time", most.String()}, b.sameFlags())...)
	code := s.end(t, 15*time.Minute)
	var proved calibrate.Result
	if err := json.Unmarshal([]byte(s.stdout.String()), &proved); err != nil || proved.Proof == nil {
		t.Logf("prove: exit code %d, %v\n%s", code, err, s.stderr.String())
		return nil
	}
	t.Logf("prove: exit code %d, %s: %s; %s", code, proved.Proof.Verdict, proved.Proof.Reason, report.Refusal(proved))
	for _, one := range proved.Proof.Trials {
		t.Logf("  %s", trialLine(one))
	}
	return proved.Proof
}

// find makes the app's command one that can be started from anywhere, and completes its environment.
func (b *book) find(t *testing.T) {
	command := b.command
	if command == nil {
		command = []string{"gunicorn", "app:app"}
	}
	command = typed(t, command)
	b.command = append([]string{needServer(t, command[0])}, command[1:]...)
	env := map[string]string{"PYTHONPATH": filepath.Join(fixtures(t), cmp.Or(b.folder, "books")), "CALIBRATE_BOOKS": b.app, "CALIBRATE_BOOKS_DIR": inMemory(t)}
	maps.Copy(env, b.env)
	b.env = env
}

// inMemory is a folder on a tmpfs, for what an app leaves there.
func inMemory(t *testing.T) string {
	folder := filepath.Join("/dev/shm", fmt.Sprintf("calibrate-%d-%s", os.Getpid(), filepath.Base(t.Name())))
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// sameFlags are those that run and prove have alike: a run doesn't keep values of the environment.
func (b book) sameFlags() []string {
	flags := slices.Clone(b.flags)
	for name, value := range b.env {
		flags = append(flags, "--env", name+"="+value)
	}
	if b.path != "" {
		flags = append(flags, "--path", b.path)
	}
	return flags
}

// truth is the most that the kernel charges a group for so many workers under full load, a hundred times a second, and
// the file pages that they map.
func (b book) truth(t *testing.T, workers, threads int) int64 {
	app := startShape(t, server.Spec{Command: b.command, Env: b.env, Path: b.path, Workers: workers, Threads: threads})
	group, why := app.Group()
	if group == "" {
		needGroup(t, why)
	}
	targets, err := loadgen.Paths([]string{cmp.Or(b.path, "/")})
	if err != nil {
		t.Fatal(err)
	}
	var most int64
	loaded, reading := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(reading)
		for {
			most = max(most, heldBy(group))
			select {
			case <-loaded:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	clients := 2 * workers * threads
	if threads == 0 {
		clients = 80 * workers // twice what a pool of 40 threads takes
	}
	_, err = loadgen.New(targets, loadgen.Options{}).Attack(t.Context(), app.Info().URL, calibrate.Pace{Clients: clients, Duration: truthTime}, nil)
	close(loaded)
	<-reading
	files := frames{}
	for _, pid := range app.Tree() {
		err = errors.Join(err, files.add(pid, inSharedMemory...))
	}
	if err != nil {
		t.Fatal(err)
	}
	_, mapped := files.bytes()
	return most + mapped
}

// truthTime is enough for every worker to have answered, and for its requests to have met often.
const truthTime = 10 * time.Second

// inSharedMemory are how /proc/PID/maps names mappings of shared memory, which the kernel counts apart from files.
var inSharedMemory = []string{"/dev/shm/", "/dev/zero (deleted)", "/SYSV", "/memfd:"}

// heldBy is what a group is charged for memory that can't be dropped: anonymous and shared pages, and the kernel's own.
// Linux, Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst.
func heldBy(group string) int64 {
	stat, _ := os.ReadFile(filepath.Join(group, "memory.stat"))
	kernel, err := os.ReadFile(filepath.Join(group, "memory.kmem.usage_in_bytes"))
	held := wholeNumber(string(kernel))
	names := []string{"total_rss", "total_shmem"}
	if err != nil {
		names = []string{"anon", "shmem", "kernel"}
	}
	for line := range strings.Lines(string(stat)) {
		if name, value, _ := strings.Cut(line, " "); slices.Contains(names, name) {
			held += wholeNumber(value)
		}
	}
	return held
}

const (
	booksDoubt = 0.05    // how far a law may be off, and a slope
	booksBytes = 8 << 20 // or so many bytes, whichever is more
)

// check holds what was found to the truth. What is known to be wrong is told, and fails nothing.
func (r bookRow) check(t *testing.T) {
	for _, wrong := range r.wrong() {
		if r.known == "" {
			t.Error(wrong)
			continue
		}
		t.Logf("known (%s): %s", r.known, wrong)
	}
}

func (r bookRow) wrong() (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	switch c := r.Creep; {
	case r.creeps == 0 && c.Verdict == "creeping":
		say("an app that keeps nothing is called creeping")
	case r.creeps > 0 && (c.Verdict != "creeping" || c.BytesPerRequest == nil):
		say("%.0f B a request are called %s", r.creeps, c.Verdict)
	case r.creeps > 0 && math.Abs(*c.BytesPerRequest/r.creeps-1) > booksDoubt:
		say("%.0f B a request, truth %.0f: %s", *c.BytesPerRequest, r.creeps, percentOff(int64(*c.BytesPerRequest), int64(r.creeps)))
	}
	if tooFar(r.law, r.truth) && !(r.apart && r.law > r.truth) {
		say("law %.1f, truth %.1f MB: %s", megabytes(r.law), megabytes(r.truth), percentOff(r.law, r.truth))
	}
	if each := int64(r.each * (1 << 20)); each > 0 {
		if marginal := r.Law.Worker(max(r.Target.Threads, 1)); tooFar(marginal, each) {
			say("one more worker takes %.1f MB, by hand %.1f: %s", megabytes(marginal), r.each, percentOff(marginal, each))
		}
	}
	switch {
	case r.refused:
		if l := r.Recommendation.Sum.Lasting; l == nil || l.RestartSeconds != 86_400 || !r.Recommendation.NothingFits {
			say("%d workers are recommended, of which nothing gives back what they keep: %+v", r.Recommendation.Workers, l)
		}
	case r.Recommendation.Workers == 0:
		say("no recommendation: %s", report.Refusal(r.Result))
	case r.proof == nil:
		say("no proof")
	case r.proof.Trials[0].OOMKills > 0 || r.proof.Trials[0].OverLimit:
		say("proof: %s: %s; %s", r.proof.Verdict, r.proof.Reason, endOfTrial(r.proof.Trials[0]))
	}
	return all
}

func tooFar(found, truth int64) bool {
	return math.Abs(float64(found-truth)) > max(booksDoubt*float64(truth), booksBytes)
}

func booksTable(all []bookRow) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "app\tbox\tverdict\tB a request\ttruth\toff\tsaid\tlaw MB\ttruth MB\toff\tproof\tpeak MB\texpected\tobserved\toff\tkilled\trun\texit\t")
	for _, r := range all {
		slope, creeps := "-", "-"
		if r.Creep.BytesPerRequest != nil {
			slope = fmt.Sprintf("%.0f", *r.Creep.BytesPerRequest)
			if r.creeps > 0 {
				creeps = fmt.Sprintf("%.0f\t%+.1f %%", r.creeps, 100*(*r.Creep.BytesPerRequest/r.creeps-1))
			}
		}
		if creeps == "-" {
			creeps = "-\t-"
		}
		law, proof := "-\t-\t-", "-\t-\t-\t-\t-\t-"
		if r.truth > 0 {
			law = fmt.Sprintf("%.1f\t%.1f\t%s", megabytes(r.law), megabytes(r.truth), percentOff(r.law, r.truth))
		}
		if r.proof != nil {
			one := r.proof.Trials[0]
			proof = fmt.Sprintf("%s\t%.1f\t%.1f\t%.1f\t%+.1f %%\t%d", r.proof.Verdict, megabytes(one.PeakBytes), megabytes(one.ExpectedBytes),
				megabytes(one.ObservedBytes), 100*one.Off(), one.OOMKills)
		}
		rec := r.Recommendation
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%dx%d, %d+%d\t%s\t%s\t%.0f s\t%d\t\n", r.app, r.memory, r.Creep.Verdict, slope, creeps, rec.Workers, rec.Threads,
			rec.MaxRequests, rec.MaxRequestsJitter, law, proof, r.DurationSeconds, r.code)
	}
	w.Flush()
	return b.String()
}
