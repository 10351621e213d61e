package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
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
)

// The most that an answer about a planted fault may take. The time is that of the processor: others may be using this machine.
const (
	mostPeakKB  = 100 << 10
	mostCPUTime = time.Second
	mostWait    = 20 * time.Second
)

// planted is a fault in a saved run, which may be anybody's.
type planted struct {
	name  string
	plant func(t *testing.T, run string)
	says  string // of it by `report`; "" if the run can still be read
}

const reset = "\x1b[2J\x1b]0;owned\x07\nsecond line\u009b2J\u202e"

// plantedFaults are made when they are asked for: the calibrate that is measured is this binary, too.
func plantedFaults() []planted {
	return []planted{
		// What stands in place of the result.
		{"a pipe", in("result.json", pipe), "not a regular file"},
		{"a link to an endless device", in("result.json", linkTo("/dev/zero")), "is a link"},
		{"a link to another's file", in("result.json", linkTo("/etc/passwd")), "is a link"},
		{"a link to itself", in("result.json", linkTo("result.json")), "is a link"},
		{"a folder", in("result.json", func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }), "not a regular file"},
		{"a socket", in("result.json", socket), "not a regular file"},
		{"nothing", in("result.json", func(*testing.T, string) {}), "no such file"},
		{"an empty file", in("result.json", text("")), "not a result"},
		{"a file of a terabyte", in("result.json", sparse(1<<40)), "larger than 8"},
		{"binary", in("result.json", text(strings.Repeat("\x00\xff\x1b[2J", 1000))), "not a result"},

		// What stands in the result.
		{"brackets without end", in("result.json", text(strings.Repeat("[", 2<<20-1))), "not a result"},
		{"megabytes", set(`"phases"`, "["+strings.Repeat("{},", 2<<20)+"{}]"), "it has 6"},
		{"hundreds of thousands of objects", set(`"phases"`, "["+strings.Repeat("{},", 1<<19)+"{}]"), "objects"},
		{"hundreds of thousands of values", set(`"formulas"`, "["+strings.Repeat("0,", 1<<19)+"0]"), "values"},
		{"thousands of warnings", change("", "warnings", slices.Repeat([]any{map[string]any{"code": "w", "text": strings.Repeat("`", 200), "try": "x"}}, 2000)), ""},
		{"a text of megabytes", set(`"id"`, `"`+strings.Repeat("x", 3<<19)+`"`), "a text of more than 1"},
		{"a text of escapes", set(`"schema"`, `"\u001b]0;owned\u0007\n"`), "has schema"},
		{"a number beyond all", set(`"duration_seconds"`, "1e999"), "not a result"},
		{"a reserve of ten times the memory", change("plan", "reserve_ratio", 10), "plan.reserve_ratio is 10"},
		{"a thousand million workers", change("recommendation", "workers", 1e9), "recommendation.workers"},
		{"memory below zero", change("law", "worker_bytes", -1e9), "law.worker_bytes"},
		{"workers that may never be enough", change("plan", "min_workers", 1e18), "plan.min_workers"},
		{"a command that steers the terminal", change("target", "command", []string{"gunicorn", reset, "app:app"}), ""},
		{"a command of hundreds of KB", change("target", "command", []string{"gunicorn", strings.Repeat("x", 1<<18), strings.Repeat("\x01", 1<<16), strings.Repeat("`", 1<<16)}), ""},
		{"an id that steers the terminal", change("", "id", reset), ""},
		{"a warning that steers the terminal", change("", "warnings", []any{map[string]any{"code": reset, "text": reset, "try": reset}}), ""},
		{"a version that steers the terminal", change("target", "server_version", reset), ""},

		// The journals.
		{"a journal that is a pipe", in("samples.jsonl", pipe), "not a regular file"},
		{"a journal that is an endless device", in("load.jsonl", linkTo("/dev/zero")), "is a link"},
		{"a journal of a terabyte", in("samples.jsonl", sparse(1<<40)), ""},
		{"a journal of one line", in("samples.jsonl", text(strings.Repeat("x", 64<<20))), ""},
		{"a journal of bad lines", in("samples.jsonl", text(strings.Repeat("{}\n", 4<<20))), ""},
		{"a journal that goes back in time", in("samples.jsonl", text(strings.Repeat(`{"t":2,"phase":"soak"}`+"\n"+`{"t":1,"phase":"soak"}`+"\n", 1<<18))), ""},
		{"a packed journal of a gigabyte of nothing", in("samples.jsonl.gz", bomb(strings.Repeat("\x00", 1<<20))), ""},
		{"a packed journal of a gigabyte of lines", in("samples.jsonl.gz", bomb(strings.Repeat(`{"t":1,"phase":"soak","gen":1}`+"\n", 1<<15))), ""},
		{"a packed journal with a flipped byte", flipped("samples.jsonl.gz"), ""},
		{"a packed journal that is not packed at all", in("samples.jsonl.gz", text(strings.Repeat(`{"t":1,"phase":"soak"}`+"\n", 1000))), ""},
		{"a packed journal that is a pipe", in("load.jsonl.gz", pipe), "not a regular file"},
		{"buckets of errors below zero", in("load.jsonl", text(strings.Repeat(`{"t":1,"phase":"soak","requests":1,"errors":{"timeout":-9}}`+"\n", 10))), ""},

		// The folder.
		{"a folder that is a link", func(t *testing.T, run string) { must(t, os.RemoveAll(run)); linkTo("/")(t, run) }, "no such file"},
		{"a name that steers the terminal", func(t *testing.T, run string) { must(t, os.Rename(run, run+reset)) }, ""}, // its beginning is enough
		{"a latest that is a pipe", func(t *testing.T, run string) { pipe(t, filepath.Join(filepath.Dir(run), latestLink)) }, ""},
		{"a latest that points to itself", func(t *testing.T, run string) { linkTo(latestLink)(t, filepath.Join(filepath.Dir(run), latestLink)) }, ""},
	}
}

