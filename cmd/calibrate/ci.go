package main

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/report"
)

// A platform is a CI that reads files, and lines of a job's log.
type platform struct {
	name, about string
	here        func(getenv func(string) string) bool
	files       func(env Env) []ciFile
	write       func(env Env, log io.Writer, d report.Document) error
}

// ciFile is a file that a CI reads, with what it is called.
type ciFile struct{ name, path string }

var platforms = []platform{
	{"github", "annotations in the log, and the step's summary", inGitHub, gitHubFiles, writeGitHub},
	{"gitlab", metricsFile + " and " + junitFile + ", to be the job's artifacts", inGitLab, gitLabFiles, writeGitLab},
}

func platformNamed(name string) *platform {
	for i := range platforms {
		if platforms[i].name == name {
			return &platforms[i]
		}
	}
	return nil
}

const summaryVariable, outputVariable, projectVariable = "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "CI_PROJECT_DIR"

func inGitHub(getenv func(string) string) bool {
	return getenv("GITHUB_ACTIONS") == "true" && getenv(summaryVariable) != ""
}

func inGitLab(getenv func(string) string) bool {
	return getenv("GITLAB_CI") == "true" && getenv(projectVariable) != ""
}

const stepSummary = "the step's summary"

func gitHubFiles(env Env) []ciFile {
	if path := env.Getenv(summaryVariable); path != "" {
		return []ciFile{{stepSummary, path}}
	}
	return nil
}

// writeGitHub writes annotations to the job's log, and adds the page to the step's summary where there is one.
func writeGitHub(env Env, log io.Writer, d report.Document) error {
	if err := report.Render(log, d, report.Annotations, report.Options{}); err != nil {
		return err
	}
	path := env.Getenv(summaryVariable)
	if path == "" {
		return nil
	}
	file, err := openOutput(path, os.O_APPEND)
	if err != nil {
		return notWritten(stepSummary, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return notWritten(stepSummary, err)
	}
	page, err := report.Summary(d, info.Size())
	if err != nil {
		return err
	}
	if _, err := file.Write(page); err != nil {
		return notWritten(stepSummary, err)
	}
	note(env, "added to the step's summary (%s)", summaryVariable)
	return nil
}

// The files that a GitLab job names as its artifacts. The names are calibrate's own, so that they hide no other tool's.
const (
	metricsFile = "calibrate-metrics.txt"
	junitFile   = "calibrate-junit.xml"
)

var gitLabFormats = map[string]string{metricsFile: "openmetrics", junitFile: "junit"}

// gitLabFiles are in the project, or where it runs.
func gitLabFiles(env Env) []ciFile {
	dir := cmp.Or(env.Getenv(projectVariable), env.Dir)
	return []ciFile{{metricsFile, filepath.Join(dir, metricsFile)}, {junitFile, filepath.Join(dir, junitFile)}}
}

// writeGitLab writes both artifacts, and each also if the other can't be written.
func writeGitLab(env Env, _ io.Writer, d report.Document) error {
	var written []string
	var failed []error
	for _, file := range gitLabFiles(env) {
		if err := writeFile(file.path, d, gitLabFormats[file.name]); err != nil {
			failed = append(failed, err)
			continue
		}
		written = append(written, file.name)
	}
	if len(written) > 0 {
		where := ""
		if env.Getenv(projectVariable) != "" {
			where = ", in " + projectVariable
		}
		note(env, "written for GitLab: %s%s", strings.Join(written, ", "), where)
	}
	return allOf(failed)
}

// allOf is several failures as one, for of several the first alone would be printed.
func allOf(failed []error) error {
	if len(failed) < 2 {
		return errors.Join(failed...)
	}
	var all []string
	for _, err := range failed {
		all = append(all, err.Error())
	}
	one, is := errors.AsType[*calibrate.Failure](errors.Join(failed...))
	if !is {
		return errors.Join(failed...)
	}
	return &calibrate.Failure{Kind: one.Kind, What: strings.Join(all, "; "), Try: one.Try, Err: errors.Join(failed...)}
}

func writeFile(path string, d report.Document, format string) error {
	file, err := openOutput(path, os.O_TRUNC)
	if err != nil {
		return notWritten(filepath.Base(path), err)
	}
	defer file.Close()
	if err := report.Render(file, d, format, report.Options{}); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return notWritten(filepath.Base(path), err)
	}
	return nil
}

// notWritten is the failure of a CI's file that couldn't be written after all: by then it is nobody's wrong usage.
func notWritten(what string, err error) error {
	try := cmp.Or(calibrate.TryDisk(err), "look who may write there (ls -ld)")
	return &calibrate.Failure{Kind: calibrate.KindTool, What: what + " can't be written", Why: err.Error(), Try: try, Err: err}
}

// ciFlags say whether a gate tells the CI it runs in, beside what it shows.
type ciFlags struct{ off bool }

func (f *ciFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.off, "no-ci", false, "write nothing for GitHub's or GitLab's CI, where it runs in one")
}

// tell writes what the CI that this runs in reads, unless the format asked for is that. Stdout is the result's, so the log is
// stderr. What can't be written is said, and changes no verdict.
func (f *ciFlags) tell(env Env, format *formatFlag, d report.Document) {
	if f.off {
		return
	}
	for _, p := range platforms {
		if p.name == format.name || !p.here(env.Getenv) {
			continue
		}
		if err := p.write(env, env.Stderr, format.named(d)); err != nil {
			note(env, "not told to %s: %s", p.name, err)
		}
	}
}

// nameRun says which run was judged to the later steps of a GitHub job, as this step's output "run": the latest may be another.
func (f *ciFlags) nameRun(env Env, path string) {
	outputs := env.Getenv(outputVariable)
	if f.off || path == "" || outputs == "" || env.Getenv("GITHUB_ACTIONS") != "true" {
		return
	}
	if err := writeOutput(outputs, "run", path); err != nil {
		note(env, "the run isn't named to github: %s", err)
	}
}

// writeOutput adds a path to a step's outputs, of which each is a line.
func writeOutput(outputs, name, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if strings.ContainsAny(path, "\r\n") {
		return errors.New("a line break in the name of its folder")
	}
	file, err := openOutput(outputs, os.O_APPEND)
	if err != nil {
		return err
	}
	_, err = file.WriteString(name + "=" + path + "\n")
	return errors.Join(err, file.Close())
}

// tellFailure is tell of a run that came to no result, which a format of other programs that was asked for says, too. For people the
// error itself is printed where all are.
func (f *ciFlags) tellFailure(env Env, format *formatFlag, err error) {
	var failure *calibrate.Failure
	if err == nil {
		return
	}
	if !errors.As(err, &failure) {
		failure = plainFailure(err)
	}
	if failure.Kind == calibrate.KindUsage {
		return
	}
	page := report.Failed(failure)
	if format.forOthers() {
		err := format.render(env, page)
		if err == nil {
			err = format.missed
		}
		if err != nil {
			note(env, "not written as %s: %s", format.name, err)
		}
	}
	f.tell(env, format, page)
}
