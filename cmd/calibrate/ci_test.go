package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/server"
	"workermem/report"
)

// inCI is an environment with these variables, and what is printed there.
func inCI(t *testing.T, variables map[string]string) (env Env, stdout, stderr *bytes.Buffer) {
	t.Helper()
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return Env{Stdout: stdout, Stderr: stderr, Dir: t.TempDir(), Getenv: func(name string) string { return variables[name] }}, stdout, stderr
}

func recordedRun(t *testing.T, name string) report.Document {
	t.Helper()
	r, err := loadRun(Env{}, filepath.Join(fixtures(t), "runs", name))
	if err != nil {
		t.Fatal(err)
	}
	return report.Run(r, server.Known())
}

// In GitHub's CI the annotations go to the log and the page to the summary, after what others wrote there; stdout stays the result's.
func TestToldToGitHub(t *testing.T) {
	summary := filepath.Join(t.TempDir(), "summary.md")
	if err := os.WriteFile(summary, []byte("from another tool\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	env, stdout, stderr := inCI(t, map[string]string{"GITHUB_ACTIONS": "true", summaryVariable: summary})
	(&ciFlags{}).tell(env, &formatFlag{app: "shop"}, recordedRun(t, "nothing-fits"))
	page, _ := os.ReadFile(summary)
	if !strings.HasPrefix(string(page), "from another tool\n# Workers and memory") || !strings.Contains(string(page), "NOTHING FITS") {
		t.Errorf("%s", page)
	}
	if !strings.HasPrefix(stderr.String(), "::error title=calibrate shop%3A the run::needs 102 MB") || !strings.Contains(stderr.String(), "added to the step's summary") || stdout.Len() > 0 {
		t.Errorf("stderr %s\nstdout %s", stderr, stdout)
	}
}

// In GitLab's CI both artifacts are in the project, whatever folder it runs in.
func TestToldToGitLab(t *testing.T) {
	project := t.TempDir()
	env, stdout, stderr := inCI(t, map[string]string{"GITLAB_CI": "true", "CI_PROJECT_DIR": project})
	(&ciFlags{}).tell(env, &formatFlag{}, recordedRun(t, "creeping"))
	metrics, _ := os.ReadFile(filepath.Join(project, metricsFile))
	junit, _ := os.ReadFile(filepath.Join(project, junitFile))
	if !bytes.HasSuffix(metrics, []byte("# EOF\n")) || xml.Unmarshal(junit, new(struct{})) != nil || !strings.Contains(stderr.String(), junitFile) || stdout.Len() > 0 {
		t.Errorf("%s\n%s\nstderr %s\nstdout %s", metrics, junit, stderr, stdout)
	}
}

// Nothing is told where it is no CI, where it was not wanted, or twice; nor of a wrong command line, which no run knows.
func TestNotTold(t *testing.T) {
	dir := t.TempDir()
	github := map[string]string{"GITHUB_ACTIONS": "true", summaryVariable: filepath.Join(dir, "summary")}
	gitlab := map[string]string{"GITLAB_CI": "true", "CI_PROJECT_DIR": dir}
	d := recordedRun(t, "creeping")
	for name, tc := range map[string]struct {
		variables map[string]string
		tell      func(Env)
	}{
		"no CI":             {nil, func(e Env) { (&ciFlags{}).tell(e, &formatFlag{}, d) }},
		"GitHub, no file":   {map[string]string{"GITHUB_ACTIONS": "true"}, func(e Env) { (&ciFlags{}).tell(e, &formatFlag{}, d) }},
		"not GitHub's own":  {map[string]string{summaryVariable: github[summaryVariable]}, func(e Env) { (&ciFlags{}).tell(e, &formatFlag{}, d) }},
		"--no-ci":           {github, func(e Env) { (&ciFlags{off: true}).tell(e, &formatFlag{}, d) }},
		"--no-ci in GitLab": {gitlab, func(e Env) { (&ciFlags{off: true}).tell(e, &formatFlag{}, d) }},
		"asked for":         {gitlab, func(e Env) { (&ciFlags{}).tell(e, &formatFlag{name: "gitlab"}, d) }},
		"wrong usage":       {github, func(e Env) { (&ciFlags{}).tellFailure(e, &formatFlag{}, calibrate.Usage("", "no such flag")) }},
		"no failure":        {github, func(e Env) { (&ciFlags{}).tellFailure(e, &formatFlag{}, nil) }},
	} {
		env, stdout, stderr := inCI(t, tc.variables)
		tc.tell(env)
		here, _ := os.ReadDir(env.Dir)
		there, _ := os.ReadDir(dir)
		if stdout.Len()+stderr.Len()+len(here)+len(there) > 0 {
			t.Errorf("%s: %s%s, %v, %v", name, stdout, stderr, here, there)
		}
	}
}

// A run that came to no result is red in the CI's own words.
func TestFailureIsTold(t *testing.T) {
	project := t.TempDir()
	env, _, _ := inCI(t, map[string]string{"GITLAB_CI": "true", "CI_PROJECT_DIR": project})
	(&ciFlags{}).tellFailure(env, &formatFlag{app: "shop"}, &calibrate.Failure{Kind: calibrate.KindApp, What: "the app did not start", Why: "no module named shop"})
	junit, _ := os.ReadFile(filepath.Join(project, junitFile))
	for _, want := range []string{`classname="calibrate.shop"`, `errors="1"`, "the app did not start: no module named shop"} {
		if !strings.Contains(string(junit), want) {
			t.Errorf("%s lacks %s", junit, want)
		}
	}
}

// It is said in the format of other programs that was asked for, too, once and whatever the CI; for people the error is enough.
func TestFailureInTheFormatAskedFor(t *testing.T) {
	failure := &calibrate.Failure{Kind: calibrate.KindApp, What: "the app did not start", Why: "no module named shop"}
	for format, want := range map[string]string{
		"junit": `errors="1"`, "github": "::error title=calibrate shop%3A the run::the app did not start", "openmetrics": "# EOF", "gab": "[]", "bmf": "{}",
		"": "", "text": "", "markdown": "", "json": "",
	} {
		for _, off := range []bool{false, true} {
			env, stdout, _ := inCI(t, nil)
			(&ciFlags{off: off}).tellFailure(env, &formatFlag{name: format, app: "shop"}, failure)
			if !strings.Contains(stdout.String(), want) || want == "" && stdout.Len() > 0 {
				t.Errorf("%q, --no-ci %v: %q", format, off, stdout)
			}
		}
	}
	summary := filepath.Join(t.TempDir(), "summary.md")
	env, stdout, stderr := inCI(t, map[string]string{"GITHUB_ACTIONS": "true", summaryVariable: summary})
	(&ciFlags{}).tellFailure(env, &formatFlag{name: "github"}, failure)
	page, _ := os.ReadFile(summary)
	if strings.Count(stdout.String()+stderr.String(), "::error ") != 1 || strings.Count(string(page), "FAILED") != 1 {
		t.Errorf("%s%s\n%s", stdout, stderr, page)
	}
	env, stdout, stderr = inCI(t, nil)
	(&ciFlags{}).tellFailure(env, &formatFlag{name: "junit"}, calibrate.Usage("", "no such flag"))
	if stdout.Len()+stderr.Len() > 0 {
		t.Errorf("wrong usage: %s%s", stdout, stderr)
	}
}

// Later steps of a GitHub job learn which run was judged, by its whole path; nobody else does, and no name adds an output of its own.
func TestRunIsNamed(t *testing.T) {
	outputs := filepath.Join(t.TempDir(), "outputs")
	github := map[string]string{"GITHUB_ACTIONS": "true", outputVariable: outputs}
	flat := filepath.Join(fixtures(t), "runs", "flat")
	whole, err := filepath.Abs(flat)
	must(t, err)
	broken := filepath.Join(t.TempDir(), "a\nresult=ok")
	must(t, os.CopyFS(broken, os.DirFS(flat)))
	for name, tc := range map[string]struct {
		variables map[string]string
		args      []string
		want      string
	}{
		"a saved run":    {github, []string{flat, "--limit", "peak <= 1GB"}, "run=" + whole + "\n"},
		"not met":        {github, []string{flat, "--limit", "peak <= 1MB"}, "run=" + whole + "\n"},
		"--no-ci":        {github, []string{flat, "--limit", "peak <= 1GB", "--no-ci"}, ""},
		"no such run":    {github, []string{"nowhere", "--limit", "peak <= 1GB"}, ""},
		"a line break":   {github, []string{broken, "--limit", "peak <= 1GB"}, ""},
		"not GitHub":     {map[string]string{outputVariable: outputs}, []string{flat, "--limit", "peak <= 1GB"}, ""},
		"an output of 2": {github, []string{flat, "--limit", "peak <= 1"}, ""},
	} {
		before := "of=another\n"
		must(t, os.WriteFile(outputs, []byte(before), 0o644))
		env, _, _ := testEnv(t, tc.variables)
		Main(t.Context(), env, append([]string{"check"}, tc.args...))
		if got, _ := os.ReadFile(outputs); string(got) != before+tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// A summary that can't be written is said, and is no verdict; where it was asked for it is an error.
func TestUnwritableIsNoVerdict(t *testing.T) {
	env, _, stderr := inCI(t, map[string]string{"GITHUB_ACTIONS": "true", summaryVariable: filepath.Join(t.TempDir(), "no", "such")})
	d := recordedRun(t, "creeping")
	if (&ciFlags{}).tell(env, &formatFlag{}, d); !strings.Contains(stderr.String(), "not told to github: the step's summary can't be written") {
		t.Error(stderr)
	}
	if err := (&formatFlag{name: "github"}).show(env, d); err == nil {
		t.Error("nothing was written, and nobody said so")
	}
}

// unwritableCI is a GitHub and a GitLab whose files can't be written, both or one of them.
func unwritableCI(t *testing.T) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{"github": {"GITHUB_ACTIONS": "true", summaryVariable: filepath.Join(t.TempDir(), "no", "such")}}
	for _, file := range []string{metricsFile, junitFile} {
		project := t.TempDir()
		must(t, os.Mkdir(filepath.Join(project, file), 0o755))
		all["gitlab, "+file] = map[string]string{"GITLAB_CI": "true", projectVariable: project}
	}
	return all
}

// What can't be written for a CI is wrong usage before anything is started, if the format was asked for. For a CI that was found it is
// only said: in a container its variables may name files that aren't there.
func TestUnwritableForCIStartsNothing(t *testing.T) {
	flat := filepath.Join(fixtures(t), "runs", "flat")
	for name, variables := range unwritableCI(t) {
		format, _, _ := strings.Cut(name, ",")
		asked := []string{"--format", format}
		for _, args := range [][]string{
			append([]string{"check", flat, "--limit", "peak <= 1MB"}, asked...),
			append([]string{"check", "--limit", "peak <= 1MB"}, append(asked, "--", "touch", "started")...),
			append([]string{"compare", flat, flat}, asked...),
			append([]string{"compare", "--self"}, append(asked, "--", "touch", "started")...),
			append([]string{"run"}, append(asked, "--", "touch", "started")...),
			append([]string{"attach", "--pid", "1"}, asked...),
			append([]string{"report", flat}, asked...),
		} {
			env, stdout, stderr := testEnv(t, variables)
			code := Main(t.Context(), env, args)
			left, _ := os.ReadDir(env.Dir)
			if code != exitUsage || !strings.Contains(stderr.String(), "can't be written") || stdout.Len()+len(left) > 0 {
				t.Errorf("%s, %q: exit code %d, left %v, %s%s", name, args, code, left, stdout, stderr)
			}
		}
		project := variables[projectVariable]
		if left, _ := os.ReadDir(project); project != "" && len(left) != 1 {
			t.Errorf("%s: asking left %v", name, left)
		}
		env, _, stderr := testEnv(t, variables)
		if code := Main(t.Context(), env, []string{"check", flat, "--limit", "peak <= 1MB"}); code != int(calibrate.KindLimit) || !strings.Contains(stderr.String(), "not told to "+format) {
			t.Errorf("%s, found: exit code %d, %s", name, code, stderr)
		}
	}
}

// Asking whether a file can be written changes none.
func TestCanOpenLeavesNoTrace(t *testing.T) {
	dir := t.TempDir()
	there, missing := filepath.Join(dir, "there"), filepath.Join(dir, "missing")
	must(t, os.WriteFile(there, []byte("from another tool\n"), 0o644))
	for _, path := range []string{there, missing} {
		if err := canOpen(path); err != nil {
			t.Error(err)
		}
	}
	text, _ := os.ReadFile(there)
	if left, _ := os.ReadDir(dir); len(left) != 1 || string(text) != "from another tool\n" {
		t.Errorf("%v, %q", left, text)
	}
	for _, path := range notFiles(t)[:3] {
		if soon(t, path, func() error { return canOpen(path) }) == nil {
			t.Errorf("%s can be written", path)
		}
	}
}

// What can't be written after all leaves the verdict, the page and the other file; it counts where nothing else has failed.
func TestUnwritableForCIKeepsTheVerdict(t *testing.T) {
	r, err := loadRun(Env{}, filepath.Join(fixtures(t), "runs", "creeping"))
	must(t, err)
	for name, variables := range unwritableCI(t) {
		for limit, want := range map[string]int{"worker <= 1MB": int(calibrate.KindLimit), "worker <= 1GB": exitTool} {
			env, _, stderr := testEnv(t, variables)
			f := checkFlags{own: pflag.NewFlagSet("check", pflag.ContinueOnError)}
			must(t, f.limits.Set(limit))
			f.format.name, _, _ = strings.Cut(name, ",")
			f.format.page.path = filepath.Join(env.Dir, "page.html")
			code := exitCode(env, f.judge(env, r))
			if _, err := os.Stat(f.format.page.path); code != want || err != nil || !strings.Contains(stderr.String(), "can't be written") {
				t.Errorf("%s, %s: exit code %d, want %d, %v\n%s", name, limit, code, want, err, stderr)
			}
			for _, file := range []string{metricsFile, junitFile} {
				_, err := os.ReadFile(filepath.Join(variables[projectVariable], file))
				if written := err == nil; f.format.name == "gitlab" && written == strings.HasSuffix(name, file) {
					t.Errorf("%s: %s is written: %v", name, file, written)
				}
			}
		}
	}
}

// Each file that can't be written is named, also where that alone is what failed.
func TestBothUnwritable(t *testing.T) {
	project := t.TempDir()
	for _, file := range []string{metricsFile, junitFile} {
		must(t, os.Mkdir(filepath.Join(project, file), 0o755))
	}
	env, _, stderr := testEnv(t, map[string]string{projectVariable: project})
	code := exitCode(env, (&formatFlag{name: "gitlab"}).show(env, recordedRun(t, "creeping")))
	if code != exitTool || !strings.Contains(stderr.String(), metricsFile) || !strings.Contains(stderr.String(), junitFile) {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// The formats of others are offered of a run, and of no other page.
func TestFormatsAreOffered(t *testing.T) {
	run := filepath.Join(fixtures(t), "runs", "creeping")
	for _, f := range offeredExports() {
		env, stdout, stderr := inCI(t, nil)
		code := Main(context.Background(), env, []string{"report", run, "--format", f.Name, "--app", "shop"})
		_, gitlab := os.Stat(filepath.Join(env.Dir, junitFile))
		if code != 0 || f.Name != "github" && (stdout.Len() == 0) != (gitlab == nil) {
			t.Errorf("%s: %d, %s%s", f.Name, code, stdout, stderr)
		}
		env, _, stderr = inCI(t, nil)
		if code := Main(context.Background(), env, []string{"explain", "--format", f.Name}); code != exitUsage || !strings.Contains(stderr.String(), "one of text, markdown, json") {
			t.Errorf("explain as %s: %d, %s", f.Name, code, stderr)
		}
	}
}

// What holds where nobody gives a limit is in the manual.
func TestGuideUsualLimits(t *testing.T) {
	page, err := guidePage("ci")
	if err != nil {
		t.Fatal(err)
	}
	page = strings.Join(strings.Fields(page), " ")
	for _, limit := range calibrate.UsualDifferences() {
		if !strings.Contains(page, "| `"+limit.String()+"` |") {
			t.Errorf("compare's %s isn't in its table", limit)
		}
	}
	for _, limit := range calibrate.UsualChanges() {
		if !strings.Contains(page, "`"+limit.String()+"`") {
			t.Errorf("check's %s isn't in it", limit)
		}
	}
}
