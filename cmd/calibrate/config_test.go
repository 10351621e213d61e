package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/report"
)

var update = flag.Bool("update", false, "write the goldens")

// testEnv is an Env in a folder of its own, with these variables, and where it writes.
func testEnv(t *testing.T, variables map[string]string) (env Env, stdout, stderr *strings.Builder) {
	t.Helper()
	stdout, stderr = &strings.Builder{}, &strings.Builder{}
	return Env{
		Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr, Dir: t.TempDir(),
		Width: func() int { return 0 }, Getenv: func(name string) string { return variables[name] },
	}, stdout, stderr
}

// write puts a file into a folder.
func write(t *testing.T, folder, name, text string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBrokenConfigs holds what is said of each broken file in testdata/config to the text beside it. None starts anything, and
// no value of env or of a header is said.
func TestBrokenConfigs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "config", "*.yaml"))
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			env, stdout, stderr := testEnv(t, nil)
			write(t, env.Dir, "calibrate.yaml", string(text))
			if code := Main(t.Context(), env, []string{"run", "--", "touch", filepath.Join(env.Dir, "started")}); code != exitUsage {
				t.Errorf("exit code %d", code)
			}
			left, err := os.ReadDir(env.Dir)
			if err != nil || len(left) != 1 || stdout.Len() > 0 {
				t.Errorf("%v: left %v, said %q", err, left, stdout)
			}
			if strings.Contains(stderr.String(), "hunter2") {
				t.Error("a secret is said")
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".golden", stderr.String())
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// A file that nobody wrote by hand isn't read to its end, and a pipe isn't read at all.
func TestConfigIsBounded(t *testing.T) {
	env, _, stderr := testEnv(t, nil)
	write(t, env.Dir, "calibrate.yaml", strings.Repeat("# 32 bytes of nothing, and again\n", 1<<15))
	if code := Main(t.Context(), env, []string{"run", "--", "true"}); code != exitUsage || !strings.Contains(stderr.String(), "is larger than 1 MB") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	stderr.Reset()
	if code := Main(t.Context(), env, []string{"run", "--config", "/dev/zero", "--", "true"}); code != exitUsage || !strings.Contains(stderr.String(), "not a regular file") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// What nobody writes by hand is refused at once, and on one screen.
func TestEndlessValuesOfConfig(t *testing.T) {
	long := strings.Repeat("x", 900_000)
	var variables strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&variables, "  K%d: v\n", i)
	}
	for name, text := range map[string]string{
		"a size":      "host:\n  memory: " + long + "\n",
		"a limit":     "check:\n  limits: ['" + long + " <= 5MB']\n",
		"a metric":    "check:\n  ignore: [{metric: " + long + ", reason: a, until: 2027-01-01}]\n",
		"a day":       "check:\n  ignore: [{metric: worker, reason: a, until: " + long + "}]\n",
		"environment": "env:\n" + variables.String(),
	} {
		env, stdout, stderr := testEnv(t, nil)
		write(t, env.Dir, "calibrate.yaml", text)
		code := soon(t, name, func() int { return Main(t.Context(), env, []string{"config"}) })
		if code != exitUsage || strings.Count(stderr.String(), "\n") > 24 || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, %.500s", name, code, stderr)
		}
	}
}

const layers = `command: gunicorn --threads 4 app:app
env:
  TOKEN: hunter2
  MODE: test
load:
  path: [/, /search]
  rate: 50/s
host:
  memory: 1G
  cpus: 2
measure:
  threads: [4, 1]
check:
  limits: [worker <= 150MB]
  ignore:
    - {metric: boot, reason: a slow import, until: 2020-01-01}
profiles:
  ci:
    env: {MODE: ci}
    load: {targets: requests.txt}
    host: {memory: 512M}
    measure: {quick: true}
  full:
    load: {duration: 5m}
    check: {limits: [creep <= 1KB]}
`

