package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"workermem/calibrate"
	"workermem/calibrate/say/saytest"
)

// A run holds what others wrote: its command, paths, headers and routes, what the app answered and printed. In every format that is
// text and nothing more: the format's reader finds the same things, in the same order, as in a run whose names are tame.

// shownAs is a way to show a run, and what its reader finds in the files that it made, by their paths.
type shownAs struct {
	format string
	args   []string // of calibrate; RUN and OTHER stand for a run with hostile texts and one with tame ones, APP for a text
	file   string   // that is read, in the folder where it runs; "" for what is printed
	env    map[string]string
	found  func(t *testing.T, files []string) map[string]string
}

var (
	asReport  = []string{"report", "RUN"}
	asFleet   = []string{"report", "RUN", "OTHER"}
	asCheck   = []string{"check", "RUN", "--limit", "peak <= 1MB", "--no-ci"}
	asCompare = []string{"compare", "OTHER", "RUN", "--no-ci"}
	asSize    = []string{"size", "RUN", "--memory", "1G"}
	asRuns    = []string{"runs"}
)

// waysToShow are all of a run, and the other pages in the formats that any page has.
func waysToShow(every bool) (all []shownAs) {
	pages := map[string]func(*testing.T, []string) map[string]string{"text": tameLines, "markdown": elementsOfMarkdown, "json": keysOfJSON, "html": elementsOfPages}
	exports := map[string]func(*testing.T, []string) map[string]string{"benchfmt": unitsByBenchstat, "gab": keysOfJSON, "bmf": measuresOfBencher, "openmetrics": samplesOfMetrics, "junit": casesOfJUnit}
	add := func(page []string, format string, found func(*testing.T, []string) map[string]string, more ...string) {
		all = append(all, shownAs{format: page[0] + " " + format, args: slices.Concat(page, []string{"--format", format}, more), found: found})
	}
	for format, found := range pages {
		add(asReport, format, found)
		for _, page := range [][]string{asFleet, asCheck, asCompare, asSize, asRuns} {
			if every && (page[0] != "runs" || format == "json") {
				add(page, format, found)
			}
		}
	}
	for format, found := range exports {
		add(asReport, format, found, "--app", "APP")
		if every {
			add(asCheck, format, found, "--app", "APP")
			add(asCompare, format, found, "--app", "APP")
		}
	}
	add(asReport, "csv", cellsByPandas)
	github := map[string]string{"GITHUB_ACTIONS": "true", summaryVariable: "summary.md"}
	return append(all,
		shownAs{format: "the list of runs", args: asRuns, found: tameLines},
		shownAs{format: "tables", args: slices.Concat(asReport, []string{"--csv", "tables"}), file: "tables/runs.csv", found: cellsByPandas},
		shownAs{format: "table of routes", args: slices.Concat(asReport, []string{"--csv", "tables"}), file: "tables/routes.csv", found: cellsByPandas},
		shownAs{format: "annotations", args: slices.Concat(asCheck[:4], []string{"--format", "github", "--app", "APP"}), env: github, found: annotationsOfGitHub},
		shownAs{format: "a step's summary", args: slices.Concat(asCheck[:4], []string{"--format", "github", "--app", "APP"}), env: github, file: "summary.md", found: elementsOfMarkdown},
		shownAs{format: "GitLab's artifact", args: slices.Concat(asReport, []string{"--format", "gitlab", "--app", "APP"}), file: junitFile, found: casesOfJUnit},
	)
}

// TestE2EHostileNames shows a run of each kind of hostile text, and one with all of them in every way.
func TestE2EHostileNames(t *testing.T) {
	t.Parallel()
	consumer(t, "python")
	runs := map[string]string{"tame": withTexts(t, []string{"tame"})}
	for _, kind := range saytest.Hostile {
		runs[kind.Name] = withTexts(t, kind.Seen())
	}
	for _, way := range waysToShow(false) {
		t.Run(way.format, func(t *testing.T) { way.differ(t, runs) })
	}
	some := map[string]string{"tame": runs["tame"], "all kinds": withTexts(t, saytest.All())}
	for _, way := range waysToShow(true) {
		t.Run("every page/"+way.format, func(t *testing.T) { way.differ(t, some) })
	}
}