// A saved run is hostile input: whatever is in its folder, each command that reads it answers soon, in little memory and without
// steering the terminal, and the list of the runs still has the others.
func TestE2EPlantedFaults(t *testing.T) {
	skipShort(t)
	all := plantedFaults()
	if len(all) < 30 {
		t.Fatalf("%d faults", len(all))
	}
	for _, fault := range all {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			runs := filepath.Join(dir, ".calibrate", "runs")
			for id, of := range map[string]string{badRun: "creeping", goodRun: "flat"} {
				must(t, os.CopyFS(filepath.Join(runs, id), os.DirFS(filepath.Join(fixtures(t), "runs", of))))
			}
			fault.plant(t, filepath.Join(runs, badRun))
			list := askedOf(t, dir, "runs")
			if list.code != 0 || !regexp.MustCompile(`(?m)^ *`+goodRun+` +whole`).MatchString(list.out) {
				t.Errorf("the list is spoiled: exit code %d\n%s", list.code, list.out)
			}
			askedOf(t, dir, "runs", "--json")
			report := askedOf(t, dir, "report", badRun)
			if refused := fault.says != ""; (report.code == exitUsage) != refused || !strings.Contains(strings.Join(strings.Fields(report.err), " "), fault.says) {
				t.Errorf("exit code %d, and not %q:\n%s", report.code, fault.says, report.err)
			}
			for _, args := range [][]string{{"report", badRun, "--json"}, {"report", badRun, "--markdown"}, {"size", badRun, "--memory", "1G"}, {"check", badRun, "--limit", "peak <= 1G"},
				{"check", "--limit", "peak <= 1G"}, {"emit", badRun}, {"compare", goodRun, badRun}} {
				askedOf(t, dir, args...)
			}
			if askedOf(t, dir, "prove", badRun).code == 0 {
				t.Error("it was run")
			}
		})
	}
}

const badRun, goodRun = "20261121-093000-0bad", "20261121-093000-900d"

type answer struct {
	out, err string
	code     int
}