// options are the effective ones, by their keys: value, source, and line.
func options(t *testing.T, variables map[string]string, args ...string) map[string]string {
	t.Helper()
	env, stdout, stderr := testEnv(t, variables)
	write(t, env.Dir, "calibrate.yaml", layers)
	if code := Main(t.Context(), env, append([]string{"config", "--json"}, args...)); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if strings.Contains(stdout.String(), "hunter2") {
		t.Error("a secret is shown")
	}
	var all report.Effective
	if err := json.Unmarshal([]byte(stdout.String()), &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, o := range all.Options {
		got[o.Key] += fmt.Sprintf("[%q,%q,%d]", o.Value, o.From, o.Line)
	}
	return got
}

// The command line wins over the profile, that over the rest of the file, that over what holds by default; a variable chooses
// the profile where the command line doesn't.
func TestConfigLayers(t *testing.T) {
	for _, tc := range []struct {
		name      string
		variables map[string]string
		args      []string
		want      map[string]string
	}{
		{"the file", nil, nil, map[string]string{
			"command": `["gunicorn --threads 4 app:app","file",1]`, "env.TOKEN": `["***","file",3]`, "env.MODE": `["***","file",4]`,
			"load.path": `["/","file",6]["/search","file",6]`, "load.rate": `["50","file",7]`, "host.memory": `["1G","file",9]`,
			"host.reserve": `["20%","default",0]`, "measure.threads": `["4,1","file",12]`, "measure.by-route": `["true","default",0]`,
			"check.limits": `["worker <= 150MB","file",14]`, "check.ignore": `["expired: boot until 2020-01-01: a slow import","file",16]`,
		}},
		{"a profile", nil, []string{"--profile", "ci"}, map[string]string{
			"profile": `["ci","flag",0]`, "env.TOKEN": `["***","file",3]`, "env.MODE": `["***","profile",19]`, "load.targets": `["requests.txt","profile",20]`,
			"load.path":   `["","default",0]`, // which targets take the place of
			"host.memory": `["512M","profile",21]`, "host.cpus": `["2","file",10]`, "measure.quick": `["true","profile",22]`,
			"measure.by-route": `["false","default",0]`, "check.limits": `["worker <= 150MB","file",14]`,
		}},
		{"a profile of the environment", map[string]string{profileVariable: "full"}, nil, map[string]string{
			"profile": `["full","environment",0]`, "load.duration": `["5m0s","profile",24]`, "check.limits": `["creep <= 1KB","profile",25]`,
		}},
		{"the command line", map[string]string{profileVariable: "full"}, []string{"--profile", "ci", "--path", "/x", "--env", "MODE=mine", "--memory", "2G", "--quick=false", "--", "puma", "-t", "5:5"},
			map[string]string{
				"command": `["puma -t 5:5","flag",0]`, "env.TOKEN": `["***","file",3]`, "env.MODE": `["***","flag",0]`, "load.path": `["/x","flag",0]`,
				"load.targets": `["","default",0]`, "host.memory": `["2G","flag",0]`, "measure.quick": `["false","flag",0]`, "profile": `["ci","flag",0]`,
			}},
		{"--quick in place of a duration", map[string]string{profileVariable: "full"}, []string{"--quick"},
			map[string]string{"measure.quick": `["true","flag",0]`, "load.duration": `["when the answer is good enough","default",0]`}},
		{"no file", nil, []string{"--no-config"}, map[string]string{"command": `["","default",0]`, "host.memory": `["this machine's limit or total","default",0]`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := options(t, tc.variables, tc.args...)
			for key, want := range tc.want {
				if got[key] != want {
					t.Errorf("%s: %s, want %s", key, got[key], want)
				}
			}
		})
	}
}

// The options of a run and of a proof stand in a file, under what they are about. Those about the output and the file itself don't.
func TestConfigKeys(t *testing.T) {
	var got []string
	for _, k := range configKeys() {
		got = append(got, k.Section+"."+k.Name)
		if k.Help == "" {
			t.Errorf("%s has no help", k.Name)
		}
	}
	for _, want := range []string{".url", ".silence", "load.path", "load.rate", "host.memory", "host.min-workers", "measure.quick", "measure.threads", "prove.tolerance", "prove.max-requests", "check.workers", "check.max-requests"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not in a file", want)
		}
	}
	for _, not := range []string{"out", "json", "format", "config", "profile", "env"} {
		if slices.ContainsFunc(got, func(key string) bool { return strings.HasSuffix(key, "."+not) }) {
			t.Errorf("%s is in a file", not)
		}
	}
}

// The schema has every key that a file may have, where it may have it, and none that is refused.
func TestConfigSchema(t *testing.T) {
	env, stdout, stderr := testEnv(t, nil)
	if code := Main(t.Context(), env, []string{"schema", "config"}); code != 0 {
		t.Fatal(stderr)
	}
	type node struct {
		Properties           map[string]node
		AdditionalProperties any
		Description          string
	}
	var top node
	if err := json.Unmarshal([]byte(stdout.String()), &top); err != nil {
		t.Fatal(err)
	}
	for _, k := range configKeys() {
		at := top
		if k.Section != "" {
			at = top.Properties[k.Section]
		}
		if got, ok := at.Properties[k.Name]; ok != (k.Refused == "") || ok && got.Description != k.Help {
			t.Errorf("%s.%s: %v, %+v", k.Section, k.Name, ok, got)
		}
		if at.AdditionalProperties != false {
			t.Errorf("%s takes any key: %v", k.Section, at.AdditionalProperties)
		}
	}
	for _, name := range []string{"command", "setup", "env", "check", "profiles", "$schema"} {
		if _, ok := top.Properties[name]; !ok {
			t.Errorf("%s is not in the schema", name)
		}
	}
}