// differ fails where something else is found in a run than in the tame one.
func (w shownAs) differ(t *testing.T, runs map[string]string) {
	t.Helper()
	kinds, files := map[string]string{}, []string(nil)
	for kind, dir := range runs {
		file := w.write(t, dir, kind)
		kinds[file], files = kind, append(files, file)
	}
	found := w.found(t, files)
	tame := ""
	for file, kind := range kinds {
		if kind == "tame" {
			tame = found[file]
		}
	}
	for file, kind := range kinds {
		got, same := found[file], found[file] == tame
		if kind == "long" || kind == "empty" || kind == "all kinds" { // what is too long, or empty, may be left out: then there is less
			same = partOf(got, tame)
		}
		if !same {
			t.Errorf("%s: found\n%s\nand in a tame run\n%s", kind, differing(got, tame), differing(tame, got))
		}
	}
}

// partOf says that each line of a text is one of another's.
func partOf(text, other string) bool {
	there := strings.Split(other, "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if !slices.Contains(there, line) {
			return false
		}
	}
	return true
}

// differing is a text from shortly before where it differs from another.
func differing(text, other string) string {
	i := 0
	for i < min(len(text), len(other)) && text[i] == other[i] {
		i++
	}
	return fmt.Sprintf("%.300q", text[max(0, i-100):])
}

// write shows the run in a folder of runs, and returns the path of what was written.
func (w shownAs) write(t *testing.T, runs, kind string) string {
	t.Helper()
	env, stdout, stderr := inCI(t, map[string]string{})
	variables := map[string]string{}
	for name, value := range w.env {
		variables[name] = strings.Replace(value, "summary.md", filepath.Join(env.Dir, "summary.md"), 1)
	}
	env.Getenv = func(name string) string { return variables[name] }
	must(t, os.CopyFS(env.Dir, os.DirFS(runs)))
	args := slices.Clone(w.args)
	for i, arg := range args {
		args[i] = map[string]string{"RUN": badRun, "OTHER": goodRun, "APP": appOf(kind)}[arg]
		if args[i] == "" {
			args[i] = arg
		}
		args[i] = strings.Replace(args[i], "tables", filepath.Join(env.Dir, "tables"), 1)
	}
	code := Main(t.Context(), env, args)
	if steers := strings.IndexFunc(stderr.String(), steers); code == exitUsage || code == exitTool || steers >= 0 {
		t.Fatalf("%s: %q: exit code %d: %q", kind, args, code, stderr)
	}
	if w.file != "" {
		return filepath.Join(env.Dir, w.file)
	}
	file := filepath.Join(env.Dir, "shown")
	must(t, os.WriteFile(file, stdout.Bytes(), 0o600))
	return file
}

// appOf is the app's name where a run of a kind is exported.
func appOf(kind string) string {
	for _, k := range saytest.Hostile {
		if k.Name == kind {
			return strings.Join(k.Texts, " ")
		}
	}
	return "shop"
}

// withTexts is a folder with two runs, one of which has some texts wherever a run has one of others.
func withTexts(t *testing.T, texts []string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, id := range []string{badRun, goodRun} {
		must(t, os.CopyFS(filepath.Join(dir, ".calibrate", "runs", id), os.DirFS(filepath.Join(fixtures(t), "runs", "apart"))))
	}
	bad := filepath.Join(dir, ".calibrate", "runs", badRun)
	m, err := calibrate.LoadFolder(bad)
	must(t, err)
	next := 0
	ofOthers(&m.Result, func() string { next++; return texts[next%len(texts)] })
	text, err := json.Marshal(m.Result)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(bad, calibrate.ResultFile), text, 0o600))
	return dir
}