// askedOf runs calibrate, and holds what it takes and writes to what is bearable.
func askedOf(t *testing.T, dir string, args ...string) answer {
	t.Helper()
	what := strings.Join(args, " ")
	peak := filepath.Join(t.TempDir(), "status")
	var out, trouble bytes.Buffer
	cmd := exec.Command("calibrate", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &trouble
	cmd.Env = append(os.Environ(), peakVariable+"="+peak)
	must(t, cmd.Start())
	timer := time.AfterFunc(mostWait, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	var exit *exec.ExitError
	if !timer.Stop() || err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: not answered in %s: %v", what, mostWait, err)
	}
	if used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); used > mostCPUTime {
		t.Errorf("%s: %s of the processor", what, used)
	}
	if kb := peakOf(t, peak); kb > mostPeakKB {
		t.Errorf("%s: %d KB of memory", what, kb)
	}
	for _, said := range []string{out.String(), trouble.String()} {
		if i := strings.IndexFunc(said, steers); i >= 0 {
			t.Errorf("%s: steers the terminal: %q", what, said[max(0, i-100):min(len(said), i+100)])
		}
		if len(said) > 1<<20 {
			t.Errorf("%s: writes %d bytes", what, len(said))
		}
	}
	return answer{out.String(), trouble.String(), cmd.ProcessState.ExitCode()}
}

func steers(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\u202e'
}

var peakLine = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

func peakOf(t *testing.T, status string) int {
	t.Helper()
	said, err := os.ReadFile(status)
	must(t, err)
	kb, err := strconv.Atoi(string(slices.Concat(peakLine.FindSubmatch(said)[1])))
	must(t, err)
	return kb
}

// in puts something in place of one of the run's files.
func in(name string, put func(t *testing.T, path string)) func(*testing.T, string) {
	return func(t *testing.T, run string) {
		t.Helper()
		path := filepath.Join(run, name)
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if plain, packed := strings.CutSuffix(path, ".gz"); packed {
			_ = os.Remove(plain)
		}
		put(t, path)
	}
}

func pipe(t *testing.T, path string) { must(t, syscall.Mkfifo(path, 0o600)) }

func socket(t *testing.T, path string) { must(t, syscall.Mknod(path, syscall.S_IFSOCK|0o600, 0)) }

func linkTo(what string) func(*testing.T, string) {
	return func(t *testing.T, path string) { t.Helper(); must(t, os.Symlink(what, path)) }
}

func text(of string) func(*testing.T, string) {
	return func(t *testing.T, path string) { t.Helper(); must(t, os.WriteFile(path, []byte(of), 0o600)) }
}

func sparse(size int64) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		text("")(t, path)
		must(t, os.Truncate(path, size))
	}
}

// flipped changes a byte in the middle of a file.
func flipped(name string) func(*testing.T, string) {
	return func(t *testing.T, run string) {
		t.Helper()
		path := filepath.Join(run, name)
		have, err := os.ReadFile(path)
		must(t, err)
		have[len(have)/2] ^= 0xff
		must(t, os.WriteFile(path, have, 0o600))
	}
}

// bomb packs a text a thousand times.
func bomb(of string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err := io.WriteString(w, of)
		must(t, errors.Join(err, w.Close()))
		must(t, os.WriteFile(path, bytes.Repeat(packed.Bytes(), 1000), 0o600))
	}
}

// set puts another value of a key into the text of the result.
func set(key, value string) func(*testing.T, string) {
	return func(t *testing.T, run string) {
		t.Helper()
		path := filepath.Join(run, "result.json")
		have, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(path, slices.Concat([]byte("{"+key+":"+value+","), regexp.MustCompile(`(?m)^  `+key+`: "[^"]*",$`).ReplaceAll(have[1:], nil)), 0o600))
	}
}

// change sets a value of one of the result's parts, or of itself.
func change(part, key string, value any) func(*testing.T, string) {
	return func(t *testing.T, run string) {
		t.Helper()
		path := filepath.Join(run, "result.json")
		have, err := os.ReadFile(path)
		must(t, err)
		var result map[string]any
		must(t, json.Unmarshal(have, &result))
		of := result
		if part != "" {
			of = result[part].(map[string]any)
		}
		of[key] = value
		have, err = json.Marshal(result)
		must(t, err)
		must(t, os.WriteFile(path, have, 0o600))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