// Of a server that is watched the file says how to size for it, and what to send only where something is to be sent.
func TestAttachTakesTheFile(t *testing.T) {
	env, _, _ := testEnv(t, nil)
	write(t, env.Dir, "calibrate.yaml", layers)
	for _, tc := range []struct {
		args  []string
		rate  float64
		paths []string
	}{
		{[]string{"--pid", "1"}, 0, nil},
		{[]string{"--pid", "1", "--url", "http://127.0.0.1:1"}, 50, []string{"/", "/search"}},
	} {
		var f attachFlags
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		f.register(flags)
		if err := flags.Parse(tc.args); err != nil {
			t.Fatal(err)
		}
		if err := f.configured(env, flags); err != nil {
			t.Fatal(err)
		}
		if f.MemoryBytes != 1<<30 || f.CPUs != 2 || f.Rate != tc.rate || !slices.Equal(f.paths, tc.paths) || f.threads != 0 {
			t.Errorf("%q: %+v %+v %q", tc.args, f.Box, f.Load, f.paths)
		}
		if err := f.check(flags); err != nil {
			t.Errorf("%q: %v", tc.args, err)
		}
	}
}

// ofRun is the plan of a run with these flags in the folder of env, and its settings.
func ofRun(t *testing.T, env Env, args ...string) (f runFlags, flags *pflag.FlagSet, command []string) {
	t.Helper()
	var cmd cobra.Command
	f.register(&cmd)
	if err := cmd.Flags().Parse(args); err != nil {
		t.Fatal(err)
	}
	command, err := f.configured(env, cmd.Flags(), cmd.Flags().Args())
	if err != nil {
		t.Fatal(err)
	}
	f.given = given(cmd.Flags())
	return f, cmd.Flags(), command
}

// A proof takes from the file what a run had from it and doesn't keep. What the run's command line had is asked for.
func TestProveTakesSecretsFromTheFile(t *testing.T) {
	env, _, _ := testEnv(t, nil)
	write(t, env.Dir, "calibrate.yaml", strings.Replace(layers, "  rate: 50/s", "  header: ['Authorization: Bearer hunter2']", 1))
	for _, tc := range []struct {
		args, missing []string
		env, headers  []string
	}{
		{nil, nil, []string{"TOKEN=hunter2", "MODE=test"}, []string{"Authorization: Bearer hunter2"}},
		{[]string{"--profile", "ci", "--env", "TOKEN=mine"}, []string{"--env=TOKEN=***"}, []string{"MODE=ci"}, []string{"Authorization: Bearer hunter2"}},
		{[]string{"--no-config", "--env", "TOKEN=mine", "--", "true"}, []string{"--env=TOKEN=***"}, nil, nil},
	} {
		run, _, command := ofRun(t, env, tc.args...)
		plan := calibrate.PlanInfo{Flags: run.given, Config: run.settings.taken}
		prove := proveFlags{own: pflag.NewFlagSet("", pflag.ContinueOnError)}
		prove.register(prove.own)
		settings, err := prove.configFlags.settings(env)
		if err != nil {
			t.Fatal(err)
		}
		if err := settings.takeSecrets(prove.own, plan); err != nil {
			t.Fatal(err)
		}
		if missing := prove.notKept(plan.Flags, command); !slices.Equal(missing, tc.missing) {
			t.Errorf("%q: missing %q, want %q", tc.args, missing, tc.missing)
		}
		if !slices.Equal(prove.env, tc.env) || !slices.Equal(prove.headers, tc.headers) {
			t.Errorf("%q: %q and %q", tc.args, prove.env, prove.headers)
		}
	}
}

// The command and files that calibrate.yaml names are beside it. What is kept says where each option was, and nothing secret.
func TestRunTakesTheFile(t *testing.T) {
	env, _, _ := testEnv(t, nil)
	write(t, env.Dir, ".git/HEAD", "")
	write(t, env.Dir, "calibrate.yaml", layers)
	f, _, command := ofRun(t, env, "--profile", "ci", "--cpus", "4")
	if want := []string{"gunicorn", "--threads", "4", "app:app"}; !slices.Equal(command, want) {
		t.Errorf("command %q", command)
	}
	if f.CPUs != 4 || f.MemoryBytes != 512<<20 || !f.Quick || f.targets != "requests.txt" || len(f.paths) > 0 || f.Rate != 50 {
		t.Errorf("%+v %+v %+v", f.Box, f.requestFlags, f.Load)
	}
	plan, err := f.plan(command)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal(plan.Info())
	if err != nil || strings.Contains(string(kept), "hunter2") {
		t.Error(err, string(kept))
	}
	want := []calibrate.ConfigOption{{Name: "memory", Line: 21, Profile: true}, {Name: "env TOKEN", Line: 3}, {Name: "env MODE", Line: 19, Profile: true}, {Name: "command", Line: 1}}
	for _, o := range want {
		if !slices.Contains(plan.Config.Options, o) {
			t.Errorf("%+v is not in %+v", o, plan.Config.Options)
		}
	}
	if plan.Config.File != "calibrate.yaml" || plan.Config.Profile != "ci" || plan.Config.Has("cpus") {
		t.Errorf("%+v", plan.Config)
	}

	below := env
	below.Dir = filepath.Join(env.Dir, "sub")
	write(t, below.Dir, "x", "")
	if f, _, _ := ofRun(t, below, "--profile", "ci", "--", "true"); f.targets != "../requests.txt" {
		t.Errorf("targets %q", f.targets)
	}
}