// ofOthers gives a result each text that may be of others: its server and its phases are calibrate's own words.
func ofOthers(r *calibrate.Result, next func() string) {
	own := *r
	own.Phases, own.Steps = slices.Clone(r.Phases), slices.Clone(r.Steps)
	r.Target.Command, r.Target.Changes = make([]string, 5), make([]string, 2)
	r.Plan.Flags = append(r.Plan.Flags, "", "")
	r.Load.Refusals = []calibrate.Refusal{
		{Kind: calibrate.RefusalElsewhere, Status: 302, Answers: 3, Requests: 100_000, Headers: make([]string, 2)},
		{Kind: calibrate.RefusalMethod, Status: 405, Answers: 2, Requests: 100_000},
	}
	r.Warnings = append(r.Warnings, make([]calibrate.Warning, 3)...)
	setTexts(reflect.ValueOf(r).Elem(), next)
	r.Schema, r.Target.Server, r.Phases, r.Steps = own.Schema, own.Target.Server, own.Phases, own.Steps
	r.Target.Command[0] = "gunicorn"
}

// setTexts sets whatever is a text, and of no kind that calibrate has a list of.
func setTexts(v reflect.Value, next func() string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.CanSet() {
			v.SetString(next())
		}
	case reflect.Pointer:
		if !v.IsNil() {
			setTexts(v.Elem(), next)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			setTexts(v.Field(i), next)
		}
	case reflect.Slice:
		for i := range v.Len() {
			setTexts(v.Index(i), next)
		}
	}
}

// each applies a reader to one file after the other.
func each(find func(t *testing.T, text string) string) func(*testing.T, []string) map[string]string {
	return func(t *testing.T, files []string) map[string]string {
		t.Helper()
		found := map[string]string{}
		for _, file := range files {
			text, err := os.ReadFile(file)
			must(t, err)
			if i := strings.IndexFunc(string(text), steers); i >= 0 {
				t.Errorf("it steers a terminal: %.100q", text[max(0, i-50):])
			}
			found[file] = find(t, string(text))
		}
		return found
	}
}

// obeyed is what a CI's runner obeys in a job's log.
var obeyed = regexp.MustCompile(`(?m)^\s*::[a-z-]+.*::.*$|##\[|##vso\[`)

// tameLines are those of a terminal, of which only what they do is looked at: how many they are depends on the texts' length.
var tameLines = each(func(t *testing.T, text string) string {
	t.Helper()
	if found := obeyed.FindString(text); found != "" {
		t.Errorf("a CI obeys %q", found)
	}
	return ""
})

var annotationsOfGitHub = each(func(_ *testing.T, text string) string {
	var kinds []string
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		kind, _, _ := strings.Cut(line, " title=")
		kinds = append(kinds, kind, strings.Join(obeyed.FindAllString(strings.TrimPrefix(line, kind), -1), ""))
	}
	return strings.Join(kinds, "\n")
})

var keysOfJSON = each(func(t *testing.T, text string) string {
	t.Helper()
	var read any
	must(t, json.Unmarshal([]byte(text), &read))
	return strings.Join(keys(read, nil), "\n")
})

// keys are those of JSON, with how long its lists are.
func keys(v any, found []string) []string {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			found = append(found, name)
		}
		slices.Sort(found[len(found)-len(v):])
		for _, name := range slices.Clone(found[len(found)-len(v):]) {
			found = keys(v[name], found)
		}
	case []any:
		found = append(found, fmt.Sprint(len(v)))
		for _, one := range v {
			found = keys(one, found)
		}
	}
	return found
}

// elementsOfMarkdown are those that GitHub's own parser makes.
func elementsOfMarkdown(t *testing.T, files []string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for file, page := range readBy[map[string]string](t, "markdown", files...) {
		found[file] = elements(t, page)
	}
	return found
}

// elementsOfPages are those of a page for a browser. Read back it is the same page again. What a browser does with it is looked at
// where a browser is: TestE2EHTMLOfHostileNames.
func elementsOfPages(t *testing.T, files []string) map[string]string {
	t.Helper()
	found := each(elements)(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		page := filepath.Join(t.TempDir(), "page.html")
		must(t, os.WriteFile(page, text, 0o600))
		env, stdout, _ := inCI(t, nil)
		if code := Main(t.Context(), env, []string{"report", page, "--format", "html"}); code == 0 && elements(t, stdout.String()) != found[file] {
			t.Error("read back it is another page")
		}
	}
	return found
}

