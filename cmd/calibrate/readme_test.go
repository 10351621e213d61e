package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"workermem/calibrate/server"
	"workermem/cmd/calibrate/config"
)

// documents are the texts that people read: their paths from the root, and what they say.
func documents(t *testing.T) map[string]string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join("guide", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("the manual has no pages (%v)", err)
	}
	all := map[string]string{}
	for _, path := range append(pages, filepath.Join("..", "..", "README.md"), filepath.Join("..", "..", "CONTRIBUTING.md"), filepath.Join("..", "..", "CHANGELOG.md")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = string(text)
	}
	return all
}

// block is what a document shows between ``` lines.
type block struct {
	path, language, text string
}

func blocks(t *testing.T) []block {
	t.Helper()
	var all []block
	for path, text := range documents(t) {
		for _, found := range regexp.MustCompile("(?ms)^ *```([a-z]*)\n(.*?)^ *```$").FindAllStringSubmatch(text, -1) {
			all = append(all, block{path, found[1], found[2]})
		}
	}
	return all
}

// example is one command of a session and the output shown below it.
type example struct {
	path, command string
	output        []string
}

// sessions are the console blocks: lines with $ are commands, the rest is what they print.
func sessions(t *testing.T) []example {
	t.Helper()
	var all []example
	for _, b := range blocks(t) {
		if b.language != "console" {
			continue
		}
		for line := range strings.SplitSeq(strings.TrimRight(b.text, "\n"), "\n") {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				all = append(all, example{path: b.path, command: command})
			} else if len(all) > 0 {
				last := &all[len(all)-1]
				last.output = append(last.output, line)
			}
		}
	}
	return all
}

// measures says whether a command starts a server, so that its figures differ from run to run.
func (e example) measures() bool {
	return !strings.HasPrefix(e.command, "calibrate size ") && !strings.HasPrefix(e.command, "calibrate guide")
}

// The sessions that measure are run as they stand, in the folder of the bookshop. Figures differ from run to run, so a
// line is held to its words: those without a digit must be printed again. What they say of the cores is said of a quiet
// machine, so they run alone, and once more where the first run says itself that others were busy.
func TestReadmeSessions(t *testing.T) {
	skipShort(t)
	needServer(t, "gunicorn")
	bin := buildCalibrate(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(fixtures(t), "bookshop"))); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, e := range sessions(t) {
		if !e.measures() {
			continue
		}
		ran++
		printed := e.run(t, dir, bin)
		missing := e.missing(printed)
		if len(missing) > 0 && disturbed(printed) {
			printed = e.run(t, dir, bin)
			missing = e.missing(printed)
		}
		switch {
		case len(missing) == 0:
		case disturbed(printed):
			t.Logf("%s: $ %s\nothers kept the cores busy twice, so this says nothing of %q", e.path, e.command, missing)
		default:
			t.Errorf("%s: $ %s\nno longer prints %q but:\n%s", e.path, e.command, missing, printed)
		}
	}
	if ran == 0 {
		t.Fatal("no document shows a session")
	}
}

// run is what the example's command prints in that folder, with calibrate from bin.
func (e example) run(t *testing.T, dir, bin string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", e.command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+venvBin(t)+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: $ %s\n%v\n%s", e.path, e.command, err, out)
	}
	return string(out)
}

// missing are the lines without a digit that the document shows and the command didn't print. A plot's axis is as its figures are.
func (e example) missing(out string) []string {
	printed := squeezed(out)
	return slices.DeleteFunc(slices.Clone(e.output), func(line string) bool {
		return line == "..." || strings.ContainsAny(line, "0123456789") || strings.Contains(line, "+--") || strings.Contains(printed, squeezed(line))
	})
}

// disturbed says that a run found the cores busy with other programs.
func disturbed(out string) bool { return strings.Contains(out, "cpu-busy:") }

// squeezed has the words of a text alone: a table's columns are as wide as its figures.
func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

// The sessions that start nothing print what they show, to the letter; "..." stands for any lines.
func TestGuideSessions(t *testing.T) {
	ran := 0
	for _, e := range sessions(t) {
		if e.measures() {
			continue
		}
		ran++
		var stdout, stderr bytes.Buffer
		env := Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Dir: t.TempDir(), Width: func() int { return 0 }, Getenv: func(string) string { return "" }}
		code := Main(t.Context(), env, strings.Fields(e.command)[1:])
		rest := stdout.String()
		for part := range strings.SplitSeq(strings.Join(e.output, "\n"), "...\n") {
			at := strings.Index(rest, strings.TrimSuffix(part, "..."))
			if at < 0 {
				t.Errorf("%s: $ %s (exit code %d)\nno longer prints\n%s\nbut\n%s%s", e.path, e.command, code, part, stdout.String(), stderr.String())
				break
			}
			rest = rest[at+len(strings.TrimSuffix(part, "...")):]
		}
	}
	if ran == 0 {
		t.Fatal("the manual shows no session that starts nothing")
	}
}

