package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A panic is one message, exit code 1, and a file that says where it was; no secret of the command line is in either.
func TestACrashIsOneMessageAndAFile(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	var said bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &said, Stderr: &said, Dir: t.TempDir(), Width: func() int { return 80 }, Getenv: func(string) string { panic("index out of range\ntoken=hunter2") }}
	code := Main(t.Context(), env, []string{"run", "--header-env", "Authorization=SECRET", "--", "gunicorn", "--token=hunter2", "app:app"})
	files, _ := filepath.Glob(filepath.Join(folder, "calibrate-crash-*.txt"))
	if code != exitTool || len(files) != 1 || !strings.HasPrefix(said.String(), "error: a fault in calibrate itself: index out of range\n") || strings.Count(said.String(), "\n") > 4 {
		t.Fatalf("exit code %d, %d files\n%s", code, len(files), said.String())
	}
	text, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(text), "crash_test.go") || !strings.Contains(string(text), "command: run --header-env") {
		t.Errorf("%v\n%s", err, text)
	}
	if strings.Contains(said.String()+string(text), "hunter2") {
		t.Error("it tells the secret")
	}
}

// What Go's runtime writes as it gives up is one message and a file, too; nothing is said of a process that has ended in another way.
func TestAFatalErrorIsOneMessageAndAFile(t *testing.T) {
	t.Cleanup(func() { signal.Reset() })
	for trace, want := range map[string]int{"": 0, "a word of another's\n": 0, "runtime: cannot allocate\nfatal error: out of memory\n\ngoroutine 1 [running]:\nmain.main()\n": exitTool} {
		folder := t.TempDir()
		t.Setenv("TMPDIR", folder)
		env, stdout, stderr := testEnv(t, nil)
		env.Stdin = strings.NewReader(trace)
		code := Main(t.Context(), env, []string{crashCommand, "run", "--header", "..."})
		files, _ := filepath.Glob(filepath.Join(folder, "calibrate-crash-*.txt"))
		said := stderr.String()
		if code != want || len(files) != want || stdout.String() != "" || strings.HasPrefix(said, "error: a fault in calibrate itself: fatal error: out of memory\n") != (want != 0) || strings.Contains(said, "goroutine") {
			t.Fatalf("%q: exit code %d, %d files\n%s", trace, code, len(files), said)
		}
		for _, file := range files {
			if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), "command: run --header") || !strings.HasSuffix(string(text), trace) {
				t.Errorf("%v\n%s", err, text)
			}
		}
	}
}

var goroutine = regexp.MustCompile(`(?:\bgo |\.Go\()func\(\) \{.*\n.*`)

// A panic in a goroutine that doesn't defer calibrate.Caught is hundreds of lines on the terminal, and an exit code of Go's.
func TestGoroutinesAreCaught(t *testing.T) {
	others := []string{"guard.go", "demomaster_linux.go", "demoworker_linux.go", "main.go"} // other processes, and the one that waits for signals
	found := 0
	root := filepath.Join("..", "..")
	for _, folder := range []string{"calibrate", "cmd", "loadgen", "report", "sampler"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || slices.Contains(others, filepath.Base(path)) {
				return err
			}
			text, err := os.ReadFile(path)
			for _, begin := range goroutine.FindAllString(string(text), -1) {
				if found++; !strings.Contains(begin, "Caught()") {
					t.Errorf("%s: %s", path, begin)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 10 {
		t.Errorf("only %d goroutines were found", found)
	}
}