// elements are a page's, with the names of their attributes, and where they lead. GitHub makes a link of each address in a text, which
// is seen as it is. The drawings have leaders where names stand too near to each other. Each command to copy is as many words to a
// shell as it was.
func elements(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	must(t, err)
	var found []string
	for n := range root.Descendants() {
		if n.Type == html.CommentNode {
			found = append(found, "a comment")
		}
		if n.Type != html.ElementNode || seenLink(n) || n.Namespace == "svg" && slices.Contains([]string{"path", "text"}, n.Data) {
			continue
		}
		one := n.Data
		for _, a := range n.Attr {
			one += " " + a.Key
			if a.Key == "src" || a.Key == "href" {
				one += "=" + a.Val
			}
		}
		found = append(found, one)
		if n.Data == "code" && n.FirstChild != nil && n.Parent.Data == "pre" && !slices.Contains(n.Parent.Attr, html.Attribute{Key: "lang", Val: "mermaid"}) {
			found = append(found, wordsByShell(t, n.FirstChild.Data))
		}
	}
	return strings.Join(found, "\n")
}

// seenLink is a link whose text is where it leads.
func seenLink(n *html.Node) bool {
	if n.Data != "a" || n.FirstChild == nil || len(n.Attr) != 1 {
		return false
	}
	to, err := url.PathUnescape(n.Attr[0].Val)
	return err == nil && to == n.FirstChild.Data
}

// wordsByShell is how many words a shell makes of a command.
func wordsByShell(t *testing.T, command string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", "set -- "+strings.TrimSpace(command)+"\necho $#")
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	made, _ := os.ReadDir(cmd.Dir)
	if err != nil || len(made) > 0 {
		t.Errorf("%q: %v, %s: it made %v", command, err, out, made)
	}
	return "of words " + string(out)
}

// cellsByPandas are how many there are, and those of which a spreadsheet would make formulas.
func cellsByPandas(t *testing.T, files []string) map[string]string {
	t.Helper()
	type table struct {
		Columns, Formulas []string
		Rows              int
	}
	found := map[string]string{}
	for file, read := range readBy[map[string]table](t, "table", files...) {
		found[file] = fmt.Sprint(read)
	}
	return found
}

// unitsByBenchstat are those of its tables. What it can't read it complains of.
func unitsByBenchstat(t *testing.T, files []string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range files {
		var complaints bytes.Buffer
		cmd := exec.Command(consumer(t, "benchstat"), "-format", "csv", file)
		cmd.Stderr = &complaints
		out, err := cmd.Output()
		if err != nil || strings.Contains(complaints.String(), "benchfmt:") {
			t.Errorf("%v: %s", err, complaints.String())
		}
		var units []string
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, ",") && !strings.HasPrefix(line, ",/") {
				units = append(units, strings.TrimSpace(line))
			}
		}
		found[file] = strings.Join(units, "\n")
	}
	return found
}

func measuresOfBencher(t *testing.T, files []string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for file, apps := range readBy[map[string]map[string]map[string]any](t, "valid", slices.Concat([]string{filepath.Join(fixtures(t), "consumers", "bmf.json")}, files)...) {
		for _, measures := range apps {
			found[file] += strings.Join(keys(measures, nil), "\n")
		}
	}
	return found
}

func samplesOfMetrics(t *testing.T, files []string) map[string]string {
	t.Helper()
	type sample struct {
		Name, Type, Unit, Help string
		Labels                 map[string]string
	}
	found := map[string]string{}
	for file, samples := range readBy[map[string][]sample](t, "openmetrics", files...) {
		for _, s := range samples {
			found[file] += fmt.Sprintln(s.Name, s.Type, s.Unit, s.Help, len(s.Labels))
		}
	}
	return found
}