// calls finds the command lines of calibrate in a block, behind a prompt, a pipe or CI's run:.
var calls = regexp.MustCompile(`(?m)(?:^ *(?:\$ )?|\| |run: )calibrate ((?:'[^'\n]*'|[^|>#\n'])*)`)

// Every example of a command line is one that calibrate takes: the command, its flags and their values.
func TestGuideExamples(t *testing.T) {
	seen := 0
	for _, b := range blocks(t) {
		if b.language != "sh" && b.language != "console" && b.language != "yaml" {
			continue
		}
		for _, call := range calls.FindAllStringSubmatch(strings.ReplaceAll(b.text, "\\\n", " "), -1) {
			seen++
			if err := parses(shellWords(call[1])); err != nil {
				t.Errorf("%s: calibrate %s\n%v", b.path, call[1], err)
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d examples found in the documents", seen)
	}
}

// shellWords are the words of a command line, in which single quotes alone hold spaces.
func shellWords(line string) (words []string) {
	for _, word := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1) {
		words = append(words, strings.Trim(word, "'"))
	}
	return words
}

// parses reads a command line as the program would, and runs nothing.
func parses(args []string) error {
	root := newRootCmd(Env{Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }})
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	var wrong error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if value, waits := f.Value.(noted); waits {
			wrong = value.all.err("")
		}
	})
	return cmp.Or(wrong, cmd.ValidateArgs(cmd.Flags().Args()))
}

func TestGuideExamplesCanFail(t *testing.T) {
	for _, line := range []string{"runn -- true", "run --no-such -- true", "run --memory 2X -- true", "size --cpus x", "guide a b", "report --markdwon"} {
		if parses(strings.Fields(line)) == nil {
			t.Errorf("calibrate %s: taken for a good example", line)
		}
	}
}

// A stranger reads the README to its end.
func TestReadmeIsShort(t *testing.T) {
	const most = 175
	if lines := strings.Count(documents(t)[filepath.Join("..", "..", "README.md")], "\n"); lines > most {
		t.Errorf("the README has %d lines: at most %d", lines, most)
	}
}

var relativeLink = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)

// Every link into the repository leads to a file.
func TestReadmeLinks(t *testing.T) {
	for path, text := range documents(t) {
		for _, link := range relativeLink.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), link[1])); err != nil {
				t.Errorf("%s links to %s: %v", path, link[1], err)
			}
		}
	}
}

var makeCall = regexp.MustCompile("(?m)(?:`|^ *)make ([a-z][a-z0-9-]*)")

// Every target of make that a document names is in the Makefile.
func TestReadmeMakeTargets(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for path, text := range documents(t) {
		for _, call := range makeCall.FindAllStringSubmatch(text, -1) {
			seen++
			if !regexp.MustCompile(`(?m)^` + call[1] + `:`).Match(makefile) {
				t.Errorf("%s names make %s, which isn't in the Makefile", path, call[1])
			}
		}
	}
	if seen == 0 {
		t.Error("no document names a target of make")
	}
}

// Every page is listed, has a title and a line that says what is in it, is linked from the README, and fits a terminal.
func TestGuidePages(t *testing.T) {
	readme := documents(t)[filepath.Join("..", "..", "README.md")]
	for path, text := range documents(t) {
		name, isPage := strings.CutSuffix(filepath.Base(path), ".md")
		if !isPage || filepath.Dir(path) != "guide" {
			continue
		}
		if !slices.Contains(guidePages, name) {
			t.Errorf("%s is not in guidePages", path)
		}
		if !strings.HasPrefix(text, "# ") || !regexp.MustCompile(`^[A-Z].*\.$`).MatchString(pageSummary(text)) {
			t.Errorf("%s: wants a title, and below it a sentence of one line, not %q", path, pageSummary(text))
		}
		if !strings.Contains(readme, "(cmd/calibrate/"+filepath.ToSlash(path)+")") {
			t.Errorf("the README has no link to %s", path)
		}
		for line := range strings.SplitSeq(text, "\n") {
			if len([]rune(line)) > 80 {
				t.Errorf("%s: a line is wider than a terminal: %s", path, line)
			}
		}
	}
	for _, name := range guidePages {
		if _, err := guidePage(name); err != nil {
			t.Error(err)
		}
	}
}