func casesOfJUnit(t *testing.T, files []string) map[string]string {
	t.Helper()
	type junitCase struct{ Results []struct{ Kind, Type string } }
	found := map[string]string{}
	for file, cases := range readBy[map[string][]junitCase](t, "junit", files...) {
		found[file] = fmt.Sprint(cases)
	}
	return found
}

// TestE2EHostileApp measures an app that is given hostile words, paths and headers, answers with such texts and prints them. What the
// user reads steers nothing and nobody obeys it; what is kept can be shown in every format, as any run can.
func TestE2EHostileApp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	texts, targets := filepath.Join(dir, "texts.json"), filepath.Join(dir, "targets.txt")
	words, header, paths := []string(nil), "", "GET /\n"
	for _, text := range saytest.All() {
		if text = strings.ReplaceAll(text, "\x00", ""); len(text) > 1000 {
			continue
		}
		words = append(words, strings.NewReplacer("{", "{{", "}", "}}").Replace(text)) // no placeholders
		if line := strings.Join(strings.FieldsFunc(text, unicode.IsControl), ""); utf8.ValidString(line) {
			header += line
			paths += "\nGET /" + url.PathEscape(line) + "\n"
			if path := "/" + strings.NewReplacer("#", "", "%", "", "?", "").Replace(line); !strings.ContainsFunc(path, unicode.IsSpace) && !strings.Contains(path, "@") {
				paths += "\nGET " + path + "\n"
			}
		}
	}
	all, err := json.Marshal(slices.Concat([]string{"ready"}, words))
	must(t, err)
	must(t, os.WriteFile(texts, all, 0o600))
	must(t, os.WriteFile(targets, []byte(paths), 0o600))

	run := []string{"run", "--quick", "--max-soak", "2s", "--rate", "50", "--targets", targets, "-H", "X-Hostile: " + header, "--env", "RAW_TEXTS=" + texts, "--"}
	s := start(t, nil, slices.Concat(run, typed(t, []string{"python", "$FIXTURES/raw.py", "{port}", "127.0.0.1"}), words)...)
	if code := s.end(t, time.Minute); code != 0 && code != 4 {
		t.Errorf("exit code %d\n%s", code, s.stderr.String())
	}
	tameOutput(t, s)
	kept := t.TempDir()
	must(t, os.CopyFS(filepath.Join(kept, ".calibrate", "runs", badRun), os.DirFS(filepath.Join(s.dir, ".calibrate", "runs", latestLink))))
	must(t, os.CopyFS(filepath.Join(kept, ".calibrate", "runs", goodRun), os.DirFS(filepath.Join(fixtures(t), "runs", "apart"))))
	for _, way := range waysToShow(true) {
		if way.args[0] != "size" { // so short a run may be too little to size by
			t.Run(way.format, func(t *testing.T) { way.differ(t, map[string]string{"tame": kept}) })
		}
	}

	check := []string{"check", "--limit", "peak <= 1MB", "--", "sh", "-c", `cat "$1"; exit 3`, "{port}", texts}
	failed := start(t, []string{"GITHUB_ACTIONS=true", summaryVariable + "=" + filepath.Join(dir, "summary.md")}, check...)
	if code := failed.end(t, time.Minute); code != 3 {
		t.Errorf("exit code %d\n%s", code, failed.stderr.String())
	}
	tameOutput(t, failed)
	elementsOfMarkdown(t, []string{filepath.Join(dir, "summary.md")})
}

// tameOutput is one in which nothing steers a terminal, and of which a CI obeys calibrate's own annotation alone.
func tameOutput(t *testing.T, s *session) {
	t.Helper()
	said := s.stdout.String() + s.stderr.String()
	if i := strings.IndexFunc(said, steers); i >= 0 {
		t.Errorf("it steers a terminal: %q", said[max(0, i-100):min(len(said), i+100)])
	}
	for _, line := range obeyed.FindAllString(said, -1) {
		if !strings.HasPrefix(line, "::error title=calibrate ") {
			t.Errorf("a CI obeys %q", line)
		}
	}
}