// The proof that the manual shows is a recorded one, in the words of today's report.
func TestGuideProof(t *testing.T) {
	page, err := guidePage("prove")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile(filepath.Join("..", "..", "report", "testdata", "proof-alone-short.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page, "```text\n"+strings.TrimRight(string(golden), "\n")+"\n```") {
		t.Errorf("guide/prove.md doesn't show report/testdata/proof-alone-short.txt, which is:\n%s", golden)
	}
}

// The files that the manual shows are ones that calibrate reads, and what it shows of a broken one is what is said of it.
func TestGuideConfig(t *testing.T) {
	page, err := guidePage("config")
	if err != nil {
		t.Fatal(err)
	}
	said, err := os.ReadFile(filepath.Join("testdata", "config", "unknown.golden"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, b := range blocks(t) {
		switch {
		case strings.HasPrefix(b.text, "# calibrate.yaml\n"):
			seen++
			if _, wrong := config.Parse(config.Name, []byte(b.text), configKeys()); len(wrong) > 0 {
				t.Errorf("%s: %+v\n%s", b.path, wrong, b.text)
			}
		case strings.HasPrefix(b.text, "error: calibrate.yaml"):
			seen++
			if !strings.HasPrefix(string(said), b.text) {
				t.Errorf("%s shows\n%s\nbut said is\n%s", b.path, b.text, said)
			}
		}
	}
	if seen < 3 {
		t.Errorf("%d blocks were tried", seen)
	}
	for _, k := range configKeys() {
		if k.Section != "" && !strings.Contains(page, "`"+k.Section+"`") {
			t.Errorf("the page doesn't name the section %s", k.Section)
		}
	}
}

// anyCommand is the name of what is no known server.
const anyCommand = "command"

// The table of servers in the manual is that of the code.
func TestGuideServers(t *testing.T) {
	page, err := guidePage("servers")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for line := range strings.SplitSeq(page, "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 && !strings.HasPrefix(cells[1], "--") {
			listed = append(listed, strings.TrimSpace(cells[1]))
		}
	}
	want := []string{"server"} // the head of the table
	for _, known := range server.Known() {
		if known.Name != anyCommand {
			want = append(want, known.Name)
		}
	}
	slices.Sort(listed)
	slices.Sort(want)
	want = slices.Compact(want) // Puma has two fronts of one name
	if !slices.Equal(listed, want) {
		t.Errorf("the page lists %q, the code knows %q", listed, want)
	}
}

// The adapter that CONTRIBUTING.md shows is one, and its test passes with it on the list. No file is written among the others.
// Vet is off: it goes into the folder of each package, and that of the new one isn't there.
func TestReadmeAdapter(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(root, "calibrate", "server")
	list, err := os.ReadFile(filepath.Join(folder, "servers.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{filepath.Join(folder, "servers.go"): listedToo(t, string(list))}
	for _, b := range blocks(t) {
		switch {
		case b.language != "go":
		case strings.Contains(b.text, "\npackage tiny\n"):
			files[filepath.Join(folder, "tiny", "tiny.go")] = b.text
		default:
			files[filepath.Join(folder, "tiny_test.go")] = b.text
		}
	}
	if len(files) != 3 {
		t.Fatalf("not an adapter, its test and the list: %d files", len(files))
	}
	cmd := exec.Command("go", "test", "-short", "-vet=off", "-overlay", overlay(t, files), "-run", "TestTiny", "-v", "./calibrate/server")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestTinyMeasured") {
		t.Errorf("%v\n%s", err, out)
	}
}

// listedToo is the list of servers with tiny in it.
func listedToo(t *testing.T, list string) string {
	t.Helper()
	text := strings.Replace(list, "import (", "import (\n\t\"workermem/calibrate/server/tiny\"", 1)
	text = strings.Replace(text, "[]known.Server{", "[]known.Server{\n\ttiny.Server{},", 1)
	if strings.Count(text, "tiny") != 2 {
		t.Fatal("the list of servers looks otherwise now")
	}
	return text
}

// overlay is a file that has Go see these files, each by its path, without their being there.
func overlay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for path, text := range files {
		replace[path] = filepath.Join(dir, strconv.Itoa(len(replace))+".go")
		if err := os.WriteFile(replace[path], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func buildCalibrate(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin+string(filepath.Separator), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}
